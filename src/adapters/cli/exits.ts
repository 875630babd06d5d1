import { z } from 'zod';
import type { ProblemCode } from '../../problems.ts';

/** What the exit code says (interfaces 5.1). Scripts rely on these; they never change their meaning. */
export const exits = {
  done: 0,
  /** The check failed, or the server did. */
  failed: 1,
  usage: 2,
  not_found: 3,
  not_allowed: 4,
  conflict: 5,
  /** The gate denied it: a policy or a budget. */
  denied: 6,
  waiting_for_approval: 7,
  incomplete: 8,
  unreachable: 10,
  timeout: 124,
  interrupted: 130,
} as const;
export type Exit = (typeof exits)[keyof typeof exits];

/** A problem document (RFC 9457) as any version of the server may send it: unknown members are kept. */
export const ProblemDocument = z.looseObject({
  status: z.int(),
  code: z.string().default('unknown'),
  title: z.string().default('The server refused'),
  detail: z.string().optional(),
  request_id: z.string().optional(),
  errors: z
    .array(z.looseObject({ pointer: z.string().default(''), message: z.string().default('') }))
    .optional()
    .catch(undefined),
});
export type ProblemDocument = z.infer<typeof ProblemDocument>;

/** By the code of a problem: those that are not in the catalogue do not exist. */
type ByCode<T> = Readonly<Partial<Record<ProblemCode, T>>>;
const said = <T>(table: ByCode<T>, code: string): T | undefined =>
  Object.hasOwn(table, code) ? table[code as ProblemCode] : undefined;

const byCode: ByCode<Exit> = {
  action_changed: exits.conflict,
  approval_closed: exits.conflict,
  four_eyes: exits.not_allowed,
  role_missing: exits.not_allowed,
  model_disabled: exits.failed,
};

const byStatus: Readonly<Record<number, Exit>> = {
  401: exits.not_allowed,
  403: exits.not_allowed,
  404: exits.not_found,
  408: exits.timeout,
  409: exits.conflict,
  410: exits.not_found,
  412: exits.conflict,
  429: exits.unreachable,
  503: exits.unreachable,
  504: exits.timeout,
};

/** How a command ends that was answered with this problem. */
export const exitOf = ({ status, code }: { readonly status: number; readonly code: string }): Exit =>
  said(byCode, code) ?? byStatus[status] ?? (status >= 400 && status < 500 ? exits.usage : exits.failed);

const Denied = z.object({ status: z.literal('blocked'), blocked_code: z.literal('policy_denied') });
const DeniedWithin = z.object({ directive: Denied });

/** How a command ends that was answered with this: what the gate denies is answered as a blocked directive, and is no problem. */
export const exitOfAnswer = (body: unknown): Exit =>
  Denied.safeParse(body).success || DeniedWithin.safeParse(body).success ? exits.denied : exits.done;

/** Why a command ends without its result: what to say, what may help, and the exit code. */
export class Failure extends Error {
  readonly exit: Exit;
  readonly hint: string | undefined;
  readonly document: ProblemDocument | undefined;
  constructor(exit: Exit, message: string, more: { readonly hint?: string; readonly document?: ProblemDocument } = {}) {
    super(message);
    this.name = 'Failure';
    this.exit = exit;
    this.hint = more.hint;
    this.document = more.document;
  }
}

/** What the server said, in the shape that is expected of it; another shape is a server of another kind or time. */
export const understood = <T>(schema: z.ZodType<T>, said: unknown, what: string): T => {
  const read = schema.safeParse(said);
  if (read.success) return read.data;
  const { path = [], message = '' } = read.error.issues[0] ?? {};
  throw new Failure(
    exits.failed,
    `the server answered ${what} that cannot be understood: ${path.join('.')}: ${message}`,
  );
};

/** The same for JSON text, as events carry it. */
export const understoodText = <T>(schema: z.ZodType<T>, text: string, what: string): T => {
  let said: unknown;
  try {
    said = text === '' ? {} : JSON.parse(text);
  } catch {
    throw new Failure(exits.failed, `the server answered ${what} that is not JSON`);
  }
  return understood(schema, said, what);
};

export const usage = (message: string, hint?: string): Failure =>
  new Failure(exits.usage, message, hint === undefined ? {} : { hint });

const errorsShownMax = 10;

const hints: ByCode<string> = {
  unauthenticated: 'set ACTA_KEY, or ACTA_KEY_FILE or --key-file to a file that holds the key',
  insufficient_scope: 'ask for a key with that scope: acta keys create --help',
  revision_conflict: 'read it again, and repeat with the new revision as --if-match',
  if_match_required: 'say which revision you decided on: --if-match <revision>',
  projection_behind: 'it catches up by itself; acta projections list shows how far it is',
  model_disabled: 'set LLM_PROVIDER for the server, or try acta demo',
  agent_paused: 'acta agents resume <agent_id>',
  action_changed: 'read it again, and decide on what you read',
  approval_closed: 'acta approvals show <approval_id> says how it ended',
  four_eyes: 'somebody who had no hand in asking has to decide',
  role_missing: 'ask for a key that has the role: acta keys create --help',
};

/** The failure that a problem document stands for, with every field it objects to. */
export const failureOf = (document: ProblemDocument): Failure => {
  const { title, detail, errors = [], code } = document;
  const fields = errors
    .slice(0, errorsShownMax)
    .filter(({ pointer, message }) => detail?.includes(`${pointer}: ${message}`) !== true)
    .map(({ pointer, message }) => `\n  ${pointer.replace(/^#\//, '')}: ${message}`);
  const hint = said(hints, code);
  return new Failure(exitOf(document), `${title}${detail === undefined ? '' : `: ${detail}`}${fields.join('')}`, {
    document,
    ...(hint === undefined ? {} : { hint }),
  });
};
