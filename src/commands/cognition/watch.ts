import type { Watched } from '../../domain/censor/censor.match.ts';
import type { ContextPlan } from '../../domain/session/plan.ts';
import { refused, type Performed } from '../flights.ts';
import { checkCensors } from '../memory/check-censors.ts';
import { outagePauseMs, paused } from '../outage.ts';
import type { Mind } from './mind.ts';
import { provenanceOf } from './note.ts';
import type { Occurring } from './pre-turn.ts';

/** So often it is tried to look at an agent's censors, for about three seconds, before a message is refused for want of it. */
const attemptsMax = 6;
/** So many of the censors that a message met are named in the plan of its turn, the strongest first; all have the hit on their own record. */
const metMax = 50;

/** What an agent's censors made of a message. */
export interface Watch {
  readonly inForce: readonly Watched[];
  readonly met: ContextPlan['censors'];
}

const watchedOnce = async ({ engine, memory }: Mind, occurring: Occurring): Promise<Watch> => {
  const { agent_id, tenant, matter, effect } = occurring;
  const { session_id, turn_id, text } = effect;
  const inForce = await memory.censors({ tenant, agent_id });
  const { hits } = await checkCensors(
    { engine, memory },
    { agent_id, tenant, text, domain: null, session_id, turn_id },
    provenanceOf({ agent_id, tenant, matter }, 'censors', turn_id),
    inForce,
  );
  const met = hits.slice(0, metMax).map(({ censor_id, action, similarity }) => ({ censor_id, action, similarity }));
  return { inForce, met };
};

/** The stage that is no other's equal: where it fails, the turn does. It is tried for a while; undefined where that was in vain. */
export const watchedOver = async (mind: Mind, occurring: Occurring): Promise<Watch | undefined> => {
  const { report, signal } = occurring;
  return await report.run<Watch | undefined>('censors', undefined, async () => {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await watchedOnce(mind, occurring);
      } catch (error) {
        if (attempt >= attemptsMax || signal.aborted) throw error;
        await paused(outagePauseMs(attempt), signal);
      }
    }
  });
};

/** Why a message goes no further than this; undefined where it does (decision 0017: what nobody looked at is not let pass). */
export const stoppedBy = (watch: Watch | undefined): Performed | undefined => {
  if (watch === undefined) return refused('censors_unavailable', 'the censors of the agent could not be looked at');
  const blocking = watch.met.find(({ action }) => action !== 'warn');
  if (blocking === undefined) return undefined;
  const how = blocking.action === 'absolute' ? 'is absolute' : 'blocks';
  return refused('censored', `the message meets the censor ${blocking.censor_id}, which ${how}`);
};
