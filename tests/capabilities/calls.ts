import { blobStoreOf } from '../../src/adapters/blobs/blobs.ts';
import type { ArtifactDraft, BlobStore, Capability, Invocation, Invoked } from '../../src/ports.ts';

/** A call as a run would make it; what is emitted is kept in `emitted`. */
export const callOf = (
  args: unknown,
  more: Partial<Invocation> = {},
  emitted: ArtifactDraft[] = [],
  blobs: BlobStore = blobStoreOf({ provider: 'noop' }),
): Invocation => ({
  args,
  key: 'key-1',
  tenant: 'acme',
  principal: 'agent:iris',
  signal: new AbortController().signal,
  emit: (draft) => {
    emitted.push(draft);
    return blobs.put('acme', Buffer.from(draft.content), draft.media_type);
  },
  ...more,
});

export const named = (capabilities: readonly Capability[], id: string): Capability => {
  const found = capabilities.find(({ spec }) => spec.capability_id === id);
  if (found === undefined) throw new Error(`there is no ${id}`);
  return found;
};

/** Accepts arguments as the registry does, then calls; a refusal of arguments is an answer like others. */
export const called = async (
  capability: Capability,
  args: unknown,
  more: Partial<Invocation> = {},
): Promise<Invoked> => {
  const accepted = capability.accepts(args);
  if (!accepted.ok)
    return { ok: false, fault: 'invalid_arguments', message: accepted.message, retryable: false, happened: 'no' };
  return capability.invoke(callOf(accepted.args, more));
};
