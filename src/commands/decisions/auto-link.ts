import * as E from 'fp-ts/lib/Either.js';
import { decision, isLinkedTo, type DecisionCommand } from '../../domain/decision/decision.decider.ts';
import { derived, streamOf } from '../../domain/kernel/ids.ts';
import type { Learned, VectorIndex } from '../../ports.memory.ts';
import { execute, type Engine } from '../execute.ts';
import { recall } from '../recall.ts';

/** Above this similarity two decisions are about the same thing, and so many of them are linked (requirements N38). */
const threshold = 0.85;
const linksMax = 3;
const by = 'system:auto_link';

/** A decision that was recorded and has its vector, and the matter it belongs to. */
export interface Linkable extends Pick<Learned, 'id' | 'tenant' | 'agent_id'> {
  readonly vector: Float32Array;
  readonly correlation_id: string;
  /** The event that recorded it. */
  readonly causation_id: string;
}

export interface AutoLinkParts {
  readonly engine: Engine;
  readonly vectors: Pick<VectorIndex, 'nearest'>;
  /** Whose vectors are compared. */
  readonly model: string;
}

/** Whether one decision is linked with another from its own side; false where it cannot be read. */
const isLinked = async ({ log, catalogue, remembered }: Engine, id: string, target_id: string): Promise<boolean> => {
  const found = await recall(log, catalogue, remembered, decision, streamOf('decision', id));
  return E.isRight(found) && isLinkedTo(found.right.state, target_id);
};

/**
 * Links a decision with the nearest ones of its agent, at most three: `related_to`, weighted by similarity, from the smaller
 * id to the larger, so that two that find each other make one edge. Asked again it links the same ones once, and a pair of
 * which somebody has said how it stands, in either direction, is not said to be related as well. Answers the ids that it is linked with; what cannot be linked is left out, and nothing that goes wrong here undoes the decision. Throws where
 * the read models or the log are out of reach.
 */
export const autoLink = async (
  { engine, vectors, model }: AutoLinkParts,
  { id: decision_id, tenant, agent_id, vector, correlation_id, causation_id }: Linkable,
): Promise<readonly string[]> => {
  const found = await vectors.nearest({ tenant, agent_id, kinds: ['decision'] }, model, vector, linksMax + 1);
  const near = found.filter(({ id, score }) => id !== decision_id && score > threshold).slice(0, linksMax);
  const linked: string[] = [];
  for (const { id, score } of near) {
    const [source, target_id] = decision_id < id ? [decision_id, id] : [id, decision_id];
    // The larger one's side is looked at here, the smaller one's by the decider.
    if (await isLinked(engine, target_id, source)) {
      linked.push(id);
      continue;
    }
    const weight = Math.min(1, score);
    const command: DecisionCommand = {
      ...{ type: 'LinkDecision', target_id, relation: 'related_to', weight, auto_linked: true, by },
    };
    const command_id = derived('auto link', source, target_id);
    const provenance = { command_id, actor: by, tenant, correlation_id, causation_id };
    const outcome = await execute(engine, decision, streamOf('decision', source), command, provenance);
    if (E.isRight(outcome)) linked.push(id);
  }
  return linked;
};
