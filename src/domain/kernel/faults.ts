import type { z } from 'zod';

/** As many are told of at once. */
export const errorsMax = 20;

type Path = readonly PropertyKey[];

/** One thing wrong with an input: where it is (RFC 6901, as a fragment), a stable code, and a sentence. */
export interface Fault {
  readonly pointer: string;
  readonly code: string;
  readonly message: string;
}

/** The JSON pointer to a place in an input. */
export const pointerTo = (path: Path): string =>
  `#${path.map((step) => `/${encodeURIComponent(String(step).replaceAll('~', '~0').replaceAll('/', '~1'))}`).join('')}`;

const at = (value: unknown, path: Path): unknown =>
  path.reduce<unknown>(
    (inside, step) => (typeof inside === 'object' && inside !== null ? Reflect.get(inside, step) : undefined),
    value,
  );

const faultsOf = (issue: z.core.$ZodIssue, input: unknown): readonly Fault[] => {
  if (issue.code === 'unrecognized_keys')
    return issue.keys.slice(0, errorsMax).map((key) => ({
      pointer: pointerTo([...issue.path, key]),
      code: 'unknown_field',
      message: 'there is no such field',
    }));
  const pointer = pointerTo(issue.path);
  if (issue.path.length > 0 && at(input, issue.path) === undefined)
    return [{ pointer, code: 'missing', message: 'it is required' }];
  return [{ pointer, code: issue.code, message: issue.message }];
};

/** What is wrong with an input that a schema has refused, in the words that every surface has for it. */
export const faultsIn = ({ issues }: z.ZodError, input: unknown): readonly Fault[] =>
  issues.slice(0, errorsMax).flatMap((issue) => faultsOf(issue, input));
