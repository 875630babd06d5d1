/** What remembering needs from the world, as types: embeddings, their index, and the search over what is remembered. */

import type { ModelFault } from './ports.ts';

export type EmbeddingFault = ModelFault | 'rate_limited';

/** Vectors in the order of their texts, each of the provider's dimensions and of length 1; `cost_micros` is null where no price is known. */
export type Embedded =
  | {
      readonly ok: true;
      readonly vectors: readonly Float32Array[];
      readonly input_tokens: number;
      readonly cost_micros: number | null;
      readonly latency_ms: number;
    }
  | {
      readonly ok: false;
      readonly fault: EmbeddingFault;
      readonly message: string;
      readonly retryable: boolean;
      readonly retry_after_ms?: number;
    };

/**
 * Texts as vectors (requirements D90): one attempt that never throws. At most 100 texts, each of at most 8,192 characters;
 * more is `invalid_request`, and nothing is embedded. The provider `noop` answers `disabled`: whoever asks goes on without
 * vectors (requirements C41).
 */
export interface Embeddings {
  readonly provider: string;
  /** Vectors of different models are never compared. */
  readonly model: string;
  readonly dimensions: number;
  readonly embed: (texts: readonly string[], options: { readonly signal: AbortSignal }) => Promise<Embedded>;
  readonly close: () => Promise<void>;
}

export type MemoryKind = 'decision' | 'fact' | 'procedure' | 'episode' | 'censor';

/** How a channel ranked an item: `rank` counts from 1, `score` is the channel's own (cosine similarity, text rank). */
export interface ChannelRank {
  readonly name: 'vector' | 'text';
  readonly rank: number;
  readonly score: number;
}

/** Something that was remembered, and why it is among the first. */
export interface Recalled {
  readonly kind: MemoryKind;
  readonly id: string;
  /** The revision of its stream that the index has seen. */
  readonly revision: number;
  readonly title: string;
  /** By reciprocal rank over the channels, 1/(60 + rank) each (requirements N97). */
  readonly score: number;
  readonly channels: readonly ChannelRank[];
}

/** What a search came to: what is in, what was left out and why, and what the search could not do. */
export interface Recollection {
  readonly items: readonly Recalled[];
  readonly excluded: readonly (Recalled & { readonly why: string })[];
  /** Channels that could not be asked, with the reason; the others answered. */
  readonly without: readonly { readonly name: ChannelRank['name']; readonly why: string }[];
  /** Up to here the index had seen the log. */
  readonly position: bigint;
}

export interface RecallQuery {
  readonly tenant: string;
  readonly agent_id: string;
  readonly text: string;
  readonly kinds: readonly MemoryKind[];
  /** At most 100, of each kind where `each` is said, else of all together. */
  readonly limit: number;
  readonly each?: true;
  /** Only these items. */
  readonly ids?: readonly string[];
  /** Only what was known at this position of the log. */
  readonly as_of?: bigint;
  /** Waits, at most a tenth of a second, until the index has seen this position. */
  readonly at_least?: bigint;
  /** Looks also for what would have been found had it not ended, and says why it is left out. */
  readonly ended?: true;
}

/** A remembered text that is near in meaning, by cosine similarity. */
export interface Near {
  readonly kind: MemoryKind;
  readonly id: string;
  readonly similarity: number;
}

/** What an agent must not do, as of a revision of the censor's stream. */
export interface CensorInForce {
  readonly censor_id: string;
  readonly revision: number;
  readonly trigger: string;
  readonly reason: string;
  readonly action: 'warn' | 'block' | 'absolute';
  readonly domain: string | null;
  readonly origin: 'manual' | 'agent' | 'automatic';
}

/** The search over what an agent remembers. Only active items are found. It throws only where the read models are out of reach. */
export interface Memory {
  readonly recall: (query: RecallQuery, signal: AbortSignal) => Promise<Recollection>;
  /** The nearest items of these kinds whose similarity is above `threshold`, the nearest first; none where nothing can be embedded. */
  readonly near: (
    query: Pick<RecallQuery, 'tenant' | 'agent_id' | 'text' | 'kinds' | 'limit'> & { readonly threshold: number },
    signal: AbortSignal,
  ) => Promise<readonly Near[]>;
  /**
   * All censors of an agent that are in force, the strongest first, of those a person's, of those the newest: each that was made
   * through this node is among them. Throws where that is not known, and where there are more than anybody could look at.
   */
  readonly censors: (of: Pick<RecallQuery, 'tenant' | 'agent_id'>) => Promise<readonly CensorInForce[]>;
}

/** Whose items are searched, and which of them. */
export interface SearchScope extends Pick<RecallQuery, 'tenant' | 'agent_id' | 'kinds' | 'ids' | 'as_of'> {
  /** Instead of the items that are known, those that were, and ended. */
  readonly ended?: true;
  /** So many are asked for of each kind, not of all together. */
  readonly each?: true;
  /** Every vector is compared: a neighbour that an index passes over may be the one that matters. */
  readonly exact?: true;
}

/** What a channel found, and how much it is worth to it. */
export interface Match extends Omit<Recalled, 'channels'> {
  /** Since it ended; null while it is known, and where nobody said why. */
  readonly ended_why: string | null;
}

/** A text that has no vector yet, by its digest. */
export interface Unembedded {
  readonly content_digest: string;
  readonly text: string;
}

/** Something that was learned at a position of the log; its vector is null while nobody has embedded it. */
export interface Learned {
  readonly id: string;
  readonly tenant: string;
  readonly agent_id: string;
  readonly position: bigint;
  readonly vector: Float32Array | null;
}

/**
 * The vectors of what is remembered, by model and content digest: they outlive every read model, so that a rebuild embeds
 * nothing again. Vectors have the length 1, and of one model all have the same dimensions. Times are epoch milliseconds.
 */
export interface VectorIndex {
  /** The items of a scope that are nearest to a vector, by cosine similarity, the nearest first, then by id. */
  readonly nearest: (
    scope: SearchScope,
    model: string,
    vector: Float32Array,
    limit: number,
  ) => Promise<readonly Match[]>;
  /** The active items of a kind that were learned after a position, in the order of the log, at most so many. */
  readonly learned: (model: string, kind: MemoryKind, after: bigint, limit: number) => Promise<readonly Learned[]>;
  /**
   * Takes texts of active items that have no vector and that nobody holds, until a time, so that nobody else pays for them: of
   * those that changed after a position of the log, or of all, which compares every text with every vector.
   */
  readonly claim: (
    model: string,
    now: number,
    until: number,
    limit: number,
    after?: bigint,
  ) => Promise<readonly Unembedded[]>;
  /** Keeps vectors of texts that were claimed; of what was forgotten meanwhile nothing is kept. */
  readonly keep: (
    model: string,
    vectors: readonly { readonly content_digest: string; readonly vector: Float32Array }[],
  ) => Promise<void>;
  /** Gives claims back: they may be taken again from this time on. */
  readonly release: (model: string, content_digests: readonly string[], from: number) => Promise<void>;
  /** Forgets the vectors whose text no item has any more; answers how many those were. */
  readonly forget: () => Promise<number>;
  /** Sees to what makes large searches fast; answers whether an approximate index serves the model. */
  readonly tend: (model: string, dimensions: number) => Promise<boolean>;
}
