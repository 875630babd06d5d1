import { unproven, type GatePrincipal } from '../../domain/gate/principal.ts';
import type { Principal } from '../../domain/kernel/operation.ts';

/** Whoever calls without a key has proven to be nobody in particular (decision 0013). */
export const isProven = ({ actor }: Principal): boolean => actor !== unproven;

/** Who acts, as the gate sees them: an agent where one is named, on behalf of whoever asks; else whoever asks. */
export const askerOf = (principal: Principal, agent_id: string | null): GatePrincipal => {
  const { actor, scopes, roles = [] } = principal;
  const asking = isProven(principal) ? [actor] : [];
  const permissions = [...scopes];
  return agent_id === null
    ? { type: 'user', id: actor.replace(/^user:/, ''), roles: [...roles], permissions, chain: asking }
    : { type: 'agent', id: agent_id, roles: [], permissions, chain: [`agent:${agent_id}`, ...asking] };
};
