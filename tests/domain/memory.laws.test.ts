import fc from 'fast-check';
import { censor } from '../../src/domain/censor/censor.decider.ts';
import { censorLifecycle } from '../../src/domain/censor/censor.lifecycle.ts';
import { episode } from '../../src/domain/episode/episode.decider.ts';
import { episodeLifecycle } from '../../src/domain/episode/episode.lifecycle.ts';
import { fact } from '../../src/domain/fact/fact.decider.ts';
import { factLifecycle } from '../../src/domain/fact/fact.lifecycle.ts';
import { procedure } from '../../src/domain/procedure/procedure.decider.ts';
import { procedureLifecycle } from '../../src/domain/procedure/procedure.lifecycle.ts';
import { workingMemory } from '../../src/domain/working-memory/working-memory.decider.ts';
import { workingMemoryLifecycle } from '../../src/domain/working-memory/working-memory.lifecycle.ts';
import { at, by, id, itemOf, procedureContent, source } from '../support/memory.ts';
import { holdToItsLaws, type Subject } from './laws.ts';

const reason = fc.constantFrom('', 'because');
const other = fc.constantFrom(id(1), id(2), id(3));
const said = (type: string) => fc.record({ type: fc.constant(type), reason, by: fc.constant(by) });

const factCommand = fc.oneof(
  fc.constant({
    ...{ type: 'LearnFact', fact_id: id(1), agent_id: id(9), content: 'Lamps break.', category: null, subject: null },
    ...{ confidence: 0.5, tags: ['a', 'a'], source, contradiction_of: null, supersedes: null, by },
  }),
  fc.constant({ type: 'ConfirmFact', by, source: null }),
  fc.record({ type: fc.constant('ContradictFact'), by_fact_id: other, by: fc.constant(by) }),
  fc.record({ type: fc.constant('SupersedeFact'), superseded_by: other, by: fc.constant(by) }),
  said('DeactivateFact'),
  said('ForgetFact'),
);
const episodeCommand = fc.oneof(
  fc.constant({
    ...{ type: 'StartEpisode', episode_id: id(1), agent_id: id(9), session_id: null, title: null, summary: 'A lamp.' },
    ...{ detail: null, frame: null, trigger: null, participants: ['x'], tags: [], at, by },
  }),
  fc.record({
    type: fc.constant('EndEpisode'),
    outcome: fc.constantFrom('success', 'failure'),
    lessons: fc.constantFrom([], ['pack well']),
    surprise: fc.constantFrom(null, 0.5),
    at: fc.constantFrom(at, '2026-11-20T12:00:00.000Z'),
    by: fc.constant(by),
  }),
  fc.record({ type: fc.constant('LinkDecision'), decision_id: other, by: fc.constant(by) }),
  fc.record({
    type: fc.constant('LinkProcedure'),
    procedure_id: other,
    effectiveness: fc.constantFrom('helped', 'hindered'),
    by: fc.constant(by),
  }),
  said('DeactivateEpisode'),
  said('ForgetEpisode'),
);
const procedureCommand = fc.oneof(
  fc.constant({ type: 'StoreProcedure', procedure_id: id(1), agent_id: id(9), ...procedureContent, source, by }),
  fc.constant({ type: 'ActivateProcedure', by }),
  fc.record({
    type: fc.constant('RecordProcedureOutcome'),
    outcome: fc.constantFrom('success', 'failure', 'neutral'),
    by: fc.constant(by),
  }),
  said('RetireProcedure'),
  said('ForgetProcedure'),
);
const censorCommand = fc.oneof(
  fc.record({
    type: fc.constant('CreateCensor'),
    censor_id: fc.constant(id(1)),
    agent_id: fc.constant(id(9)),
    trigger: fc.constant('refund'),
    reason: fc.constant('none'),
    action: fc.constantFrom('warn', 'block', 'absolute'),
    origin: fc.constantFrom('manual', 'agent', 'automatic'),
    domain: fc.constant(null),
    source: fc.constant(source),
    by: fc.constantFrom(by, 'agent:iris'),
  }),
  fc.constant({ type: 'TriggerCensor', matched: 'refund', session_id: null, turn_id: null, by: 'process:session' }),
  fc.record({ type: fc.constant('EscalateCensor'), by: fc.constantFrom(by, 'agent:iris') }),
  fc.constant({ type: 'MarkFalsePositive', note: '', by }),
  said('LiftCensor'),
  said('ForgetCensor'),
);
const item = fc.tuple(fc.integer({ min: 1, max: 30 }), fc.constantFrom(0, 0.5, 1)).map(([n, r]) => itemOf(n, r));
const workingMemoryCommand = fc.oneof(
  fc.record({
    type: fc.constant('FocusWorkingMemory'),
    session_id: fc.constant(id(1)),
    agent_id: fc.constant(id(9)),
    task: fc.constantFrom('lamps', 'shades'),
    frame: fc.constant(null),
    at: fc.constant(at),
  }),
  fc.record({ type: fc.constant('LoadItems'), items: fc.array(item, { maxLength: 40 }) }),
  fc.record({ type: fc.constant('EvictItem'), ref_id: fc.option(other) }),
  fc.record({
    type: fc.constant('OpenThread'),
    description: fc.constantFrom('ask', 'ASK again'),
    decision_id: fc.constant(null),
    priority: fc.constant('medium'),
  }),
  fc.record({ type: fc.constant('ResolveThread'), text: fc.constantFrom('ask', 'again', 'nothing') }),
  fc.constant({ type: 'ClearWorkingMemory' }),
);

holdToItsLaws([
  {
    noun: 'fact',
    decider: fact,
    life: factLifecycle,
    command: factCommand,
    settling: ['ContradictFact', 'SupersedeFact', 'DeactivateFact', 'ForgetFact'],
  },
  {
    noun: 'episode',
    decider: episode,
    life: episodeLifecycle,
    command: episodeCommand,
    settling: ['EndEpisode', 'LinkDecision', 'LinkProcedure', 'DeactivateEpisode', 'ForgetEpisode'],
  },
  {
    noun: 'procedure',
    decider: procedure,
    life: procedureLifecycle,
    command: procedureCommand,
    settling: ['RetireProcedure', 'ForgetProcedure'],
  },
  {
    noun: 'censor',
    decider: censor,
    life: censorLifecycle,
    command: censorCommand,
    settling: ['LiftCensor', 'ForgetCensor'],
  },
  {
    noun: 'working memory',
    decider: workingMemory,
    life: workingMemoryLifecycle,
    command: workingMemoryCommand,
    settling: ['FocusWorkingMemory', 'LoadItems', 'OpenThread', 'ResolveThread', 'ClearWorkingMemory'],
  },
] as unknown as readonly Subject[]);
