import { randomUUID } from 'node:crypto';
import * as E from 'fp-ts/lib/Either.js';
import { expect, it } from 'vitest';
import { aggregates } from '../../src/commands/aggregates.ts';
import { execute } from '../../src/commands/execute.ts';
import { react } from '../../src/commands/react.ts';
import { fact, type FactCommand } from '../../src/domain/fact/fact.decider.ts';
import { learnNewerFacts } from '../../src/domain/reactions/learn-newer-facts.reaction.ts';
import { by, source } from '../support/memory.ts';
import { quietJournal } from '../support/quiet.journal.ts';
import { engineOn, eventsIn, typesIn } from './engines.ts';
import { openLog } from './setting.ts';

const log = await openLog();
const engine = engineOn(log);

const told = async (id: string, command: FactCommand): Promise<void> => {
  const provenance = { command_id: randomUUID(), actor: by, tenant: 'default', correlation_id: randomUUID() };
  const outcome = await execute(engine, fact, `fact-${id}`, command, provenance);
  if (E.isLeft(outcome)) throw new Error(outcome.left.reason);
};

it('a fact whose teller is gone after it took the place of another is learned all the same, once', async () => {
  const [older, newer] = [randomUUID(), randomUUID()];
  const content = { content: 'Open till five.', category: null, subject: null, confidence: 1, tags: [], source };
  const said = { agent_id: randomUUID(), ...content };
  await told(older, { type: 'LearnFact', fact_id: older, ...said, contradiction_of: null, supersedes: null, by });
  const better = { ...said, content: 'Open till six.' };
  await told(older, { type: 'SupersedeFact', superseded_by: newer, newer: better, by });
  expect(await typesIn(log, `fact-${newer}`)).toEqual([]);
  const event = (await eventsIn(log, `fact-${older}`)).at(-1);
  const journal = quietJournal();
  const handle = react(engine, aggregates, [learnNewerFacts], journal);
  await handle(event!);
  await handle(event!);
  const [learned, ...more] = await eventsIn(log, `fact-${newer}`);
  expect(learned).toMatchObject({ type: 'FactLearned', data: { ...better, supersedes: older, by } });
  expect(more).toEqual([]);
  // Whoever said it may ask again: it is done.
  await told(newer, { type: 'LearnFact', fact_id: newer, ...better, contradiction_of: null, supersedes: older, by });
  expect(await typesIn(log, `fact-${newer}`)).toEqual(['FactLearned']);
  expect(journal.told).toEqual([]);
});
