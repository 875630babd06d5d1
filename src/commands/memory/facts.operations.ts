import * as E from 'fp-ts/lib/Either.js';
import { z } from 'zod';
import { idInput } from '../../domain/kernel/id.input.ts';
import { command } from '../context.ts';
import { against, done, FactView, learned, learnedAnswer, LearnedView, said } from './facts.telling.ts';
import { endingOperations } from './endings.ts';
import { absentIn, problems, scope, SourceInput, tag, taught } from './telling.ts';

const fact_id = idInput('fact');
const exampleId = '0198d7a0-0000-7000-8000-000000000021';

const newFact = {
  content: 'The lamp L-20 breaks in transit.',
  confidence: 0.9,
  category: null,
  subject: null,
  tags: [],
};

const learnFactOperation = command({
  name: 'learn_fact',
  kind: 'command',
  summary: 'Tell an agent what is true; what it holds already is confirmed',
  description:
    'Where texts can be embedded, a fact that says the same (cosine similarity above 0.95) is confirmed instead.',
  scope,
  input: z.strictObject(said),
  output: LearnedView,
  http: { method: 'POST', path: '/facts', tag },
  cli: 'facts learn',
  problems: ['not_found'],
  examples: [{ title: 'About a lamp', input: { ...newFact, subject: 'lamp L-20' } }],
  run: async (context, given, call) => {
    const outcome = await learned(context, call, given);
    return E.isLeft(outcome) ? outcome.left : learnedAnswer(outcome.right);
  },
});

const contradictFact = command({
  name: 'contradict_fact',
  kind: 'command',
  summary: 'Say otherwise: both facts stand, and the older one is held less surely',
  scope,
  input: z.strictObject({ fact_id, ...said }),
  output: LearnedView,
  http: { method: 'POST', path: '/facts/{fact_id}/contradict', tag },
  cli: 'facts contradict',
  problems,
  examples: [{ title: 'It does not break', input: { fact_id: exampleId, ...newFact } }],
  run: (context, { fact_id: older, ...given }, call) =>
    against(context, call, given, older, {
      cites: 'contradiction_of',
      says: (by_fact_id, newer) => ({ type: 'ContradictFact', by_fact_id, newer, by: call.principal.actor }),
    }),
});

const supersedeFact = command({
  name: 'supersede_fact',
  kind: 'command',
  summary: 'Correct a fact: another one takes its place, and it is recalled no more',
  scope,
  input: z.strictObject({ fact_id, ...said }),
  output: LearnedView,
  http: { method: 'POST', path: '/facts/{fact_id}/supersede', tag },
  cli: 'facts supersede',
  problems,
  examples: [{ title: 'Since they are packed upright', input: { fact_id: exampleId, ...newFact } }],
  run: (context, { fact_id: older, ...given }, call) =>
    against(context, call, given, older, {
      cites: 'supersedes',
      says: (superseded_by, newer) => ({ type: 'SupersedeFact', superseded_by, newer, by: call.principal.actor }),
    }),
});

const confirmFact = command({
  name: 'confirm_fact',
  kind: 'command',
  summary: 'Say a fact again',
  scope,
  input: z.strictObject({ fact_id, source: SourceInput.optional() }),
  output: FactView,
  http: { method: 'POST', path: '/facts/{fact_id}/confirm', tag },
  cli: 'facts confirm',
  problems,
  examples: [{ title: 'By id', input: { fact_id: exampleId } }],
  run: async (context, { fact_id: id, source }, call) =>
    (await absentIn(context, call, { source })) ??
    (await done(context, call, id, { type: 'ConfirmFact', by: call.principal.actor, source: taught(source) })),
});

const ended = endingOperations(
  {
    ...{ noun: 'fact', plural: 'facts', id: fact_id, view: FactView, done },
    example: { id: exampleId, reason: 'asked for by the customer' },
  },
  [
    {
      name: 'retract_fact',
      verb: 'retract',
      asked: (why) => ({ type: 'DeactivateFact' as const, ...why }),
      summary: 'Say that a fact holds no more: it is kept, and recalled no more',
    },
    {
      name: 'forget_fact',
      verb: 'forget',
      asked: (why) => ({ type: 'ForgetFact' as const, ...why }),
      summary: 'Forget a fact: no read model holds what it said, and it is recalled no more',
    },
  ],
);

export const factOperations = [learnFactOperation, confirmFact, contradictFact, supersedeFact, ...ended] as const;
