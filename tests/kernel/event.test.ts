import * as E from 'fp-ts/lib/Either.js';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { catalogue } from '../../src/domain/catalogue.ts';
import { catalogueOf } from '../../src/domain/kernel/catalogue.ts';
import { event } from '../../src/domain/kernel/event.ts';

const MailSent = event('MailSent', z.object({ to: z.string(), text: z.string() }), { personal: ['to', 'text'] })
  .revised(z.object({ to: z.array(z.string()), text: z.string() }), ({ to, text }) => ({ to: [to], text }))
  .revised(z.object({ recipients: z.array(z.string()), text: z.string(), urgent: z.boolean() }), ({ to, text }) => ({
    recipients: to,
    text,
    urgent: false,
  }));
const today = { recipients: ['ada'], text: 'hello', urgent: false };
const mails = catalogueOf([MailSent]);
const stored = (type: string, data: unknown, metadata: Readonly<Record<string, string>> = {}) => ({
  id: '00000000-0000-4000-8000-000000000000',
  type,
  stream: 'mail-1',
  revision: 0,
  position: 1n,
  recorded_at: '2026-01-01T00:00:00.000Z',
  data,
  metadata,
});

describe('an event', () => {
  it('is made in the shape of today', () => {
    expect(MailSent(today)).toEqual({ type: 'MailSent', data: today });
    expect(MailSent.version).toBe(3);
    expect(MailSent.schemas).toHaveLength(3);
  });
  it('reads every version there ever was into the shape of today', () => {
    expect(MailSent.read(1, { to: 'ada', text: 'hello' })).toEqual(E.right(today));
    expect(MailSent.read(2, { to: ['ada'], text: 'hello' })).toEqual(E.right(today));
    expect(MailSent.read(3, today)).toEqual(E.right(today));
  });
  it('parses a payload by the schema of its own version', () => {
    expect(MailSent.read(2, { to: 'ada', text: 'hello' })).toMatchObject({
      left: { reason: 'MalformedData', type: 'MailSent', version: 2 },
    });
  });
  it.each([4, 0, -1, 1.5, Number.NaN])('refuses version %s, which this build does not know', (version) => {
    expect(MailSent.read(version, today)).toMatchObject({
      left: { reason: 'UnsupportedVersion', type: 'MailSent', newest: 3 },
    });
  });
  it('says what is malformed, and where', () => {
    const read = MailSent.read(3, { recipients: ['ada', 7], text: 'hello', urgent: false });
    expect(read).toMatchObject({
      left: { reason: 'MalformedData', issues: expect.stringContaining('recipients.1: ') },
    });
    expect(MailSent.read(3, null)).toMatchObject({ left: { issues: expect.stringContaining('(root): ') } });
  });
  it('names its personal fields, and keeps them named through every version', () => {
    expect(MailSent.personal).toEqual(['to', 'text']);
  });
  it('checks what is about to be recorded', () => {
    expect(MailSent.check(today)).toEqual(E.right(today));
    expect(E.isLeft(MailSent.check({ to: 'ada', text: 'hello' }))).toBe(true);
  });
});

describe('a catalogue', () => {
  it('reads a stored event by the version in its metadata, the first where none is said', () => {
    const older = mails.read(stored('MailSent', { to: 'ada', text: 'hello' }));
    const newest = mails.read(stored('MailSent', today, { version: '3' }));
    for (const read of [older, newest]) expect(read).toMatchObject({ right: { stream: 'mail-1', data: today } });
  });
  it('tells a type it does not know from a version it does not know, and from data that is malformed', () => {
    expect(mails.read(stored('MailBurnt', {}))).toEqual(E.left({ reason: 'UnknownEventType', type: 'MailBurnt' }));
    expect(mails.read(stored('MailSent', today, { version: '9' }))).toMatchObject({
      left: { reason: 'UnsupportedVersion', version: 9, newest: 3 },
    });
    expect(mails.read(stored('MailSent', today, { version: 'latest' }))).toMatchObject({
      left: { reason: 'UnsupportedVersion' },
    });
    expect(mails.read(stored('MailSent', 'not JSON at all', { version: '3' }))).toMatchObject({
      left: { reason: 'MalformedData' },
    });
  });
  it('does not take a name from the prototype for an event', () => {
    expect(mails.read(stored('constructor', {}))).toMatchObject({ left: { reason: 'UnknownEventType' } });
  });
  it('gives the version under which an event of today is recorded, and throws where its schema refuses it', () => {
    expect(mails.versionOf(MailSent(today))).toBe(3);
    expect(() => mails.versionOf({ type: 'MailSent', data: {} })).toThrow('MalformedData');
    expect(() => mails.versionOf({ type: 'MailBurnt', data: {} })).toThrow('not in the catalogue');
  });
  it('refuses two definitions of one name', () => {
    expect(() => catalogueOf([MailSent], [MailSent])).toThrow('MailSent is defined twice');
  });
});

describe('the catalogue of this build', () => {
  it('names as personal only fields that the newest shape has', () => {
    for (const { type, personal, schemas } of catalogue.definitions.values()) {
      const newest = schemas.at(-1);
      if (!(newest instanceof z.ZodObject)) throw new Error(`${type} is no object`);
      for (const field of personal) expect(Object.keys(newest.shape), type).toContain(field);
    }
  });
  it('names every field that holds what somebody said', () => {
    const personal = [...catalogue.definitions.values()].flatMap((each) =>
      each.personal.map((field) => `${each.type}.${field}`),
    );
    expect(personal.toSorted()).toEqual([
      'ApprovalRequested.paper',
      'CensorCreated.reason',
      'CensorCreated.trigger',
      'CensorFalsePositiveMarked.note',
      'CensorTriggered.matched',
      'DecisionBlocked.bridge',
      'DecisionBlocked.context',
      'DecisionBlocked.description',
      'DecisionBlocked.pattern',
      'DecisionBlocked.reasons',
      'DecisionProposed.approval',
      'DecisionProposed.bridge',
      'DecisionProposed.context',
      'DecisionProposed.description',
      'DecisionProposed.pattern',
      'DecisionProposed.reasons',
      'DecisionRecorded.bridge',
      'DecisionRecorded.context',
      'DecisionRecorded.description',
      'DecisionRecorded.pattern',
      'DecisionRecorded.reasons',
      'DecisionReviewed.result',
      'DecisionThoughtAdded.text',
      'DecisionUpdated.bridge',
      'DecisionUpdated.context',
      'DecisionUpdated.description',
      'DecisionUpdated.pattern',
      'DirectiveAmended.args',
      'DirectiveApprovalRequested.action',
      'DirectiveApprovalRequested.verdict',
      'DirectiveCompleted.result',
      'DirectiveDrafted.content',
      'DirectiveJudged.steps',
      'DirectiveRevised.content',
      'EpisodeEnded.lessons',
      'EpisodeStarted.detail',
      'EpisodeStarted.participants',
      'EpisodeStarted.summary',
      'EpisodeStarted.title',
      'FactContradicted.newer',
      'FactLearned.content',
      'FactLearned.subject',
      'FactSuperseded.newer',
      'ModelReplied.text',
      'ModelReplied.tool_uses',
      'ProcedureStored.core_concepts',
      'ProcedureStored.core_patterns',
      'ProcedureStored.core_tools',
      'ProcedureStored.description',
      'ProcedureStored.goals',
      'ProcedureStored.implementation_notes',
      'ProcedureStored.name',
      'RunCompleted.result',
      'RunCreated.approval',
      'RunCreated.plan',
      'SessionReflected.facts',
      'SessionReflected.lessons',
      'SessionReflected.procedures',
      'SessionReflected.text',
      'StepAmended.args',
      'StepApprovalRequested.action',
      'StepApprovalRequested.verdict',
      'StepJudged.action',
      'StepJudged.compensation',
      'StepJudged.question',
      'StepJudged.verdict',
      'StepOutcomeResolved.result',
      'StepSucceeded.result',
      'StepSucceeded.undo',
      'ToolCallEnded.content',
      'ToolsRequested.calls',
      'TurnAssessed.candidates',
      'TurnReceived.text',
      'UndoJudged.question',
      'UndoJudged.verdict',
      'UndoSucceeded.result',
      'WorkingMemoryFocused.task',
      'WorkingMemoryLoaded.items',
      'WorkingMemoryThreadOpened.description',
      'WorkingMemoryThreadsResolved.descriptions',
    ]);
  });
});
