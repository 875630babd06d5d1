import type { z } from 'zod';

/** Who asks: proven at the surface, carried by every command, written on every event. */
export interface Principal {
  /** `user:…`, `key:…`, `agent:…`, `system:…`. */
  readonly actor: string;
  readonly tenant: string;
  readonly scopes: readonly string[];
  /** What policies and approvals know a person by; `*` for every role. None where left out. */
  readonly roles?: readonly string[];
}

/** What a call came through where that was the Model Context Protocol: a program speaks there, whoever stands behind it. */
export interface OverMcp {
  /** What the program calls itself. */
  readonly client: string | null;
  /** Whether it was asked to put the question to a person, and says that they answered. */
  readonly asked: boolean;
}

/** What surrounds one call of an operation. */
export interface Call {
  readonly principal: Principal;
  /** The caller's own id of this command (`Idempotency-Key`), or a fresh one: what is recorded is named after it. */
  readonly command_id: string;
  readonly correlation_id: string;
  readonly causation_id?: string;
  readonly request_id: string;
  /** Stream revision the caller saw (`If-Match`). */
  readonly if_match?: number;
  /** Left out where it came over HTTP itself. */
  readonly over_mcp?: OverMcp;
  readonly signal: AbortSignal;
}

/** What every problem document says of itself: a further member of the same name would be lost. */
type Reserved = 'type' | 'title' | 'status' | 'detail' | 'instance' | 'code' | 'request_id' | 'trace_id' | 'retryable';

/** A refusal as it is said to a caller: the code is stable, the text is for people. */
export interface Problem {
  readonly status: number;
  readonly code: string;
  readonly title: string;
  readonly detail: string;
  readonly retryable: boolean;
  /** Milliseconds until asking again makes sense. */
  readonly retry_after_ms?: number;
  /** Further members, said as they are. */
  readonly more?: Readonly<Record<string, unknown>> & { readonly [name in Reserved]?: never };
}

/** An answer, and where in the log it stands. */
export interface Answer<Output> {
  readonly output: Output;
  /** Commands: the position at which the outcome is visible. Queries: the position they reflect. */
  readonly position?: bigint;
  /** The stream revision of the one aggregate this speaks of: an ETag. */
  readonly revision?: number;
  /** `201` with a location, `202` for work that goes on. */
  readonly status?: 200 | 201 | 202;
  readonly location?: string;
  /** `name@version` of the read model that answered. */
  readonly projection?: string;
  /** Where the output is bytes: what they are, and their SHA-256 in lower-case hex. */
  readonly content?: { readonly media_type: string; readonly sha256: string };
}

/** One piece of a streamed answer, as a server-sent event; `data` is JSON. */
export interface Piece {
  readonly event: string;
  readonly id?: string;
  readonly data: unknown;
}

/** The lists of tools that a client of the Model Context Protocol can ask for, each at an address of its own. */
export const toolsets = ['core', 'audit', 'ops'] as const;
export type Toolset = (typeof toolsets)[number];

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** Everything that is said of an operation; all surfaces are read from it. */
export interface Operation<Input = never, Output = unknown, Context = never> {
  /** `verb_noun`, unique. */
  readonly name: string;
  readonly kind: 'command' | 'query';
  readonly summary: string;
  readonly description?: string;
  /** The scope a principal needs, or null for what anyone may ask (health, version). */
  readonly scope: string | null;
  readonly input: z.ZodType<Input>;
  readonly output: z.ZodType<Output>;
  /** Path parameters are written `{name}`; which input field comes from where is read from the method and the path. */
  readonly http: { readonly method: Method; readonly path: string; readonly tag: string };
  /** Where an older interface asked for a second path. */
  readonly aliases?: readonly { readonly method: Method; readonly path: string }[];
  /** `noun verb`; left out where a command of its own serves better. */
  readonly cli?: string;
  /** What a model is told of it over the Model Context Protocol. */
  readonly mcp?: {
    readonly tool: string;
    /** The one list of tools that shows it; none where this is left out, for each list has a limit (decision 0018). */
    readonly toolset?: Toolset;
    readonly read_only: boolean;
    readonly destructive: boolean;
    readonly idempotent: boolean;
    /** Reaches what lies outside this server: a model, a person, another system. */
    readonly open_world?: boolean;
  };
  /** `If-Match` is required, not merely honoured. */
  readonly guarded?: boolean;
  /** `Idempotency-Key` is required, not merely accepted. */
  readonly keyed?: boolean;
  /** Problems it may answer beyond the ones that every operation may. */
  readonly problems?: readonly string[];
  readonly examples: readonly { readonly title: string; readonly input: NoInfer<Input> }[];
  readonly run: (context: Context, input: Input, call: Call) => Promise<Answer<Output> | Problem>;
  /** The same answer piece by piece, for a caller that accepts `text/event-stream` or whose input says `stream: true`. */
  readonly stream?: (context: Context, input: Input, call: Call) => Promise<AsyncIterable<Piece> | Problem>;
  /** How long it may take, in milliseconds, where that is more than a surface allows by itself. */
  readonly time_ms_max?: number;
  /** Its output holds a secret that is shown once: no surface may keep the answer. */
  readonly sensitive?: boolean;
  /** Answers text of this media type rather than JSON. */
  readonly text?: string;
  /** Answers bytes as they are; the answer's `content` says what they are. */
  readonly bytes?: true;
  /** The read model that answers, by name: a caller who names a position waits for it. None where the log answers. */
  readonly reads?: string;
}

/** An operation in a list of many: what it takes, its schema alone knows. */
export interface AnyOperation<Context> extends Omit<
  Operation<never, unknown, Context>,
  'input' | 'output' | 'examples'
> {
  readonly input: z.ZodType;
  readonly output: z.ZodType;
  readonly examples: readonly { readonly title: string; readonly input: unknown }[];
}

export const operation =
  <Context>() =>
  <Input, Output>(definition: Operation<Input, Output, Context>): Operation<Input, Output, Context> =>
    Object.freeze(definition);

/** Whether these scopes cover what asks for `scope`: by its name, by `*`, or by `noun:*`. */
export const permits = (scopes: readonly string[], scope: string | null): boolean =>
  scope === null ||
  scopes.includes(scope) ||
  scopes.includes('*') ||
  scopes.includes(`${scope.slice(0, Math.max(scope.indexOf(':'), 0))}:*`);

export const isProblem = (answer: object): answer is Problem => 'code' in answer && 'title' in answer;
