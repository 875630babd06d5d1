import { z } from 'zod';

const name = z.string().min(1).max(200);

/** Who wants it. Permissions are the scopes of the key, roles those that policies speak of. */
export const GatePrincipal = z.object({
  type: z.enum(['agent', 'user']),
  id: name,
  roles: z.array(name).max(50),
  permissions: z.array(name).max(100),
  /**
   * Everyone who had a hand in asking, as actors (`agent:…`, `key:…`): none of them can agree to it (design 5, rule 5). Whoever
   * called without a key has proven to be nobody in particular, and is not among them (decision 0013).
   */
  chain: z.array(name).max(100),
});
export type GatePrincipal = z.infer<typeof GatePrincipal>;

/** Whoever calls without a key. */
export const unproven = 'user:local';

/** The same principal, with others who had a hand in what is asked for. */
export const withHands = (principal: GatePrincipal, hands: readonly string[]): GatePrincipal => ({
  ...principal,
  chain: [...new Set([...principal.chain, ...hands.filter((actor) => actor !== unproven)])],
});
