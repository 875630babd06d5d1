import { describe, expect, it } from 'vitest';
import * as E from 'fp-ts/lib/Either.js';
import { fact, type FactCommand } from '../../src/domain/fact/fact.decider.ts';
import { fold } from '../../src/domain/kernel/decider.ts';
import { learnNewerFacts } from '../../src/domain/reactions/learn-newer-facts.reaction.ts';
import { asks, golden } from './recorded.ts';

const newer = {
  ...{ agent_id: '5a1e0c2b-3d4f-5a6b-8c7d-9e0f1a2b3c09', content: 'Open till six.', category: null, subject: null },
  ...{ confidence: 1, tags: [], source: golden('FactLearned').data['source'] },
};

describe('learn_newer_facts', () => {
  it.each([
    ['FactSuperseded', 'superseded_by', 'supersedes', 'contradiction_of'],
    ['FactContradicted', 'by_fact_id', 'contradiction_of', 'supersedes'],
  ])('%s has the newer fact learned, should nobody else get there, and once', (type, names, cites, other) => {
    const event = golden(type, { newer });
    const [request, ...more] = asks(learnNewerFacts, event);
    expect(more).toEqual([]);
    const command = request?.command as FactCommand;
    expect(request?.stream).toBe(`fact-${String(event.data[names])}`);
    expect(command).toMatchObject({ type: 'LearnFact', content: newer.content, [cites]: event.data['fact_id'] });
    expect(command).toMatchObject({ [other]: null, fact_id: event.data[names] });
    const learned = fact.decide(command, fact.initial);
    if (E.isLeft(learned)) throw new Error('it is learned');
    expect(fact.decide(command, fold(fact, fact.initial, learned.right))).toEqual(E.right([]));
  });

  it('asks for nothing where the newer fact was held already', () => {
    expect(asks(learnNewerFacts, golden('FactSuperseded', { newer: null }))).toEqual([]);
    expect(asks(learnNewerFacts, golden('FactContradicted', { newer: null }))).toEqual([]);
  });
});
