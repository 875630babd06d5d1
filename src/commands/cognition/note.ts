import * as E from 'fp-ts/lib/Either.js';
import type { Decider } from '../../domain/kernel/decider.ts';
import type { Event } from '../../domain/kernel/event.ts';
import { derived } from '../../domain/kernel/ids.ts';
import { execute, type Engine, type Receipt } from '../execute.ts';
import type { Occasion } from '../flights.ts';
import type { Provenance } from '../record.ts';

/** On whose behalf an agent's memory is written: the agent's own, in the matter of the turn. */
export interface Writer extends Pick<Occasion, 'tenant' | 'matter'> {
  readonly agent_id: string;
}

/** The same `what` in the same matter is the same command, however often it is given. */
export const provenanceOf = ({ agent_id, tenant, matter }: Writer, ...what: readonly string[]): Provenance => ({
  command_id: derived('cognition', ...what),
  actor: `agent:${agent_id}`,
  tenant,
  ...matter,
});

/** A command that was given, and what became of it. */
interface Noted<State> {
  readonly asked: string;
  readonly outcome: E.Either<{ readonly reason: string }, Receipt<State>>;
}

/** Executes a command as the agent, once. What became of it is for `must` or `unlessThere` to say. */
export const note = async <Command, State, Ev extends Event, Refusal extends { readonly reason: string }>(
  engine: Engine,
  decider: Decider<Command, State, Ev, Refusal>,
  stream: string,
  asked: Command & { readonly type: string },
  writer: Writer,
  ...what: readonly string[]
): Promise<Noted<State>> => ({
  asked: asked.type,
  outcome: await execute(engine, decider, stream, asked, provenanceOf(writer, asked.type, ...what)),
});

/** What was noted; a refusal is thrown, for the stage to report. */
export const must = <State>({ asked, outcome }: Noted<State>): Receipt<State> => {
  if (E.isLeft(outcome)) throw new Error(`${asked} was refused: ${outcome.left.reason}`);
  return outcome.right;
};

/** Refusals of what is there already, or of what is said otherwise too late. */
const past: ReadonlySet<string> = new Set(['OutOfLifecycle', 'AgreedTo']);

/** As `must`, for what may be there already, or be past: whoever noted it first did it. */
export const unlessThere = <State>(noted: Noted<State>): void => {
  if (E.isLeft(noted.outcome) && past.has(noted.outcome.left.reason)) return;
  must(noted);
};
