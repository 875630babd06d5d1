import { z } from 'zod';
import { equals, listing, olderThan, oneOf, single } from '../listing.ts';
import { bare, instant } from '../shown.ts';
import type { CapabilityRow } from './capabilities.projection.ts';

const tag = 'capabilities';
const scope = 'capabilities:read';
const Status = z.enum(['enabled', 'disabled', 'suspended', 'retired']);
const Risk = z.enum(['low', 'medium', 'high', 'critical']);

const CapabilityShown = z.object({
  capability_id: z.string(),
  name: z.string(),
  description: z.string(),
  status: z.string(),
  reason: z.string().nullable(),
  risk_level: z.string(),
  operation: z.string(),
  effect_class: z.string(),
  version: z.string(),
  tags: z.array(z.string()).readonly(),
  deprecated: z.boolean(),
  source: z.string(),
  pin: z.string().nullable(),
  spec_digest: z.string(),
  spec: z.unknown().meta({ description: 'All that is declared of it, with the schemas of its parameters and result.' }),
  offered: z.unknown().meta({ description: 'What its source says now, where a person has to accept that first.' }),
  revision: z.int(),
  registered_at: instant,
  updated_at: instant,
});

const view = (row: CapabilityRow): z.infer<typeof CapabilityShown> => {
  const { capability_key: _, ...shown } = bare(row);
  return shown;
};

export const listCapabilities = listing({
  name: 'list_capabilities',
  summary: 'Capabilities, the newest first, whether or not they may be called now',
  scope,
  path: '/capabilities',
  tag,
  cli: 'capabilities list',
  reads: 'capabilities',
  example: { title: 'Those of high risk that may be called', input: { status: ['enabled'], risk_level: ['high'] } },
  filter: {
    status: z.array(Status).optional(),
    risk_level: z.array(Risk).optional(),
    source: z.string().min(1).max(200).optional(),
  },
  item: CapabilityShown,
  sort: ['instant', 'uuid'],
  place: ({ registered_at, capability_key }: CapabilityRow) => [registered_at, capability_key],
  view,
  rows: (db, { status, risk_level, source }, { start, limit }) =>
    db
      .selectFrom('capabilities')
      .selectAll()
      .where(oneOf('status', status))
      .where(oneOf('risk_level', risk_level))
      .where(equals('source', source))
      .where(olderThan(start, 'registered_at', 'capability_key'))
      .orderBy('registered_at', 'desc')
      .orderBy('capability_key', 'desc')
      .limit(limit)
      .execute(),
});

export const getCapability = single({
  name: 'get_capability',
  noun: 'capability',
  summary: 'A capability as it is declared, and whether it may be called now',
  scope,
  path: '/capabilities/{capability_id}',
  tag,
  cli: 'capabilities show',
  reads: 'capabilities',
  example: { title: 'By id', input: { capability_id: 'io.fs.write_file' } },
  input: { capability_id: z.string().min(1).max(100) },
  output: CapabilityShown,
  find: (db, { capability_id }) =>
    db.selectFrom('capabilities').selectAll().where('capability_id', '=', capability_id).executeTakeFirst(),
  view,
});

export const capabilityQueries = [listCapabilities, getCapability] as const;
