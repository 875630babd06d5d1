import { z } from 'zod';
import type { KnownEvent } from '../../domain/kernel/event.ts';
import { problem } from '../../problems.ts';
import { command } from '../context.ts';

const tag = 'events';
const scope = 'events:read';

const Known = z.object({
  type: z.string(),
  version: z
    .int()
    .meta({ description: 'The newest, under which events are recorded today. Each before it can be read.' }),
  personal: z
    .array(z.string())
    .meta({ description: 'Fields that speak of a person, and are hidden where that is asked for.' }),
});
const Schema = Known.extend({
  version: z.int(),
  newest: z.int().meta({ description: 'What is read of an older version is brought to this one, step by step.' }),
  schema: z.record(z.string(), z.json()).meta({ description: 'JSON Schema 2020-12 of the data, as it is stored.' }),
});

const byType = (a: KnownEvent, b: KnownEvent): number => (a.type < b.type ? -1 : 1);

const listSchemas = command({
  name: 'list_schemas',
  kind: 'query',
  summary: 'Every event that this version knows, and under which version it is recorded',
  scope,
  input: z.strictObject({}),
  output: z.object({ data: z.array(Known) }),
  http: { method: 'GET', path: '/schemas', tag },
  cli: 'schemas list',
  examples: [{ title: 'All of them', input: {} }],
  run: async ({ engine }) => {
    const known = [...engine.catalogue.definitions.values()].toSorted(byType);
    return {
      output: { data: known.map(({ type, version, personal }) => ({ type, version, personal: [...personal] })) },
    };
  },
});

const getSchema = command({
  name: 'get_schema',
  kind: 'query',
  summary: 'What a version of an event says, as JSON Schema: what was recorded can be read without this program',
  scope,
  input: z.strictObject({ type: z.string().min(1).max(200), version: z.int().min(1) }),
  output: Schema,
  http: { method: 'GET', path: '/schemas/{type}/{version}', tag },
  cli: 'schemas show',
  problems: ['not_found'],
  examples: [{ title: 'A fact', input: { type: 'FactLearned', version: 1 } }],
  run: async ({ engine }, { type, version }) => {
    const known = engine.catalogue.definitions.get(type);
    const shape = known?.schemas[version - 1];
    if (known === undefined || shape === undefined)
      return problem('not_found', `there is no event ${type} of version ${version}`);
    // As it goes in: a field with a default may be missing from what is stored, and is there in what is read.
    const schema = z.toJSONSchema(shape, { io: 'input' }) as z.output<typeof Schema>['schema'];
    return { output: { type, version, newest: known.version, personal: [...known.personal], schema } };
  },
});

export const schemaOperations = [listSchemas, getSchema] as const;
