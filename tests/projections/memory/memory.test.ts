import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { censors } from '../../../src/projections/censors/censors.projection.ts';
import { episodes } from '../../../src/projections/episodes/episodes.projection.ts';
import { facts } from '../../../src/projections/facts/facts.projection.ts';
import { memoryItems } from '../../../src/projections/memory/memory-items.projection.ts';
import { procedures } from '../../../src/projections/procedures/procedures.projection.ts';
import { workingMemories } from '../../../src/projections/working-memories/working-memories.projection.ts';
import { expectSameAgain, stage, story, type Stage } from '../gate/stories.ts';

const [kept, gone, over] = [story('kept'), story('forgotten'), story('over')];
const projections = [facts, episodes, procedures, censors, workingMemories, memoryItems];
const secret = 'a canary that sings of nobody';

describe('what is remembered', () => {
  let on: Stage;
  beforeAll(async () => {
    const [k, g, o] = [kept.event, gone.event, over.event];
    on = await stage(projections, [
      [
        kept,
        [
          ...[k('FactLearned'), k('FactConfirmed'), k('FactContradicted')],
          ...[k('EpisodeStarted'), k('EpisodeDecisionLinked'), k('EpisodeProcedureLinked')],
          ...[k('EpisodeProcedureLinked', { effectiveness: 'neutral' }), k('EpisodeEnded')],
          ...[k('ProcedureStored'), k('ProcedureActivated'), k('ProcedureOutcomeRecorded')],
          ...[k('CensorCreated', { action: 'warn' }), k('CensorTriggered'), k('CensorEscalated')],
          ...[k('WorkingMemoryFocused'), k('WorkingMemoryLoaded', { evicted: [] }), k('WorkingMemoryThreadOpened')],
        ],
      ],
      [
        over,
        [
          ...[o('FactLearned'), o('FactSuperseded'), o('EpisodeStarted'), o('EpisodeDeactivated')],
          ...[o('ProcedureStored'), o('ProcedureRetired'), o('CensorCreated'), o('CensorLifted')],
          ...[o('WorkingMemoryFocused'), o('WorkingMemoryCleared')],
        ],
      ],
      [
        gone,
        [
          ...[g('FactLearned', { content: secret, subject: secret }), g('FactForgotten')],
          ...[
            g('EpisodeStarted', { summary: secret }),
            g('EpisodeEnded', { lessons: [secret] }),
            g('EpisodeForgotten'),
          ],
          ...[g('ProcedureStored', { name: secret }), g('ProcedureForgotten')],
          ...[g('CensorCreated', { trigger: secret }), g('CensorTriggered', { matched: secret }), g('CensorForgotten')],
        ],
      ],
    ]);
  });
  afterAll(() => on.discard());

  it('is shown as it stands: what ended is kept, and says so', async () => {
    const of = async (projection: (typeof projections)[number], field: string) =>
      (await on.rows(projection)).map((row) => row[field]).toSorted();
    expect(await of(facts, 'status')).toEqual(['current', 'superseded']);
    expect(await of(facts, 'confidence')).toEqual([0.7, 0.9]);
    expect(await of(episodes, 'outcome')).toEqual(['ongoing', 'success']);
    expect(await of(procedures, 'active')).toEqual([false, true]);
    expect(await of(censors, 'action')).toEqual(['block', 'block']);
    expect(await on.rows(workingMemories)).toMatchObject([{ items: [{ relevance: 0.8 }], threads: [{}] }]);
    expect(await on.rows(episodes)).toContainEqual(
      expect.objectContaining({ procedures: [expect.objectContaining({ effectiveness: 'neutral' })] }),
    );
  });

  it('can be recalled while it is active, each thing once', async () => {
    const rows = await on.rows(memoryItems);
    const shown = rows.map(({ kind, active }) => `${String(kind)} ${String(active)}`).toSorted();
    expect(shown).toEqual(
      ['censor', 'episode', 'fact', 'procedure'].flatMap((kind) => [`${kind} false`, `${kind} true`]),
    );
    const ended = rows.find(({ kind, active }) => kind === 'episode' && active === true);
    expect(ended?.['text']).toContain('Pack lamps upright.');
  });

  it('is in no read model once it was forgotten', async () => {
    for (const projection of projections)
      for (const row of await on.rows(projection))
        expect(
          JSON.stringify(row, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value)),
        ).not.toContain(secret);
  });

  it('keeps no words of items in a working memory: they are asked for where they are kept', async () => {
    const [row] = await on.rows(workingMemories);
    expect(row?.['items']).toEqual([expect.not.objectContaining({ summary: expect.anything() })]);
  });

  it('is the same when it is folded again, and without a database', () => expectSameAgain(on, projections));
});
