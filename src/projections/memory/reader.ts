import type { Kysely } from 'kysely';
import { isUuid } from '../../domain/kernel/ids.ts';
import type { Memory } from '../../ports.memory.ts';
import type { Journal } from '../../ports.ts';
import type { ReadModels } from '../queries.ts';

/** The most that each question answers (requirements D101). */
export const readerBounds = { executionsMax: 100, artifactsMax: 100, similarMax: 50 } as const;

export interface DirectiveSummary {
  readonly id: string;
  readonly role: string;
  /** What stands in its scope; directives have no narrower type. */
  readonly type: string;
  readonly objective: string;
  readonly status: string;
  readonly created_at: string;
}

export interface ExecutionSummary {
  readonly run_id: string;
  readonly directive_id: string;
  readonly directive_type: string;
  readonly status: string;
  readonly created_at: string;
  readonly started_at: string | null;
  readonly ended_at: string | null;
}

export interface ArtifactSummary {
  readonly id: string;
  readonly type: string;
  readonly uri: string;
  readonly created_at: string;
}

export interface SemanticResult {
  readonly memory_id: string;
  readonly content: string;
  readonly scope: string;
  readonly similarity_score: number;
}

/** What a question came to; frozen, and never with a vector in it (requirements D102). */
export interface MemoryReadResult<Result> {
  readonly query_name: string;
  readonly result_count: number;
  readonly results: readonly Result[];
}

/** Why a question is not answered: a bug of whoever asks, for the bounds are known. */
export class BoundExceeded extends RangeError {
  override readonly name = 'BoundExceeded';
}

/** What a workflow may read of what was, and nothing that would change it (requirements D100). */
export interface MemoryReader {
  /** The newest directive that was issued for a role: `agent:<id>`, or the principal who issued it, like `user:…`. */
  readonly latest_directive_for_role: (role: string) => Promise<MemoryReadResult<DirectiveSummary>>;
  readonly execution_summaries: (limit: number, status_filter?: string) => Promise<MemoryReadResult<ExecutionSummary>>;
  readonly artifacts_by_type: (type: string, limit: number) => Promise<MemoryReadResult<ArtifactSummary>>;
  readonly semantic_search: (query: string, top_k: number) => Promise<MemoryReadResult<SemanticResult>>;
}

type QueryName = keyof MemoryReader;

interface Reads {
  readonly directives: (role: string) => Promise<readonly DirectiveSummary[]>;
  readonly executions: (limit: number, status?: string) => Promise<readonly ExecutionSummary[]>;
  readonly artifacts: (type: string, limit: number) => Promise<readonly ArtifactSummary[]>;
  readonly similar: (query: string, limit: number) => Promise<readonly SemanticResult[]>;
}

const within = (query_name: QueryName, asked: number, most: number): void => {
  if (Number.isInteger(asked) && asked >= 1 && asked <= most) return;
  throw new BoundExceeded(`${query_name} answers from 1 to ${most}, not ${asked}`);
};

/** Every attempt is told before it is made, and how it ended after: an auditor sees also what was refused (D103). */
const attempted =
  (journal: Journal, reader: string) =>
  async <Result>(
    query_name: QueryName,
    check: () => void,
    read: () => Promise<readonly Result[]>,
  ): Promise<MemoryReadResult<Result>> => {
    try {
      check();
      const found = await read();
      const results = Object.freeze(found.map((result) => Object.freeze(result)));
      journal.info('memory_access_attempt', { reader, query_name, allowed: true, result_count: results.length });
      return Object.freeze({ query_name, result_count: results.length, results });
    } catch (error) {
      journal.warn('memory_access_attempt', { reader, query_name, allowed: false, reason: String(error) });
      throw error;
    }
  };

/** Words that a member which changes something begins with, or is. */
const writes =
  /^(?:add|append|clear|create|delete|drop|embed|erase|forget|insert|keep|patch|persist|purge|put|record|remove|replace|reset|save|set|store|update|upsert|write)(?:_|$|[A-Z])/;

/** The members of a reader that would change something; empty is right (requirements D103). */
export const writeLikeMembers = (reader: object): readonly string[] =>
  Object.keys(reader).filter((name) => writes.test(name));

const readerOver = (journal: Journal, name: string, reads: Reads): MemoryReader => {
  const attempt = attempted(journal, name);
  const { executionsMax, artifactsMax, similarMax } = readerBounds;
  const reader: MemoryReader = {
    latest_directive_for_role: (role) =>
      attempt(
        'latest_directive_for_role',
        () => undefined,
        () => reads.directives(role),
      ),
    execution_summaries: (limit, status_filter) =>
      attempt(
        'execution_summaries',
        () => within('execution_summaries', limit, executionsMax),
        () => reads.executions(limit, status_filter),
      ),
    artifacts_by_type: (type, limit) =>
      attempt(
        'artifacts_by_type',
        () => within('artifacts_by_type', limit, artifactsMax),
        () => reads.artifacts(type, limit),
      ),
    semantic_search: (query, top_k) =>
      attempt(
        'semantic_search',
        () => within('semantic_search', top_k, similarMax),
        () => reads.similar(query, top_k),
      ),
  };
  const wrong = writeLikeMembers(reader);
  if (wrong.length > 0) throw new Error(`a reader of memory cannot ${wrong.join(', ')}`);
  return Object.freeze(reader);
};

/** A reader with nothing behind it: it answers nothing, and keeps the bounds all the same (requirements D104). */
export const noopReader = (journal: Journal): MemoryReader => {
  const nothing = () => Promise.resolve([]);
  return readerOver(journal, 'noop', {
    directives: nothing,
    executions: nothing,
    artifacts: nothing,
    similar: nothing,
  });
};

/** Who reads, of whose memory, and with what. */
export interface ReaderParts {
  readonly ask: <T>(question: (db: Kysely<ReadModels>) => Promise<T>) => Promise<T>;
  readonly memory: Memory;
  readonly journal: Journal;
  readonly tenant: string;
  readonly agent_id: string;
  readonly signal: AbortSignal;
}

/** The reader over the read models of one tenant, and what one agent of it remembers. */
export const memoryReader = ({ ask, memory, journal, tenant, agent_id, signal }: ReaderParts): MemoryReader =>
  readerOver(journal, `agent:${agent_id}`, {
    // A directive knows no role. Whom it was issued for is its agent; where it has none, whoever issued it.
    directives: (role) =>
      ask(async (db) => {
        const agent = role.startsWith('agent:') ? role.slice('agent:'.length) : '';
        const rows = await db
          .selectFrom('directives')
          .select(['directive_id as id', 'scope as type', 'objective', 'status', 'created_at'])
          .where('tenant', '=', tenant)
          .where((is) => (isUuid(agent) ? is('agent_id', '=', agent) : is('issued_by', '=', role)))
          .orderBy('created_at', 'desc')
          .orderBy('directive_id', 'desc')
          .limit(1)
          .execute();
        return rows.map((row) => ({ ...row, role }));
      }),
    executions: (limit, status) =>
      ask(async (db) => {
        let asked = db
          .selectFrom('runs')
          .select(['run_id', 'directive_id', 'scope as directive_type', 'status'])
          .select(['created_at', 'started_at', 'ended_at'])
          .where('tenant', '=', tenant);
        if (status !== undefined) asked = asked.where('status', '=', status);
        return await asked.orderBy('created_at', 'desc').orderBy('run_id', 'desc').limit(limit).execute();
      }),
    artifacts: (type, limit) =>
      ask((db) =>
        db
          .selectFrom('artifacts')
          .select(['artifact_id as id', 'type', 'uri', 'created_at'])
          .where('tenant', '=', tenant)
          .where('type', '=', type)
          .orderBy('position', 'desc')
          .limit(limit)
          .execute(),
      ),
    similar: async (text, limit) => {
      const kinds = ['decision', 'fact', 'procedure', 'episode', 'censor'] as const;
      const { items } = await memory.recall({ tenant, agent_id, text, kinds, limit }, signal);
      return items.map(({ id, kind, title, channels, score }) => {
        const near = channels.find(({ name }) => name === 'vector');
        return { memory_id: id, content: title, scope: kind, similarity_score: near?.score ?? score };
      });
    },
  });
