import { z } from 'zod';
import { idInput } from '../../domain/kernel/id.input.ts';
import { streamOf } from '../../domain/kernel/ids.ts';
import { Source } from '../../domain/memory/source.ts';
import { EventRef, causesOf, ref } from '../events/events.queries.ts';
import { EventShown, eventShown } from '../events/event.view.ts';
import { missing, query, type QueryContext } from '../queries.ts';

const tag = 'memory';
const scope = 'memory:read';
const exampleId = '0198d7a0-0000-7000-8000-000000000021';
const fact_id = idInput('fact');
/** More of a fact's events are in its stream. */
const eventsMax = 200;

const sourceOf = ({ ask }: QueryContext, id: string, tenant: string) =>
  ask((db) =>
    db.selectFrom('facts').select('source').where('fact_id', '=', id).where('tenant', '=', tenant).executeTakeFirst(),
  );

const getFactProvenance = query({
  name: 'get_fact_provenance',
  kind: 'query',
  summary: 'Where a fact comes from: its source, and what caused it, back to the first event',
  description:
    'Causes run from the nearest to the first. It says who and when, never what: so it stays when a fact is forgotten.',
  scope,
  input: z.strictObject({ fact_id }),
  output: z.object({
    fact_id: z.uuid(),
    source: Source.nullable(),
    event: EventRef,
    causes: z.array(EventRef),
    root: EventRef,
  }),
  reads: 'event_index',
  http: { method: 'GET', path: '/facts/{fact_id}/provenance', tag },
  cli: 'facts provenance',
  examples: [{ title: 'By id', input: { fact_id: exampleId } }],
  run: async (context, given, { principal: { tenant } }) => {
    const learned = await context.ask((db) =>
      db
        .selectFrom('event_index')
        .selectAll()
        .where('stream', '=', streamOf('fact', given.fact_id))
        .where('type', '=', 'FactLearned')
        .where('tenant', '=', tenant)
        .executeTakeFirst(),
    );
    if (learned === undefined) return missing('fact', given.fact_id);
    const [causes, known] = await Promise.all([
      causesOf(context, learned, tenant),
      sourceOf(context, given.fact_id, tenant),
    ]);
    const event = ref(learned);
    const refs = causes.map(ref);
    return {
      output: { ...given, source: known?.source ?? null, event, causes: refs, root: refs.at(-1) ?? event },
    };
  },
});

/** What was said against a fact is a fact of its own: it is read there, and where it was forgotten, nowhere. */
const withoutNewer = (shown: EventShown): EventShown => {
  const { newer: _, ...data } = (shown.data ?? {}) as Readonly<Record<string, unknown>>;
  return { ...shown, data };
};

const getFactHistory = query({
  name: 'get_fact_history',
  kind: 'query',
  summary: 'What became of a fact, event by event; what was said against it is told by the fact that says so',
  scope,
  input: z.strictObject({ fact_id }),
  output: z.object({ events: z.array(EventShown) }),
  reads: 'facts',
  http: { method: 'GET', path: '/facts/{fact_id}/history', tag },
  cli: 'facts history',
  examples: [{ title: 'By id', input: { fact_id: exampleId } }],
  run: async (context, given, { principal: { tenant } }) => {
    // What was forgotten has no row, and is not told here either.
    if ((await sourceOf(context, given.fact_id, tenant)) === undefined) return missing('fact', given.fact_id);
    const events: EventShown[] = [];
    for await (const page of context.log.read(streamOf('fact', given.fact_id), { limit: eventsMax }))
      events.push(...page.map((stored) => withoutNewer(eventShown(stored))));
    return { output: { events } };
  },
});

export const factOriginQueries = [getFactProvenance, getFactHistory] as const;
