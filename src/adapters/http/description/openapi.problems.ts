import type { AnyOperation } from '../../../domain/kernel/operation.ts';
import { problem, problemKinds, type ProblemCode } from '../../../problems.ts';
import { documentOf } from '../answers/problem.document.ts';

/** What every problem document has (RFC 9457, and our own members). */
export const problemSchema = {
  type: 'object',
  description: 'A problem (RFC 9457). Branch on `code`; `detail` is for people. Some codes have further members.',
  required: ['type', 'title', 'status', 'detail', 'instance', 'code', 'request_id', 'retryable'],
  properties: {
    type: { type: 'string', format: 'uri-reference', description: 'Resolves on this server: what it means.' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string' },
    instance: { type: 'string', format: 'uri-reference' },
    code: { type: 'string', enum: Object.keys(problemKinds) },
    request_id: { type: 'string' },
    trace_id: { type: 'string' },
    retryable: { type: 'boolean', description: 'Whether the same request may succeed later, as it is.' },
    errors: {
      type: 'array',
      items: {
        type: 'object',
        required: ['pointer', 'code', 'message'],
        properties: {
          pointer: { type: 'string', description: 'A JSON pointer (RFC 6901) as a fragment.' },
          code: { type: 'string' },
          message: { type: 'string' },
        },
      },
    },
    links: {
      type: 'array',
      items: {
        type: 'object',
        required: ['rel', 'href'],
        properties: { rel: { type: 'string' }, href: { type: 'string', format: 'uri-reference' } },
      },
    },
  },
  additionalProperties: true,
} as const;

const isCode = (code: string): code is ProblemCode => Object.hasOwn(problemKinds, code);

/** Every problem that an operation may answer with: its own, and those that its form brings along. */
export const codesOf = <Context>(operation: AnyOperation<Context>): readonly ProblemCode[] => {
  const { name, kind, scope, keyed, guarded, reads, http, problems: own = [] } = operation;
  const stray = own.filter((code) => !isCode(code));
  if (stray.length > 0) throw new Error(`${name} names problems that do not exist: ${stray.join(', ')}`);
  const when = (applies: boolean, ...codes: readonly ProblemCode[]): readonly ProblemCode[] => (applies ? codes : []);
  const codes = [
    ...when(true, 'malformed_request', 'validation_failed', 'origin_not_allowed', 'request_timeout'),
    ...when(true, 'unknown_parameter', 'headers_too_large', 'internal', 'overloaded', 'shutting_down'),
    ...when(scope !== null, 'unauthenticated', 'insufficient_scope', 'rate_limited'),
    ...when(http.path.includes('{'), 'not_found', 'wrong_id_kind'),
    ...when(kind === 'command', 'idempotency_in_progress', 'idempotency_mismatch', 'revision_conflict'),
    ...when(kind === 'command', 'payload_too_large', 'unsupported_media_type', 'log_unavailable', 'storage_full'),
    ...when(keyed === true, 'idempotency_key_required'),
    ...when(guarded === true, 'if_match_required'),
    ...when(reads !== undefined, 'projection_behind', 'read_model_unavailable'),
    ...own.filter(isCode),
  ];
  return [...new Set(codes)];
};

/** One example for each problem there can be. */
export const problemExamples = (): Readonly<Record<string, object>> =>
  Object.fromEntries(
    (Object.keys(problemKinds) as ProblemCode[]).map((code) => {
      const occasion = { instance: '/…', request_id: '0198f3a0-0000-7000-8000-000000000000' };
      const value: unknown = JSON.parse(documentOf(problem(code, problemKinds[code].help), occasion));
      return [code, { summary: problemKinds[code].title, value }];
    }),
  );

/** The problem responses of an operation, by status. */
export const problemResponses = (codes: readonly ProblemCode[]): Readonly<Record<string, object>> => {
  const byStatus = Map.groupBy(codes, (code) => String(problemKinds[code].status));
  return Object.fromEntries(
    [...byStatus].map(([status, same]) => [
      status,
      {
        description: same.map((code) => `\`${code}\`: ${problemKinds[code].title}`).join('; '),
        headers: {
          'Request-Id': { $ref: '#/components/headers/Request-Id' },
          ...(status === '429' || status === '503'
            ? { 'Retry-After': { $ref: '#/components/headers/Retry-After' } }
            : {}),
        },
        content: {
          'application/problem+json': {
            schema: { $ref: '#/components/schemas/Problem' },
            examples: Object.fromEntries(same.map((code) => [code, { $ref: `#/components/examples/${code}` }])),
          },
        },
      },
    ]),
  );
};
