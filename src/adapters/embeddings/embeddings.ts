import type { Embeddings } from '../../ports.memory.ts';
import { hashedEmbeddings } from './hashed.ts';
import { localEmbeddings } from './local.ts';
import { noopEmbeddings } from './noop.ts';
import { openaiEmbeddings, type OpenaiOptions } from './openai.ts';

/** What the environment says of embeddings. */
export interface EmbeddingSettings {
  readonly provider: 'noop' | 'hashed' | 'local' | 'openai';
  /** Only openai has more than one. */
  readonly model?: string;
  readonly openai?: Omit<OpenaiOptions, 'model'>;
}

/** Chooses who embeds; nothing is loaded yet, and what is missing is told at the first request. */
export const embeddingsOf = ({ provider, model, openai }: EmbeddingSettings): Embeddings => {
  switch (provider) {
    case 'noop':
      return noopEmbeddings();
    case 'hashed':
      return hashedEmbeddings();
    case 'local':
      return localEmbeddings();
    case 'openai':
      return openaiEmbeddings({ ...openai, ...(model === undefined ? {} : { model }) });
  }
};
