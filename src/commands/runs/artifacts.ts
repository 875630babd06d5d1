import { canonical, sha256 } from '../../domain/kernel/digest.ts';
import type { Emitted } from '../../domain/run/run.commands.ts';
import type { ArtifactDraft, ArtifactRef, BlobStore } from '../../ports.ts';
import { isArtifactType } from './artifact.types.ts';

/** A result larger than this is kept beside the log, and cited (design 3, rule 6). */
const resultBytesMax = 32 * 1024;

/** Keeps what capabilities leave behind. */
export interface Keep {
  readonly artifact: (tenant: string, draft: ArtifactDraft) => Promise<ArtifactRef>;
  /** A result as an event can hold it: itself, or where it was put. */
  readonly result: (
    tenant: string,
    result: unknown,
  ) => Promise<{ readonly value: unknown; readonly artifacts: readonly Emitted[] }>;
}

/** What stands around a result in an event, and in what is read of it. */
const depthAround = 8;

/** Half characters and what is nested very deep are JSON, and nothing that can be digested or stored as such. */
const isStorable = (result: unknown): boolean => {
  try {
    canonical(result, depthAround);
    return true;
  } catch {
    return false;
  }
};

/** Everything goes under its content into the blob store; types outside the closed list are refused (requirements D71). */
export const keepIn = (blobs: BlobStore): Keep => {
  const put = async (tenant: string, { type, media_type, content }: ArtifactDraft): Promise<ArtifactRef> => {
    if (!isArtifactType(type)) throw new Error(`${type} is no type of artifact`);
    const bytes = typeof content === 'string' ? Buffer.from(content) : content;
    const { uri, bytes: length } = await blobs.put(tenant, bytes, media_type);
    return { uri, digest: `sha256:${sha256(bytes)}`, bytes: length, media_type };
  };
  return {
    artifact: put,
    result: async (tenant, result) => {
      const text = JSON.stringify(result ?? null);
      if (Buffer.byteLength(text) <= resultBytesMax && isStorable(result ?? null))
        return { value: result ?? null, artifacts: [] };
      const media_type = 'application/json';
      const ref = await put(tenant, { type: 'result', media_type, content: text });
      return {
        value: { artifact: ref.uri, digest: ref.digest, bytes: ref.bytes },
        artifacts: [{ type: 'result', ...ref }],
      };
    },
  };
};
