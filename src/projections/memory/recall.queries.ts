import { z } from 'zod';
import { idInput } from '../../domain/kernel/id.input.ts';
import { operation } from '../../domain/kernel/operation.ts';
import type { Memory, MemoryKind, Recalled } from '../../ports.memory.ts';
import type { QueryContext } from '../queries.ts';

const reads = 'memory_items';
/** A search by meaning answers no more, whoever asks and whatever over (requirements C40). */
export const semanticMax = 50;
/** What is found where nobody says how much of it: a program that reads for itself is shown more. */
const limitDefault = { http: 5, mcp: 20 } as const;
const queryCharsMax = 8_192;
const exampleAgentId = '0198d7a0-0000-7000-8000-000000000001';

/** What kinds of memory a caller may name (requirements 1.7), and what each of them is. */
const kindsOf = {
  all: ['decision', 'fact', 'procedure', 'episode', 'censor'],
  decisions: ['decision'],
  facts: ['fact'],
  procedures: ['procedure'],
  episodes: ['episode'],
  censors: ['censor'],
} as const satisfies Readonly<Record<string, readonly MemoryKind[]>>;

const MemoryType = z.enum(Object.keys(kindsOf) as [keyof typeof kindsOf]);

const Channel = z.object({
  name: z.enum(['vector', 'text']),
  rank: z.int().meta({ description: 'Counted from 1.' }),
  score: z.number().meta({ description: "The channel's own: cosine similarity, or the weight of the words." }),
});

const Item = z.object({
  source: z.enum(['brain', 'heart']).meta({ description: 'Decisions are of the brain, all else is of the heart.' }),
  type: z.enum(kindsOf.all),
  id: z.uuid(),
  summary: z.string(),
  score: z.number().meta({ description: 'The sum of 1/(60 + rank) over its channels.' }),
  revision: z.int(),
  channels: z.array(Channel),
  included: z.boolean(),
  why: z.string().nullable().meta({ description: 'Why it is not among the items.' }),
});

const Output = z.object({
  items: z.array(Item),
  excluded: z.array(Item),
  without: z
    .array(z.object({ name: Channel.shape.name, why: z.string() }))
    .meta({ description: 'Channels that could not be asked; the others answered.' }),
  as_of: z.string().nullable(),
});

/** What memory is asked with. */
export interface RecallContext extends QueryContext {
  readonly memory: Memory;
  readonly default_agent_id: string;
}

const shown = (item: Recalled & { readonly why?: string }): z.infer<typeof Item> => {
  const { kind, id, title, score, revision, channels, why } = item;
  return {
    source: kind === 'decision' ? 'brain' : 'heart',
    type: kind,
    id,
    summary: title,
    score,
    revision,
    channels: [...channels],
    included: why === undefined,
    why: why ?? null,
  };
};

export const recall = operation<RecallContext>()({
  name: 'recall',
  kind: 'query',
  summary: 'What an agent remembers of something, the best first, and why each is there or is not',
  description:
    'Searched by words, and by meaning where a provider of embeddings is set: one list by reciprocal rank. `as_of` is a ' +
    'position in the log: what was learned after it is not found, what ended after it is.',
  scope: 'memory:read',
  input: z.strictObject({
    query: z.string().trim().min(1).max(queryCharsMax),
    agent_id: idInput('agent').optional().meta({ description: 'The default agent where left out.' }),
    memory_type: MemoryType.default('all'),
    limit: z
      .int()
      .min(1)
      .max(semanticMax)
      .optional()
      .meta({ description: `${limitDefault.http} where left out, ${limitDefault.mcp} over MCP.` }),
    as_of: z
      .string()
      .regex(/^\d{1,18}$/)
      .optional(),
    explain: z.boolean().default(true).meta({ description: 'Says also what was left out, and why.' }),
  }),
  output: Output,
  reads,
  http: { method: 'POST', path: '/recall', tag: 'memory' },
  cli: 'memory recall',
  mcp: { tool: 'recall', toolset: 'core', read_only: true, destructive: false, idempotent: true },
  examples: [
    {
      title: 'What is known of refunds',
      input: {
        query: 'May I pay back more than 100 euros?',
        agent_id: exampleAgentId,
        memory_type: 'all',
        limit: 5,
        explain: true,
      },
    },
  ],
  run: async ({ memory, served, default_agent_id }, input, { principal: { tenant }, over_mcp, signal }) => {
    const { query: text, agent_id = default_agent_id, memory_type, as_of, explain } = input;
    const { limit = limitDefault[over_mcp === undefined ? 'http' : 'mcp'] } = input;
    const known = as_of === undefined ? {} : { as_of: BigInt(as_of) };
    const past = explain ? { ended: true as const } : {};
    const kinds = kindsOf[memory_type];
    const found = await memory.recall({ tenant, agent_id, text, kinds, limit, ...known, ...past }, signal);
    const version = served(reads)?.version;
    return {
      output: {
        items: found.items.map(shown),
        excluded: explain ? found.excluded.slice(0, semanticMax).map(shown) : [],
        without: [...found.without],
        as_of: as_of ?? null,
      },
      ...(found.position < 0n ? {} : { position: found.position }),
      projection: version === undefined ? reads : `${reads}@${version}`,
    };
  },
});
