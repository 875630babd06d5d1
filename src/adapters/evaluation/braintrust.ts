import { z } from 'zod';
import type { Evaluation, Trace } from '../../ports.evaluation.ts';

const requestMsMax = 5_000;
const answerBytesMax = 1_048_576;

export interface BraintrustOptions {
  /** Where the REST API is spoken. */
  readonly url: string;
  readonly api_key: string;
  /** The name of the project; it is made where there is none. */
  readonly project: string;
}

const Made = z.object({ id: z.uuid() });
const Found = z.object({ data: z.array(z.object({ scores: z.record(z.string(), z.number().nullable()).nullish() })) });

const bodyOf = async (response: Response): Promise<unknown> => {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  const body: AsyncIterable<Uint8Array> | null = response.body;
  for await (const chunk of body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > answerBytesMax) throw new Error(`braintrust answered with more than ${answerBytesMax} bytes`);
    chunks.push(chunk);
  }
  return JSON.parse(Buffer.concat(chunks).toString('utf8'));
};

const rowOf = ({ trace_id, name, input, output, metadata }: Trace) => ({
  id: trace_id,
  input,
  output,
  metadata: { ...metadata, name },
});

/** Braintrust over its REST API. Each request is bounded in time and size; what fails is thrown, and never tried again here. */
export const braintrustEvaluation = ({ url, api_key, project }: BraintrustOptions): Evaluation => {
  const base = url.replace(/\/+$/, '');
  let known: Promise<string> | undefined;

  const asked = async <T>(schema: z.ZodType<T>, method: 'GET' | 'POST', path: string, body?: object): Promise<T> => {
    const response = await fetch(`${base}${path}`, {
      method,
      headers: { authorization: `Bearer ${api_key}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      redirect: 'error',
      signal: AbortSignal.timeout(requestMsMax),
    });
    if (!response.ok) {
      await response.body?.cancel();
      throw new Error(`braintrust answered ${response.status} to ${method} ${path}`);
    }
    return schema.parse(await bodyOf(response));
  };

  /** Asked once for all; where that fails, the next one asks again. */
  const projectId = (): Promise<string> => {
    known ??= asked(Made, 'POST', '/v1/project', { name: project }).then(
      ({ id }) => id,
      (error: unknown) => {
        known = undefined;
        throw error;
      },
    );
    return known;
  };

  return {
    provider: 'braintrust',
    logTrace: async (trace) => {
      const id = await projectId();
      await asked(z.unknown(), 'POST', `/v1/project_logs/${id}/insert`, { events: [rowOf(trace)] });
    },
    score: async ({ trace_id, ...about }) => {
      const id = await projectId();
      const query = `select: scores | from: project_logs('${id}') | filter: id = '${z.uuid().parse(trace_id)}' | limit: 1`;
      const { data } = await asked(Found, 'POST', '/btql', { query, fmt: 'json' });
      const scores = Object.entries(data[0]?.scores ?? {});
      const dimensions = Object.fromEntries(scores.flatMap(([name, score]) => (score === null ? [] : [[name, score]])));
      const values: readonly number[] = Object.values(dimensions);
      const score = values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
      return { score, dimensions, metadata: { ...about } };
    },
  };
};
