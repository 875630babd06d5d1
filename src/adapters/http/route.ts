import type { AnyOperation, Method } from '../../domain/kernel/operation.ts';
import type { Lane } from './answers/flights.ts';
import { intake, type Arrived, type Taken } from './intake/input.ts';
import type { HttpLimits, QuotaName } from './limits.ts';

/** One operation at one address, with everything that can be known before the first request comes. */
export interface Route<Context> {
  readonly operation: AnyOperation<Context>;
  readonly method: Method;
  /** With parameters as `{name}`. */
  readonly path: string;
  readonly take: (arrived: Arrived) => Taken;
  readonly lane: Lane;
  readonly quota: QuotaName;
  readonly answerMsMax: number;
  /** An answer that is told piece by piece may take longer: the caller sees that it goes on. */
  readonly streamedMsMax: number;
  readonly span: string;
  readonly attributes: Readonly<Record<string, string>>;
  /** Labels of a measured answer, made once for each status. */
  readonly labels: (status: number) => Readonly<Record<string, string>>;
}

const laneOf = <Context>({ kind, stream, time_ms_max }: AnyOperation<Context>): Lane => {
  if (stream !== undefined || time_ms_max !== undefined) return 'patient';
  return kind;
};

const routeOf = <Context>(
  operation: AnyOperation<Context>,
  { method, path }: { readonly method: Method; readonly path: string },
  limits: HttpLimits,
): Route<Context> => {
  const labels = new Map<number, Readonly<Record<string, string>>>();
  const labelsOf = (status: number): Readonly<Record<string, string>> => {
    const fresh = { operation: operation.name, method, status: String(status) };
    labels.set(status, fresh);
    return fresh;
  };
  return {
    operation,
    method,
    path,
    take: intake(operation, method, path),
    lane: laneOf(operation),
    quota: operation.kind === 'query' ? 'read' : 'write',
    answerMsMax: operation.time_ms_max ?? limits.answerMsMax,
    streamedMsMax: Math.max(operation.time_ms_max ?? 0, limits.streamedAnswerMsMax),
    span: `${method} ${path}`,
    attributes: { 'http.request.method': method, 'http.route': path, 'acta.operation': operation.name },
    labels: (status) => labels.get(status) ?? labelsOf(status),
  };
};

/** Every address of every operation, its own and its aliases; two at one address are a bug, and throw. */
export const routesOf = <Context>(
  operations: readonly AnyOperation<Context>[],
  limits: HttpLimits,
): readonly Route<Context>[] => {
  const routes = operations.flatMap((operation) =>
    [operation.http, ...(operation.aliases ?? [])].map((address) => routeOf(operation, address, limits)),
  );
  const seen = new Map<string, string>();
  for (const { span, operation } of routes) {
    const other = seen.get(span.replaceAll(/\{\w+\}/g, '{}'));
    if (other !== undefined) throw new Error(`${span} is served by ${other} and by ${operation.name}`);
    seen.set(span.replaceAll(/\{\w+\}/g, '{}'), operation.name);
  }
  return routes;
};
