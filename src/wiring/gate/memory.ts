import type { Kysely } from 'kysely';
import { z } from 'zod';
import { capability } from '../../adapters/capabilities/define.ts';
import { isUuid } from '../../domain/kernel/ids.ts';
import type { Memory } from '../../ports.memory.ts';
import type { Capability, Invocation, Journal } from '../../ports.ts';
import { memoryReader, readerBounds, type MemoryReader } from '../../projections/memory/reader.ts';
import type { Project } from '../../projections/project.ts';
import type { ReadModels } from '../../projections/queries.ts';
import { defaultAgentId } from '../default-agent.ts';

const queryCharsMax = 8_192;
const { executionsMax, artifactsMax, similarMax } = readerBounds;

const instant = z.string();
const upTo = (most: number) => z.int().min(1).max(most);
const answered = <R extends z.ZodType>(result: R) =>
  z.strictObject({ query_name: z.string(), result_count: z.int(), results: z.array(result) });
const about = { created_at: instant };
const Directive = z.strictObject({
  ...{ id: z.string(), role: z.string(), type: z.string(), objective: z.string(), status: z.string(), ...about },
});
const Execution = z.strictObject({
  ...{ run_id: z.string(), directive_id: z.string(), directive_type: z.string(), status: z.string(), ...about },
  ...{ started_at: instant.nullable(), ended_at: instant.nullable() },
});
const Artifact = z.strictObject({ id: z.string(), type: z.string(), uri: z.string(), ...about });
const Similar = z.strictObject({
  ...{ memory_id: z.string(), content: z.string(), scope: z.string(), similarity_score: z.number() },
});

const reading = {
  operation: 'read' as const,
  risk: {
    level: 'low' as const,
    justification: 'answers a bounded question about what is on the record, and changes nothing',
  },
  tags: ['memory'],
};

/** What is behind them: the read models, and the search over what is remembered. */
export interface MemoryParts {
  readonly read: Pick<Project, 'ask'>;
  readonly memory: Memory;
  readonly journal: Journal;
}

type Caller = Pick<Invocation, 'tenant' | 'principal' | 'signal'>;

/** Whoever calls reads as their agent; a person who calls reads what the default agent remembers. */
const agentOf = (principal: string): string => {
  const id = principal.startsWith('agent:') ? principal.slice('agent:'.length) : '';
  return isUuid(id) ? id : defaultAgentId;
};

/** What was read is frozen; what a capability answers is the caller's own. */
const told = <R>({
  query_name,
  result_count,
  results,
}: {
  query_name: string;
  result_count: number;
  results: readonly R[];
}) => ({
  ok: true as const,
  result: { query_name, result_count, results: [...results] },
});

/**
 * The four questions that a plan, or an agent by its tools, may ask of what was (requirements D100–D103): read-only, bounded, and
 * through the gate like everything else. So each attempt is on the log: the verdict whether it was let through, the step with
 * its arguments, and what it came to.
 */
export const memoryCapabilities = ({ read, memory, journal }: MemoryParts): readonly Capability[] => {
  const ask = <T>(question: (db: Kysely<ReadModels>) => Promise<T>): Promise<T> => read.ask<ReadModels, T>(question);
  const readerFor = ({ tenant, principal, signal }: Caller): MemoryReader =>
    memoryReader({
      ...{ memory, journal, tenant, signal },
      ask,
      agent_id: agentOf(principal),
    });
  return [
    capability({
      ...reading,
      capability_id: 'memory.latest_directive_for_role',
      name: 'Newest directive for a role',
      description:
        'The newest directive that was issued for a role: agent:<id>, or whoever issued it, like user:<name>',
      parameters: z.strictObject({ role: z.string().min(1).max(200) }),
      result: answered(Directive),
      invoke: async ({ role }, call) => told(await readerFor(call).latest_directive_for_role(role)),
    }),
    capability({
      ...reading,
      capability_id: 'memory.execution_summaries',
      name: 'Newest runs',
      description: 'The newest runs, of one status where it is named',
      parameters: z.strictObject({ limit: upTo(executionsMax), status: z.string().min(1).max(50).optional() }),
      result: answered(Execution),
      invoke: async ({ limit, status }, call) => told(await readerFor(call).execution_summaries(limit, status)),
    }),
    capability({
      ...reading,
      capability_id: 'memory.artifacts_by_type',
      name: 'Newest artifacts of a type',
      description: 'The newest artifacts of a type: what they are and where, not what is in them',
      parameters: z.strictObject({ type: z.string().min(1).max(200), limit: upTo(artifactsMax) }),
      result: answered(Artifact),
      invoke: async ({ type, limit }, call) => told(await readerFor(call).artifacts_by_type(type, limit)),
    }),
    capability({
      ...reading,
      capability_id: 'memory.semantic_search',
      name: 'Search memory',
      description: 'What the agent remembers that is like a text, the nearest first',
      parameters: z.strictObject({ query: z.string().min(1).max(queryCharsMax), top_k: upTo(similarMax) }),
      result: answered(Similar),
      invoke: async ({ query, top_k }, call) => told(await readerFor(call).semantic_search(query, top_k)),
    }),
  ];
};
