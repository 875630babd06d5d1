import type { Embeddings } from '../../ports.memory.ts';
import { failed } from './request.ts';

const hint = 'nothing is embedded: set EMBEDDING_PROVIDER to local, openai or hashed';

/** The default: every request is refused, in words that say what to set; whoever asks goes on without (C41). */
export const noopEmbeddings = (): Embeddings => ({
  provider: 'noop',
  model: 'none',
  dimensions: 0,
  embed: () => Promise.resolve(failed('disabled', hint, false)),
  close: () => Promise.resolve(),
});
