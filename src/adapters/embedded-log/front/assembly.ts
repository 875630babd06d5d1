import { appendBytesMax } from '../../../ports.ts';
import { eventsPerAppendMax } from '../limits.ts';
import type { Proposal } from '../storage.ts';
import type { BatchFailure, BatchRequest, BatchTarget, Deadline } from '../wire/batch-append.ts';
import { proposalBytes, requiredProperties } from '../wire/proposal.ts';
import { CallFailure, grpcStatus } from './failure.ts';
import { assembliesMax, assemblyBytesMax } from './limits.ts';

/** An append whose parts are still arriving. Once it has failed its parts are let go. */
export interface Assembly {
  readonly target: BatchTarget;
  readonly expires_at: number;
  readonly events: Proposal[];
  bytes: number;
  failure: BatchFailure | undefined;
}

const expiry = (deadline: Deadline | undefined): number => {
  if (deadline === undefined) return Infinity;
  return 'at_ms' in deadline ? deadline.at_ms : Date.now() + deadline.in_ms;
};

const started = (target: BatchTarget): Assembly => ({
  target,
  expires_at: expiry(target.deadline),
  events: [],
  bytes: 0,
  failure: undefined,
});

const problemWith = (
  { bytes, events }: Assembly,
  { proposals }: BatchRequest,
  room: number,
): BatchFailure | undefined => {
  if (proposals.includes(undefined))
    return { is: 'bad_request', message: `an event lacks one of ${requiredProperties.join(', ')}` };
  if (bytes > Math.min(appendBytesMax, room)) return { is: 'too_large', bytesMax: appendBytesMax };
  if (events.length > eventsPerAppendMax)
    return { is: 'bad_request', message: `an append is over ${eventsPerAppendMax} events` };
  return undefined;
};

const add = (assembly: Assembly, request: BatchRequest, room: number): void => {
  if (assembly.failure !== undefined) return;
  for (const proposal of request.proposals) {
    if (proposal === undefined) continue;
    assembly.events.push(proposal);
    assembly.bytes += proposalBytes(proposal);
  }
  assembly.failure = problemWith(assembly, request, room);
  if (assembly.failure === undefined) return;
  assembly.events.length = 0;
  assembly.bytes = 0;
};

/** Appends of which more is to come, with what they hold together. */
export const assemblies = () => {
  const begun = new Map<string, Assembly>();
  let bytes = 0;
  return {
    /** The append a message belongs to, with the message added; undefined where its beginning never came. */
    add: (request: BatchRequest): Assembly | undefined => {
      const { correlation, target } = request;
      const known = begun.get(correlation);
      if (known === undefined && target === undefined) return undefined;
      const assembly = known ?? started(target as BatchTarget);
      bytes -= assembly.bytes;
      add(assembly, request, assemblyBytesMax - bytes);
      bytes += assembly.bytes;
      begun.set(correlation, assembly);
      if (begun.size > assembliesMax)
        throw new CallFailure(grpcStatus.resourceExhausted, `more than ${assembliesMax} appends are incomplete`);
      return assembly;
    },
    drop: (correlation: string): void => {
      bytes -= begun.get(correlation)?.bytes ?? 0;
      begun.delete(correlation);
    },
  };
};
