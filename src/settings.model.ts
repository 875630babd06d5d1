import { z } from 'zod';
import { httpUrl, setting } from './settings.parts.ts';

const providerCharsMax = 64;
const modelCharsMax = 200;

const model = z.string().max(modelCharsMax).optional();
const key = z.string().regex(/^\S+$/).optional();

/** Who may be asked where the chosen provider fails: language models alone, for rules would pass for one. */
export const fallbackProviders = ['anthropic', 'openai', 'ollama'] as const;

/** Who turns texts into vectors; without any of them memory is searched by its words alone (requirements C41). */
const embeddingProviders = ['noop', 'hashed', 'local', 'openai'] as const;

/** Who answers for agents. */
export const modelSettings = {
  LLM_PROVIDER: setting({
    says: 'Who answers for agents: noop (refuses), scripted (offline rules, no language model), anthropic, openai or ollama. The demo takes scripted when it is unset.',
    right: 'noop, scripted, anthropic, openai or ollama',
    schema: z.string().max(providerCharsMax).optional(),
  }),
  LLM_MODEL: setting({
    says: 'The model where an agent names none. Unset, claude-sonnet-5, gpt-6-luna or llama3.2, by the provider.',
    right: 'the name of a model of the provider',
    schema: model,
  }),
  LLM_FALLBACK_PROVIDER: setting({
    says: 'Who is asked where LLM_PROVIDER fails in a way that may pass. Unset, nobody is.',
    right: `one of ${fallbackProviders.join(', ')}, and not what LLM_PROVIDER is`,
    schema: z.enum(fallbackProviders).optional(),
  }),
  LLM_FALLBACK_MODEL: setting({
    says: 'The model that LLM_FALLBACK_PROVIDER is asked for, whatever an agent names.',
    right: 'the name of a model of that provider',
    schema: model,
  }),
  ANTHROPIC_API_KEY: setting({
    says: 'The key for anthropic.',
    right: 'a key without spaces',
    secret: true,
    schema: key,
  }),
  ANTHROPIC_BASE_URL: setting({
    says: 'Where the Anthropic protocol is spoken, when that is not the provider itself.',
    right: 'an address like https://host',
    schema: httpUrl.optional(),
  }),
  OPENAI_API_KEY: setting({
    says: 'The key for openai. A server of your own that asks for none takes any word.',
    right: 'a key without spaces',
    secret: true,
    schema: key,
  }),
  OPENAI_BASE_URL: setting({
    says: 'Where the OpenAI protocol (chat completions) is spoken, when that is not the provider itself.',
    right: 'an address like https://host/v1',
    schema: httpUrl.optional(),
  }),
  OLLAMA_BASE_URL: setting({
    says: 'Where Ollama listens. Unset, http://127.0.0.1:11434.',
    right: 'an address like http://host:11434',
    schema: httpUrl.optional(),
  }),
  EMBEDDING_PROVIDER: setting({
    says: 'Who turns what is remembered into vectors, to find it by its meaning: noop (nobody, only words are searched), local (English, offline, in a thread), openai, or hashed (pieces of words, for tests).',
    right: `one of ${embeddingProviders.join(', ')}`,
    preset: 'noop',
    schema: z.enum(embeddingProviders),
  }),
  EMBEDDING_MODEL: setting({
    says: 'The model that openai, or a server that speaks its protocol, is asked for vectors of 1,536 dimensions. Unset, text-embedding-3-small.',
    right: 'the name of a model of the provider',
    schema: model,
  }),
  ACTA_SCRIPT: setting({
    says: "The scripted model's rules.",
    right: 'a JSON file',
    schema: z.string().optional(),
  }),
} as const;
