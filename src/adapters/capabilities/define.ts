import { z } from 'zod';
import { CapabilitySpec, type RiskLevel } from '../../domain/capability/capability.spec.ts';
import { riskViolations } from '../../domain/capability/risk.rules.ts';
import type { Capability, CapabilityFault, Invocation, Invoked } from '../../ports.ts';
import { failure, inWords, type Failure } from './failure.ts';

const undoBytesMax = 65_536;
const timeoutMsDefault = 30_000;

/** A call whose arguments are read already, and handed over beside it. */
export type Call = Omit<Invocation, 'args'>;

/** What typed code answers: its result, with what `undo` needs, or a failure. */
export type Answer<Result, Undo = unknown> =
  { readonly ok: true; readonly result: Result; readonly undo?: Undo; readonly cost_micros?: number } | Failure;

type Later<T> = T | Promise<T>;

/** A capability in few words; what is left out is as requirements W11 has it for the operation. */
export interface Definition<P extends z.ZodType, R extends z.ZodType, U> {
  readonly capability_id: string;
  readonly name: string;
  readonly description: string;
  readonly operation: CapabilitySpec['operation'];
  readonly risk: { readonly level?: RiskLevel; readonly justification: string };
  readonly side_effects?: Partial<CapabilitySpec['side_effects']>;
  readonly compensation?: Partial<CapabilitySpec['compensation']>;
  /** `read` for reading; what else does not say is taken for what must not be done twice, `unkeyed`. */
  readonly effect_class?: CapabilitySpec['effect_class'];
  readonly permissions?: readonly string[];
  readonly timeout_ms?: number;
  readonly cost_micros?: number;
  readonly version?: string;
  readonly tags?: readonly string[];
  readonly deprecated?: boolean;
  /** A strict object. Without transforms: what was parsed once is recorded, and parsed again. */
  readonly parameters: P;
  readonly result: R;
  readonly invoke: (args: z.output<P>, call: Call) => Later<Answer<z.input<R>, U>>;
  /** What a call leaves, as a schema, and the code that reverses the call from it. */
  readonly undo?: {
    readonly record: z.ZodType<U>;
    readonly run: (record: U, call: Call) => Later<Answer<unknown>>;
  };
  readonly happened?: (
    args: z.output<P>,
    call: Call,
  ) => Promise<{ readonly done: false } | { readonly done: true; readonly result: z.input<R> }>;
  readonly preconditions?: (args: z.output<P>) => Promise<Readonly<Record<string, unknown>>>;
  readonly unavailable?: string;
}

type Usual = Pick<CapabilitySpec, 'side_effects' | 'compensation'> & { readonly level: RiskLevel };

const usual = (
  level: RiskLevel,
  reversible: boolean,
  strategy: CapabilitySpec['compensation']['strategy'],
  scope: CapabilitySpec['side_effects']['scope'],
): Usual => ({
  level,
  side_effects: { reversible, scope, description: '' },
  compensation: { supported: strategy !== 'none', strategy, capability_id: null },
});

/** Requirements W11 for reading, writing and deleting; of what runs or reaches out, the worst is supposed. */
const usually: Readonly<Record<CapabilitySpec['operation'], Usual>> = {
  read: usual('low', true, 'none', 'local'),
  write: usual('medium', true, 'automatic', 'local'),
  delete: usual('high', false, 'manual', 'local'),
  execute: usual('critical', false, 'none', 'local'),
  network: usual('critical', false, 'none', 'network'),
};

const schemaOf = (schema: z.ZodType, io: 'input' | 'output'): unknown => {
  const { $schema: _, ...json } = z.toJSONSchema(schema, { io }) as Record<string, unknown>;
  return json;
};

const specOf = <P extends z.ZodType, R extends z.ZodType, U>(of: Definition<P, R, U>): CapabilitySpec => {
  const usual = usually[of.operation];
  const parsed = CapabilitySpec.safeParse({
    capability_id: of.capability_id,
    name: of.name,
    description: of.description,
    operation: of.operation,
    risk: { level: of.risk.level ?? usual.level, justification: of.risk.justification },
    side_effects: { ...usual.side_effects, ...of.side_effects },
    compensation: { ...usual.compensation, ...of.compensation },
    effect_class: of.effect_class ?? (of.operation === 'read' ? 'read' : 'unkeyed'),
    parameters: schemaOf(of.parameters, 'input'),
    result: schemaOf(of.result, 'output'),
    permissions: of.permissions ?? [],
    timeout_ms: of.timeout_ms ?? timeoutMsDefault,
    cost_micros: of.cost_micros ?? 0,
    version: of.version ?? '1.0.0',
    tags: of.tags ?? [],
    deprecated: of.deprecated ?? false,
  });
  if (!parsed.success) throw new TypeError(`${of.capability_id}: ${z.prettifyError(parsed.error)}`);
  const spec = parsed.data;
  const { compensation } = spec;
  const wrongs = riskViolations(spec).map(({ rule, message }) => `${rule}: ${message}`);
  if (compensation.strategy === 'automatic' && compensation.capability_id === null && of.undo === undefined)
    wrongs.push('an automatic compensation needs an undo, or a capability that undoes');
  if (!compensation.supported && of.undo !== undefined) wrongs.push('there is an undo, and the spec denies it');
  if (spec.effect_class === 'queryable' && of.happened === undefined)
    wrongs.push('whoever is queryable answers whether something happened');
  if (wrongs.length > 0) throw new TypeError(`${spec.capability_id}: ${wrongs.join('; ')}`);
  return spec;
};

/** What was answered, if it is as the spec promises; what was not kept is a fault of ours after something was done. */
const checked = (answer: Answer<unknown>, schema: z.ZodType): Invoked => {
  if (!answer.ok) return answer;
  const result = schema.safeParse(answer.result);
  if (!result.success)
    return failure('internal', `the result is not as promised: ${z.prettifyError(result.error)}`, {
      happened: 'unknown',
    });
  const { undo, cost_micros } = answer;
  if (undo !== undefined && Buffer.byteLength(JSON.stringify(undo)) > undoBytesMax)
    return failure('internal', `what undoing needs is beyond ${undoBytesMax} bytes`, { happened: 'unknown' });
  return {
    ok: true,
    result: result.data,
    ...(undo === undefined ? {} : { undo }),
    ...(cost_micros === undefined ? {} : { cost_micros }),
  };
};

/** Nothing is thrown past here: what an attempt threw is `internal`, and nobody knows how far it came. */
const kept = async (call: Call, schema: z.ZodType, attempt: () => Later<Answer<unknown>>): Promise<Invoked> => {
  if (call.signal.aborted) return failure('timeout', 'the call was wanted no more before it began');
  try {
    return checked(await attempt(), schema);
  } catch (thrown) {
    return failure('internal', inWords(thrown), { happened: 'unknown' });
  }
};

/** What is wrong with each argument, in one line: it is read in an answer, in a log and by a model. */
const inOneLine = ({ issues }: z.ZodError): string =>
  issues.map(({ path, message }) => (path.length === 0 ? message : `${path.join('.')}: ${message}`)).join('; ');

const refused = (error: z.ZodError, fault: CapabilityFault): Failure => failure(fault, inOneLine(error));

/**
 * A capability of its definition. Throws where the spec is none, breaks a risk rule (requirements W7–W9; every one is
 * named), or promises an undo or an answer it does not bring. What it makes never throws: arguments and undo records are
 * parsed by their schemas, results checked against theirs, and whatever the code throws becomes a bounded failure.
 */
export const capability = <P extends z.ZodType, R extends z.ZodType, U = unknown>(
  of: Definition<P, R, U>,
): Capability => {
  const { undo, happened, preconditions } = of;
  return {
    spec: specOf(of),
    accepts: (args) => {
      const parsed = of.parameters.safeParse(args);
      return parsed.success
        ? { ok: true, args: parsed.data }
        : { ok: false, message: refused(parsed.error, 'invalid_arguments').message };
    },
    invoke: ({ args, ...call }) =>
      kept(call, of.result, () => {
        const parsed = of.parameters.safeParse(args);
        return parsed.success ? of.invoke(parsed.data, call) : refused(parsed.error, 'invalid_arguments');
      }),
    ...(undo === undefined
      ? {}
      : {
          undo: (record, { args: _, ...call }) =>
            kept(call, z.unknown(), () => {
              const parsed = undo.record.safeParse(record);
              return parsed.success ? undo.run(parsed.data, call) : refused(parsed.error, 'invalid_arguments');
            }),
        }),
    ...(happened === undefined
      ? {}
      : { happened: async ({ args, ...call }) => happened(of.parameters.parse(args), call) }),
    ...(preconditions === undefined ? {} : { preconditions: async (args) => preconditions(of.parameters.parse(args)) }),
    ...(of.unavailable === undefined ? {} : { unavailable: of.unavailable }),
  };
};
