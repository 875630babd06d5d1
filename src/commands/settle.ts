import * as E from 'fp-ts/lib/Either.js';
import { crashPoint } from '../crash-points.ts';
import { derived } from '../domain/kernel/ids.ts';
import type { Effect } from '../domain/kernel/process.ts';
import { LogError } from '../ports.ts';
import { commit, type Engine, type Share } from './execute.ts';
import { failureOf, type Landed } from './flights.ts';
import { actorOf, Stuck, type Kind } from './kind.ts';
import type { Recollection } from './recall.ts';
import type { Provenance } from './record.ts';

export type Known = Recollection<unknown>;

/** What is known after a step, undefined when somebody else was first; and which outcomes are on record now. */
export interface Settled {
  readonly after: Known | undefined;
  readonly recorded: readonly Landed[];
}

/**
 * A step is named after its stream, its effect, and the life of the node that performed it: a retried append is the same
 * append, and that of another driver is another one, which loses (decision 0009).
 */
const stepId = ({ life }: Engine, stream: string, { key }: Effect): string => derived('effect', stream, key, life);

/**
 * Whether another driver has recorded a step since this revision. Our own may be among what is read, too: one whose
 * append was not heard of.
 */
export const overtaken = (
  engine: Engine,
  kind: Kind,
  { stream, done }: Known,
  since: number,
  ours: readonly Landed[],
): boolean => {
  const own = new Set(ours.map(({ effect }) => stepId(engine, stream, effect)));
  return [...done].some(
    ([command, [first]]) =>
      first !== undefined && first.revision > since && first.metadata['actor'] === actorOf(kind) && !own.has(command),
  );
};

const provenanceOf = (engine: Engine, kind: Kind, { stream, last }: Known, effect: Effect): Provenance => ({
  command_id: stepId(engine, stream, effect),
  actor: actorOf(kind),
  tenant: last?.metadata['tenant'] ?? 'default',
  correlation_id: last?.metadata['$correlationId'] ?? derived('process', stream),
  ...(last === undefined ? {} : { causation_id: last.id }),
  ...(last?.metadata['traceparent'] === undefined ? {} : { traceparent: last.metadata['traceparent'] }),
});

/**
 * What the outcomes lead to, decided in order, each on what the one before it left. An effect that is wanted no more after
 * an earlier outcome leads to nothing.
 */
const decided = (engine: Engine, kind: Kind, known: Known, ends: readonly Landed[]): readonly Share[] => {
  const { process } = kind;
  let { state } = known;
  return ends.flatMap(({ effect, outcome }, index): Share[] => {
    if (index > 0 && !process.next(state).some(({ key }) => key === effect.key)) return [];
    const decision = process.decide(process.outcome(effect, outcome, state), state);
    const events = E.isRight(decision) ? decision.right : [];
    if (events.length === 0)
      throw new Stuck(`${known.stream}: ${effect.key} ended and nothing may follow: ${JSON.stringify(decision)}`);
    for (const event of events) state = process.evolve(state, event);
    return [{ events, provenance: provenanceOf(engine, kind, known, effect) }];
  });
};

/** What can never be recorded as it is: too large, or not what its own schema takes. */
const isUnrecordable = (error: unknown): boolean =>
  error instanceof LogError ? error.fault === 'too_large' || error.fault === 'invalid' : !(error instanceof Stuck);

/**
 * Records what effects came to, with what it leads to, in one append. An outcome that cannot be recorded is recorded as a
 * failure that says so, for performing it again would lead to the same; where several ended, they are tried one by one.
 *
 * Throws `Stuck` where even the failure cannot be recorded or the process refuses an outcome, and the log's errors.
 */
export const settle = async (engine: Engine, kind: Kind, known: Known, ends: readonly Landed[]): Promise<Settled> => {
  try {
    const after = await commit(engine, kind.process, known, decided(engine, kind, known, ends));
    if (after !== undefined) for (const { effect } of ends) crashPoint(`effect.recorded.${effect.kind}`);
    return { after, recorded: after === undefined ? [] : ends };
  } catch (error) {
    const [first, ...others] = ends;
    if (!isUnrecordable(error) || first === undefined) throw error;
    if (others.length > 0) return await settle(engine, kind, known, [first]);
    const { effect, outcome } = first;
    if (!outcome.ok)
      throw new Stuck(`${known.stream}: ${effect.key} failed, and not even that can be recorded`, { cause: error });
    const failed: Landed = {
      effect,
      outcome: { ok: false, failure: failureOf(error, 'unrecordable'), at: outcome.at },
    };
    return await settle(engine, kind, known, [failed]);
  }
};
