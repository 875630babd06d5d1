import * as E from 'fp-ts/lib/Either.js';
import { agent } from '../../domain/agent/agent.decider.ts';
import type { AgentPhase } from '../../domain/agent/agent.lifecycle.ts';
import { streamOf } from '../../domain/kernel/ids.ts';
import type { Failure } from '../../domain/kernel/process.ts';
import type { Engine } from '../execute.ts';
import { recall, type UnreadableStream } from '../recall.ts';

/** Another node may stop the agent: that is seen by looking, so often while a model talks. */
const lookMs = 1_000;

/** Why an agent takes no turns in this phase. */
export const resting = (phase: AgentPhase): Failure => ({
  code: `agent_${phase}`,
  message: `the agent is ${phase}`,
  retryable: false,
});

/** An agent's stream that holds what a newer version wrote: nothing is said for it. */
export const unreadable = ({ cause }: UnreadableStream): Failure => ({
  code: 'unreadable',
  message: `the agent's stream cannot be read: ${cause.reason}`,
  retryable: false,
});

/**
 * Why a turn that has begun goes no further, by the agent's own stream; undefined where it goes on. A paused agent
 * finishes what it began; one that is stopped or retired finishes nothing (decision 0011). What this build cannot read
 * may be just that.
 */
export const halted = async (
  { log, catalogue, remembered }: Engine,
  agent_id: string,
): Promise<Failure | undefined> => {
  const found = await recall(log, catalogue, remembered, agent, streamOf('agent', agent_id));
  if (E.isLeft(found)) return unreadable(found.left);
  const { phase } = found.right.state;
  return phase === 'stopped' || phase === 'retired' ? resting(phase) : undefined;
};

/** Tells once an agent is seen to be stopped or retired: by this node at once, by another one soon. Answers how to end the watch. */
export const watchAgent = (engine: Engine, agent_id: string, tell: () => void): (() => void) => {
  const stream = streamOf('agent', agent_id);
  // A log that is out of reach tells nothing now; it is asked again, and once more before an answer counts.
  const look = (): void =>
    void halted(engine, agent_id).then(
      (why) => why && tell(),
      () => undefined,
    );
  const hear = (changed: string): void => {
    if (changed === stream) look();
  };
  engine.appended.add(hear);
  const looking = setInterval(look, lookMs).unref();
  return () => {
    engine.appended.delete(hear);
    clearInterval(looking);
  };
};
