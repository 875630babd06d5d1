import { z } from 'zod';
import { CapabilityId, RiskLevel } from '../capability/capability.spec.ts';

const stepsMax = 25;
const argsCharsMax = 32_768;
const planCharsMax = 49_152;
const hourMs = 3_600_000;

export const StepId = z.string().regex(/^[a-z0-9][a-z0-9_-]{0,63}$/, 'small letters, digits, underscores and hyphens');

const Args = z
  .record(z.string().max(200), z.json())
  .refine((args) => JSON.stringify(args).length <= argsCharsMax, `at most ${argsCharsMax} characters of JSON`);

/** What undoes a step where its capability brings no undo of its own; `{{result.field}}` speaks of the step's result. */
const Compensation = z.strictObject({ capability_id: CapabilityId, args: Args.default({}) });

/**
 * One thing to do (requirements A33, W43). An `action` calls a capability; a `human_approval` waits for a person, and is
 * complete when they agree (C24). `{{step.field}}` in the arguments is what an earlier step answered (A32, W49).
 */
export const Step = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('action'),
    step_id: StepId,
    capability_id: CapabilityId,
    args: Args.default({}),
    depends_on: z.array(StepId).max(stepsMax).default([]),
    compensation: Compensation.nullable().default(null),
    /** Shorter than the capability's own, never longer; null for the capability's own. */
    timeout_ms: z.int().min(1).max(hourMs).nullable().default(null),
    on_error: z.enum(['abort', 'continue']).default('abort'),
  }),
  z.strictObject({
    kind: z.literal('human_approval'),
    step_id: StepId,
    message: z.string().min(1).max(2_000),
    depends_on: z.array(StepId).max(stepsMax).default([]),
  }),
]);
export type Step = z.infer<typeof Step>;
export type ActionStep = Extract<Step, { kind: 'action' }>;

/** Every step that must have ended before this one begins, near and far. */
export const ancestorsOf = (steps: readonly Step[], step_id: string): ReadonlySet<string> => {
  const found = new Set<string>();
  const open = [step_id];
  for (let next = open.pop(); next !== undefined; next = open.pop())
    for (const before of steps.find((step) => step.step_id === next)?.depends_on ?? [])
      if (!found.has(before)) {
        found.add(before);
        open.push(before);
      }
  return found;
};

/** What is wrong with the order of these steps, one sentence each (requirements W45, C26). */
const faultsOf = (steps: readonly Step[]): readonly string[] => {
  const ids = new Set(steps.map(({ step_id }) => step_id));
  const twice = ids.size === steps.length ? [] : ['each step_id once'];
  const unknown = steps.flatMap(({ step_id, depends_on }) =>
    depends_on
      .filter((before) => !ids.has(before))
      .map((before) => `${step_id} depends on ${before}, which is no step`),
  );
  const circular = steps
    .filter(({ step_id }) => ancestorsOf(steps, step_id).has(step_id))
    .map(({ step_id }) => `${step_id} depends on itself`);
  return [...twice, ...unknown, ...circular];
};

/** How often a step is tried, and how long apart: one number for the whole run (requirements A34, C18, C19). */
export const Retry = z.strictObject({
  attempts_max: z.int().min(1).max(10).default(3),
  first_ms: z.int().min(1).max(60_000).default(500),
  longest_ms: z.int().min(1).max(hourMs).default(60_000),
});

/** What somebody wants done: one step, or several that may depend on each other (requirements W40). */
export const Plan = z.strictObject({
  steps: z
    .array(Step)
    .min(1)
    .max(stepsMax)
    .superRefine((steps, context) => {
      for (const message of faultsOf(steps)) context.addIssue({ code: 'custom', message });
    })
    .refine((steps) => JSON.stringify(steps).length <= planCharsMax, `at most ${planCharsMax} characters of JSON`),
  retry: Retry.prefault({}),
  /** From its start, the time that it waits for people not counted. */
  time_limit_ms: z
    .int()
    .min(1)
    .max(24 * hourMs)
    .default(hourMs),
  /** A run that fails undoes what it did. */
  auto_rollback: z.boolean().default(true),
  /** Millionths of a US dollar; null for no limit of its own; `unreadable`, which blocks, for what is no amount (D24). */
  budget_micros: z
    .union([z.int().min(0), z.literal('unreadable')])
    .nullable()
    .default(null),
  /** What depends on it: may raise the risk, never lower it (requirements C10). */
  stakes: RiskLevel.nullable().default(null),
});
export type Plan = z.infer<typeof Plan>;
