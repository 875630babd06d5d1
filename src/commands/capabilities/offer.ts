import * as E from 'fp-ts/lib/Either.js';
import { capability } from '../../domain/capability/capability.decider.ts';
import type { Offer } from '../../domain/capability/capability.commands.ts';
import { derived } from '../../domain/kernel/ids.ts';
import { digest } from '../../domain/kernel/digest.ts';
import { execute, type Engine } from '../execute.ts';
import { capabilityKey, capabilityStream } from '../gate/registry.ts';

/** A source's word on a capability, and why it cannot work here, or null where it can. */
export interface Offered extends Offer {
  readonly unavailable: string | null;
}

/**
 * Tells the registry what a source says of a capability now. What is new is registered; what is built in is revised with the
 * build; what an outside source describes otherwise than before is suspended until a person accepts it. Throws where a spec
 * breaks a risk rule, naming each, and the log's errors.
 */
export const offerCapability = async (
  engine: Engine,
  { unavailable, ...offer }: Offered,
  occasion: string,
): Promise<void> => {
  const { capability_id } = offer.spec;
  const command = {
    type: 'OfferCapability',
    capability_key: capabilityKey(capability_id),
    offer,
    unavailable,
  } as const;
  const said = digest({ spec: offer.spec, pin: offer.pin, unavailable });
  const command_id = derived('offer', capability_id, said, occasion);
  const outcome = await execute(engine, capability, capabilityStream(capability_id), command, {
    command_id,
    actor: 'system:registry',
    tenant: 'default',
    correlation_id: command_id,
  });
  if (E.isLeft(outcome) && outcome.left.reason !== 'OutOfLifecycle')
    throw new Error(`${capability_id} cannot be registered: ${JSON.stringify(outcome.left)}`);
};
