const text = { type: 'string' } as const;
const header = (description: string, schema: object = text) => ({ description, schema });

/** Headers of answers. */
export const answerHeaders = {
  'Request-Id': header('The id of this request, in logs and problems; the caller’s own, if it sent one.'),
  'Acta-Position': header(
    'Commands: where the outcome stands in the log; send it as `Acta-Min-Position` to read your own write. Queries: the position they reflect.',
    { type: 'string', pattern: '^\\d+$' },
  ),
  'Acta-Projection': header('Which read model answered, as `name@version`.'),
  'Acta-Stale': header('`true`: the answer is older than the position asked for, as `handling=lenient` allows.'),
  'Acta-Degraded': header('`idempotency`: the command was done, but its answer could not be kept for a retry.'),
  ETag: header('The revision of what was answered, for `If-Match` and `If-None-Match`.'),
  Location: header('Where what was made, or the work that goes on, is read.'),
  'Idempotency-Replayed': header('`true`: the answer of the first request with this key, word for word.'),
  RateLimit: header('What is left of the quota, and when it is whole again.'),
  'RateLimit-Policy': header('The quota: so many requests (`q`) in so many seconds (`w`).'),
  'Retry-After': header('Seconds until asking again makes sense.', { type: 'integer' }),
} as const;

const parameter = (name: string, description: string, more: object = {}) => ({
  name,
  in: 'header',
  required: false,
  description,
  schema: text,
  ...more,
});

/** Headers of requests. */
export const requestHeaders = {
  RequestId: parameter('Request-Id', 'The caller’s own id of the request: at most 64 visible characters.'),
  IdempotencyKey: parameter(
    'Idempotency-Key',
    'The caller’s own name for this one intention; a retry sends the same key and gets the same answer, for 48 hours.',
    { schema: { type: 'string', minLength: 1, maxLength: 255 } },
  ),
  IdempotencyKeyRequired: parameter('Idempotency-Key', 'The caller’s own name for this one intention. Required here.', {
    required: true,
    schema: { type: 'string', minLength: 1, maxLength: 255 },
  }),
  IfMatch: parameter('If-Match', 'The ETag of what the caller decided on: refused with 412 if it has changed since.'),
  IfMatchRequired: parameter('If-Match', 'The ETag of what the caller decided on. Required here.', { required: true }),
  IfNoneMatch: parameter('If-None-Match', 'ETags that the caller has already: answered with 304 if nothing is new.'),
  MinPosition: parameter('Acta-Min-Position', 'A position that the answer must reflect.', {
    schema: { type: 'string', pattern: '^\\d+$' },
  }),
  Prefer: parameter('Prefer', 'How long to wait for the position, at most 10 s, and whether a stale answer will do.', {
    example: 'wait=2, handling=lenient',
  }),
  LastEventId: parameter('Last-Event-ID', 'The position after which the stream goes on.'),
} as const;

export type RequestHeader = keyof typeof requestHeaders;

export const securitySchemes = {
  bearer: { type: 'http', scheme: 'bearer', description: 'A key, as `Authorization: Bearer <key>`.' },
  aos_key: { type: 'apiKey', in: 'header', name: 'X-AOS-Key', description: 'The same key in a header of its own.' },
} as const;

export const description = `An event-sourced runtime for governed agents: whatever an agent does is an immutable event, whatever anyone sees is a fold of those events.

Every answer says where in the log it stands (\`Acta-Position\`), every refusal is a problem document (RFC 9457) with a stable \`code\`. Commands take an \`Idempotency-Key\`, aggregates answer an \`ETag\`. Positions are strings.`;

type AnswerHeader = keyof typeof answerHeaders;

const always: readonly AnswerHeader[] = ['Request-Id', 'Acta-Position', 'ETag', 'RateLimit', 'RateLimit-Policy'];

/** The headers that an answer of each kind of operation may have. */
export const answerHeadersOf: Readonly<Record<'command' | 'query', readonly AnswerHeader[]>> = {
  query: [...always, 'Acta-Projection', 'Acta-Stale'],
  command: [...always, 'Location', 'Idempotency-Replayed', 'Acta-Degraded'],
};
