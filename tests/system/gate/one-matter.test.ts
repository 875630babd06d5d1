import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask, askFresh, dataFolder, startHere, type Body } from '../../support/acta.ts';
import { costly, grave } from '../../support/gate.ts';
import { asked, decided, eventsOf, happened, policyWith, proposed, runEnd, runOf, step } from '../../support/gated.ts';

let url: string;

beforeAll(async () => {
  const capabilities = [grave(() => undefined), costly(10, () => undefined)];
  ({ url } = await startHere(await dataFolder(afterAll), {}, afterAll, { capabilities }));
});

/** Every event of the matter that a stream's first event belongs to, in the order of the log. */
const matter = async (stream: string): Promise<readonly Body[]> => {
  const [first] = await eventsOf(url, stream);
  const { body } = await askFresh(url, `/events?correlation_id=${first.correlation_id}&direction=forward&limit=200`);
  return body.data;
};

const typesIn = (events: readonly Body[], category: string): readonly string[] =>
  events.filter(({ stream }) => stream.startsWith(`${category}-`)).map(({ type }) => type);

/** What led to an event, the nearest first. */
const led = async ({ id }: Body): Promise<readonly string[]> => {
  const { body } = await askFresh(url, `/events/${id}`);
  return body.causes.map(({ type }: Body) => type);
};

describe('what was asked, agreed to and done', () => {
  it('is one matter, from the first word over the agreement to the last call', async () => {
    await ask(url, '/budgets', { body: { scope: { kind: 'tenant' }, period: 'total', limit_micros: 1_000 } });
    const steps = [step('look', 'test.costly'), step('act', 'test.grave', { amount: 1 }, { depends_on: ['look'] })];
    const { body } = await proposed(url, steps);
    const stream = `directive-${body.directive_id}`;
    const run_id = await runOf(url, body.directive_id);
    const request = await asked(url, `run-${run_id}`);
    expect(await decided(url, request)).toMatchObject({ status: 200 });
    await runEnd(url, run_id);
    await happened(url, stream, ['DirectiveCompleted']);

    const all = await matter(stream);
    expect(typesIn(all, 'approval')).toEqual([
      'ApprovalRequested',
      'ApprovalVoteCast',
      'ApprovalGranted',
      'ApprovalUsed',
    ]);
    expect(typesIn(all, 'budget')).toContain('BudgetReserved');
    expect(typesIn(all, 'run').at(-1)).toBe('RunCompleted');
    expect(typesIn(all, 'directive').at(-1)).toBe('DirectiveCompleted');
    const intents = all.filter(({ type }) => type === 'StepIntended');
    const causes = await led(intents.at(-1));
    expect(causes).toContain('ApprovalGranted');
    expect(causes).toContain('ApprovalRequested');
    expect(causes.at(-1)).toBe('DirectiveApproved');
    expect(await led(all.find(({ type }) => type === 'ApprovalUsed'))).toContain('StepCleared');
    expect(await led(all.find(({ type }) => type === 'BudgetReserved'))).toContain('StepCleared');
  }, 60_000);

  it('leads from a policy that is in force back to who wanted that', async () => {
    const { body: policy } = await ask(url, '/policies', { body: { document: policyWith({ name: 'another' }) } });
    const { policy_id, newest_version: policy_version, digest } = policy;
    const input = { policy_version, digest, reason: 'a test' };
    const { body } = await ask(url, `/policies/${policy_id}/activate`, { body: input });
    const stream = `directive-${body.directive.directive_id}`;
    await decided(url, await asked(url, stream));
    await happened(url, stream, ['DirectiveCompleted']);
    const activations = (await matter(stream)).filter(({ type }) => type === 'PolicyActivated');
    expect(activations).toHaveLength(1);
    const causes = await led(activations[0]);
    expect(causes[0]).toBe('StepIntended');
    expect(causes).toContain('ApprovalGranted');
  }, 60_000);

  it('stays one where a person gives other arguments, agrees to more, pauses the run and lets it go on', async () => {
    const { body } = await proposed(url, [step('act', 'test.grave', { amount: 900 })]);
    const stream = `directive-${body.directive_id}`;
    const first = await asked(url, stream);
    const edit = { args: { amount: 9 }, reason: 'less' };
    const edited = await ask(url, `/approvals/${first.approval_id}/edit`, { body: edit });
    expect(edited.status).toBe(202);
    const events = await eventsOf(url, stream);
    const { approval_id } = events.findLast(({ type }) => type === 'DirectiveApprovalRequested').data;
    const { data } = await happened(url, `approval-${approval_id}`, ['ApprovalRequested']);
    const { action_digest } = data.paper;
    const grant = { uses_max: 1, expires_at: new Date(Date.now() + 3_600_000).toISOString(), constraints: [] };
    const agreed = await decided(url, { approval_id, action_digest }, 'approve', { grant });
    expect(agreed).toMatchObject({ status: 200, body: { status: 'granted' } });
    await happened(url, stream, ['DirectiveCompleted']);

    const all = await matter(stream);
    expect(all.map(({ type }) => type)).toEqual(
      expect.arrayContaining(['DirectiveAmended', 'ApprovalSuperseded', 'GrantIssued', 'RunCompleted']),
    );
    expect(await led(all.find(({ type }) => type === 'GrantIssued'))).toContain('ApprovalRequested');
  }, 60_000);

  it('takes in what people say to a run while it is under way', async () => {
    const later = step('act', 'test.grave', { amount: 1 }, { depends_on: ['wait'] });
    const wait = { kind: 'human_approval', step_id: 'wait', message: 'May it?', depends_on: [] };
    const { body } = await proposed(url, [wait, later]);
    const run_id = await runOf(url, body.directive_id);
    await asked(url, `run-${run_id}`);
    for (const [what, reason] of Object.entries({ pause: 'a look', resume: 'well', cancel: 'no more' }))
      expect(await ask(url, `/runs/${run_id}/${what}`, { body: { reason } })).toMatchObject({ status: 200 });
    await runEnd(url, run_id);
    const all = await matter(`directive-${body.directive_id}`);
    expect(typesIn(all, 'run')).toEqual(
      expect.arrayContaining(['RunPaused', 'RunResumed', 'RunCancelRequested', 'RunCanceled']),
    );
    expect(await led(all.find(({ type }) => type === 'RunCancelRequested'))).toContain('RunResumed');
  }, 60_000);
});
