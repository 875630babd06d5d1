import { sql, type Kysely } from 'kysely';
import { z } from 'zod';
import { idInput } from '../../domain/kernel/id.input.ts';
import { equals, listing, oneOf, single, type Asked } from '../listing.ts';
import type { ReadModels } from '../queries.ts';
import { instant } from '../shown.ts';
import { getArtifactContent } from './artifact.content.ts';
import type { ArtifactRow } from './artifacts.projection.ts';

const tag = 'artifacts';
const scope = 'runs:read';
const type = z.array(z.string().min(1).max(100)).max(20).optional();
const exampleId = '0198d7a0-0000-7000-8000-000000000016';
const exampleRun = '0198d7a0-0000-7000-8000-000000000017';

const ArtifactShown = z.object({
  artifact_id: z.uuid(),
  type: z.string(),
  uri: z.string().meta({ description: '`artifact://local/<event id>` for what is an event of its own.' }),
  digest: z.string(),
  bytes: z.int(),
  media_type: z.string(),
  event_id: z.uuid(),
  run_id: z.uuid().nullable(),
  directive_id: z.uuid().nullable(),
  step_id: z.string().nullable(),
  capability_id: z.string().nullable(),
  trace_id: z.string().nullable(),
  created_at: instant,
});

/** What a step leaves names its run and step only: their rows know the directive and the capability. */
interface Joined extends ArtifactRow {
  readonly of_directive: string | null;
  readonly of_capability: string | null;
}

const view = (row: Joined): z.infer<typeof ArtifactShown> => {
  const { tenant: _, position: __, ordinal: ___, of_directive, of_capability, bytes, ...shown } = row;
  return {
    ...shown,
    bytes: Number(bytes),
    directive_id: shown.directive_id ?? of_directive,
    capability_id: shown.capability_id ?? of_capability,
  };
};

const joined = (db: Kysely<ReadModels>, tenant: string) =>
  db
    .selectFrom('artifacts as a')
    .leftJoin('runs as r', 'r.run_id', 'a.run_id')
    .leftJoin('steps as s', (join) => join.onRef('s.run_id', '=', 'a.run_id').onRef('s.step_id', '=', 'a.step_id'))
    .selectAll('a')
    .select(['r.directive_id as of_directive', 's.capability_id as of_capability'])
    .where('a.tenant', '=', tenant);

interface Wanted {
  readonly type?: string[] | undefined;
  readonly run_id?: string | undefined;
}

const newest = (db: Kysely<ReadModels>, wanted: Wanted, { tenant, start, limit }: Asked): Promise<Joined[]> => {
  const asked = joined(db, tenant).where(oneOf('a.type', wanted.type)).where(equals('a.run_id', wanted.run_id));
  const behind =
    start === undefined
      ? asked
      : asked.where(sql<boolean>`(a.position, a.ordinal) < (${start[0]}::int8, ${start[1]}::int4)`);
  return behind.orderBy('a.position', 'desc').orderBy('a.ordinal', 'desc').limit(limit).execute();
};

const page = {
  scope,
  tag,
  reads: 'artifacts',
  item: ArtifactShown,
  sort: ['position', 'ordinal'],
  place: (row: Joined) => [row.position.toString(), String(row.ordinal)],
  view,
} as const;

export const listArtifacts = listing({
  ...page,
  name: 'list_artifacts',
  summary: 'Artifacts, newest first: what capabilities left, and the evidence of the gate and of runs',
  path: '/artifacts',
  cli: 'artifacts list',
  example: { title: 'What runs ended with', input: { type: ['execution_end'] } },
  filter: { type, run_id: idInput('run').optional() },
  rows: newest,
});

export const listRunArtifacts = listing({
  ...page,
  name: 'list_run_artifacts',
  summary: 'The artifacts of a run, newest first',
  path: '/runs/{run_id}/artifacts',
  cli: 'runs artifacts',
  example: { title: 'All of them', input: { run_id: exampleRun } },
  filter: { run_id: idInput('run'), type },
  rows: newest,
});

export const getArtifact = single({
  name: 'get_artifact',
  noun: 'artifact',
  summary: 'An artifact: what it is, where it is kept, and its digest',
  scope,
  path: '/artifacts/{artifact_id}',
  tag,
  cli: 'artifacts show',
  reads: 'artifacts',
  example: { title: 'By id', input: { artifact_id: exampleId } },
  input: { artifact_id: idInput('artifact') },
  output: ArtifactShown,
  find: (db, { artifact_id }, tenant) =>
    joined(db, tenant).where('a.artifact_id', '=', artifact_id).executeTakeFirst() as Promise<Joined | undefined>,
  view,
});

export const artifactQueries = [listArtifacts, listRunArtifacts, getArtifact, getArtifactContent] as const;
