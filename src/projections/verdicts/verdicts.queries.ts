import { sql } from 'kysely';
import { z } from 'zod';
import { idInput } from '../../domain/kernel/id.input.ts';
import { equals, listing, oneOf } from '../listing.ts';
import { instant } from '../shown.ts';
import type { VerdictRow } from './verdicts.projection.ts';

const Decision = z.enum(['allow', 'warn', 'require_approval', 'deny']);

const VerdictShown = z.object({
  verdict_id: z.uuid(),
  event_id: z.uuid(),
  judged_in: z.string(),
  directive_id: z.uuid().nullable(),
  run_id: z.uuid().nullable(),
  step_id: z.string(),
  attempt: z.int().nullable(),
  capability_id: z.string(),
  agent_id: z.string().nullable(),
  principal: z.unknown(),
  scope: z.string(),
  environment: z.string(),
  decision: z.string(),
  basis: z.string(),
  rule_id: z.string().nullable(),
  reason: z.string(),
  risk_level: z.string(),
  policy: z.object({ name: z.string(), version: z.int(), digest: z.string() }),
  question: z.unknown(),
  spec_digest: z.string().nullable(),
  verdict: z.unknown(),
  judged_at: instant,
  position: z.string(),
});

/** What judges a step names its run only: the run's own row knows the directive. */
interface Joined extends VerdictRow {
  readonly of_directive: string | null;
}

const view = (row: Joined): z.infer<typeof VerdictShown> => {
  const { tenant: _, policy_name, policy_version, policy_digest, of_directive, position, ...shown } = row;
  return {
    ...shown,
    directive_id: shown.directive_id ?? of_directive,
    policy: { name: policy_name, version: policy_version, digest: policy_digest },
    position: position.toString(),
  };
};

export const listVerdicts = listing({
  name: 'list_verdicts',
  summary: 'What the gate has said, newest first, with what it was asked and why it said so',
  scope: 'policies:read',
  path: '/verdicts',
  tag: 'policies',
  cli: 'verdicts list',
  mcp: { tool: 'verdicts_list', toolset: 'audit' },
  reads: 'verdicts',
  example: { title: 'What was denied', input: { decision: ['deny'] } },
  filter: {
    decision: z.array(Decision).optional(),
    rule_id: z.string().min(1).max(100).optional(),
    capability_id: z.string().min(1).max(100).optional(),
    agent_id: idInput('agent').optional(),
    run_id: idInput('run').optional(),
  },
  item: VerdictShown,
  sort: ['position', 'uuid'],
  place: (row: Joined) => [row.position.toString(), row.verdict_id],
  view,
  rows: (db, { decision, rule_id, capability_id, agent_id, run_id }, { tenant, start, limit }) => {
    const asked = db
      .selectFrom('verdicts as v')
      .leftJoin('runs as r', 'r.run_id', 'v.run_id')
      .selectAll('v')
      .select('r.directive_id as of_directive')
      .where('v.tenant', '=', tenant)
      .where(oneOf('v.decision', decision))
      .where(equals('v.rule_id', rule_id))
      .where(equals('v.capability_id', capability_id))
      .where(equals('v.agent_id', agent_id))
      .where(equals('v.run_id', run_id));
    const behind =
      start === undefined
        ? asked
        : asked.where(sql<boolean>`(v.position, v.verdict_id) < (${start[0]}::int8, ${start[1]}::uuid)`);
    return behind.orderBy('v.position', 'desc').orderBy('v.verdict_id', 'desc').limit(limit).execute();
  },
});

export const verdictQueries = [listVerdicts] as const;
