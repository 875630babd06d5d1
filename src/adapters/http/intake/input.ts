import type { z } from 'zod';
import { errorsMax, faultsIn, pointerTo, type Fault } from '../../../domain/kernel/faults.ts';
import type { AnyOperation, Method, Problem } from '../../../domain/kernel/operation.ts';
import { problem, problemKinds, type ProblemCode } from '../../../problems.ts';
import { fieldsOf, jsonSchemaOf, readingOf, strangersIn, type Reading } from './json.schema.ts';
import { nearest } from './nearest.ts';

const stranger = (path: readonly PropertyKey[], known: readonly string[]): Fault => {
  const meant = nearest(String(path.at(-1)), known);
  const message = meant === undefined ? 'there is no such field' : `there is no such field; perhaps ${meant}`;
  return { pointer: pointerTo(path), code: 'unknown_field', message };
};

/** A schema may say which problem its issue is: `wrong_id_kind` rather than any invalid text. */
const namedProblem = ({ issues: [issue] }: z.ZodError): ProblemCode | undefined => {
  const named: unknown = issue?.code === 'custom' ? issue.params?.['problem'] : undefined;
  return typeof named === 'string' && named in problemKinds ? (named as ProblemCode) : undefined;
};

const refused = (faults: readonly Fault[], code: ProblemCode = 'validation_failed'): Problem => {
  const [first] = faults;
  const detail = first === undefined ? 'the input is not valid' : `${first.pointer}: ${first.message}`;
  return problem(code, detail, { more: { errors: faults.slice(0, errorsMax) } });
};

type Members = Readonly<Record<string, unknown>>;

/** What arrived of a request, before anybody has judged it. */
export interface Arrived {
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string | readonly string[]>>;
  readonly body: unknown;
}

export type Taken = { readonly ok: true; readonly input: unknown } | { readonly ok: false; readonly problem: Problem };

const no = (refusal: Problem): Taken => ({ ok: false, problem: refusal });

const isEmpty = (object: object): boolean => {
  for (const _ in object) return false;
  return true;
};

const unknownParameter = (name: string, known: readonly string[]): Problem => {
  const meant = nearest(name, known);
  const hint = meant === undefined ? '' : `; perhaps ${meant}`;
  return problem('unknown_parameter', `there is no query parameter ${name.slice(0, 64)}${hint}`, {
    more: { parameter: name.slice(0, 64), nearest: meant ?? null, allowed: known },
  });
};

/** The query's values in the form their fields want, or the problem with the first name that is none. */
const readQuery = (query: Arrived['query'], readings: ReadonlyMap<string, Reading>): Taken => {
  const values: Record<string, unknown> = {};
  for (const [name, written] of Object.entries(query)) {
    const read = readings.get(name);
    if (read === undefined) return no(unknownParameter(name, [...readings.keys()]));
    values[name] = read(written);
  }
  return { ok: true, input: values };
};

/** The body's members, which may repeat what stands in the path but not contradict it. */
const joined = (params: Members, body: unknown): Taken => {
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    return no(refused([{ pointer: '#', code: 'invalid_type', message: 'expected an object' }]));
  const given = body as Members;
  for (const [name, value] of Object.entries(params))
    if (Object.hasOwn(given, name) && given[name] !== value)
      return no(refused([{ pointer: pointerTo([name]), code: 'contradiction', message: 'the path says otherwise' }]));
  return { ok: true, input: { ...given, ...params } };
};

/** The names that stand in braces in a path. */
export const parametersIn = (path: string): readonly string[] =>
  [...path.matchAll(/\{(\w+)\}/g)].flatMap(([, name]) => name ?? []);

/**
 * How one operation's input is put together at one address: path parameters, and then the query where the method has no
 * body, or else the body. It is parsed by the operation's own schema, once; unknown names are refused at any depth.
 */
export const intake = <Context>(
  operation: AnyOperation<Context>,
  method: Method,
  path: string,
): ((arrived: Arrived) => Taken) => {
  const schema = jsonSchemaOf(operation.input, 'input');
  const fields = fieldsOf(schema);
  const inPath = new Set(parametersIn(path));
  for (const name of inPath)
    if (fields[name] === undefined) throw new Error(`${operation.name}: {${name}} of ${path} is not in its input`);
  const all = Object.entries(fields).map(([name, field]): [string, Reading] => [name, readingOf(field, schema)]);
  const readings = new Map(all.filter(([name]) => !inPath.has(name)));
  const named = all.filter(([name]) => inPath.has(name));
  /** What stands in the path, in the form that its fields want. */
  const namesRead = (params: Arrived['params']): Members =>
    Object.fromEntries(named.map(([name, read]) => [name, read(params[name] ?? '')]));
  const bodied = method === 'POST' || method === 'PUT' || method === 'PATCH';
  const nothing: ReadonlyMap<string, Reading> = new Map();

  const gathered = ({ params: written, query, body }: Arrived): Taken => {
    const params = namesRead(written);
    if (bodied) {
      const strange = readQuery(query, nothing);
      if (!strange.ok) return strange;
      // No body at all reads as an empty object; `null` is a body like any other, and none of ours.
      const whole = joined(params, body === undefined ? {} : body);
      if (!whole.ok) return whole;
      const strangers = strangersIn(whole.input, schema);
      return strangers.length === 0 ? whole : no(refused(strangers.map((found) => stranger(found.path, found.known))));
    }
    if (body !== undefined && !(typeof body === 'object' && body !== null && isEmpty(body)))
      return no(refused([{ pointer: '#', code: 'unexpected_body', message: `${method} takes no body` }]));
    if (isEmpty(query)) return { ok: true, input: params };
    const values = readQuery(query, readings);
    return values.ok ? { ok: true, input: { ...(values.input as Members), ...params } } : values;
  };

  return (arrived) => {
    const whole = gathered(arrived);
    if (!whole.ok) return whole;
    const parsed = operation.input.safeParse(whole.input);
    if (parsed.success) return { ok: true, input: parsed.data };
    return no(refused(faultsIn(parsed.error, whole.input), namedProblem(parsed.error)));
  };
};
