import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { approvals } from '../../../src/projections/approvals/approvals.projection.ts';
import { getApproval, listApprovals, listPrecedents } from '../../../src/projections/approvals/approvals.queries.ts';
import { grants } from '../../../src/projections/grants/grants.projection.ts';
import { getGrant, listGrants } from '../../../src/projections/grants/grants.queries.ts';
import { expectSameAgain, stage, story, told, type Stage } from './stories.ts';

const granted = ['ApprovalRequested', 'ApprovalVoteCast', 'ApprovalVoteCast', 'ApprovalGranted'];
const approvalStories = {
  open: ['ApprovalRequested', 'ApprovalAnnouncementFailed', 'ApprovalAnnouncementDue', 'ApprovalAnnounced'],
  granted,
  denied: ['ApprovalRequested', 'ApprovalVoteCast', 'ApprovalDenied'],
  expired: ['ApprovalRequested', 'ApprovalExpired'],
  withdrawn: ['ApprovalRequested', 'ApprovalWithdrawn'],
  superseded: ['ApprovalRequested', 'ApprovalSuperseded'],
  invalidated: [...granted, 'ApprovalInvalidated'],
};

const grantStories = {
  live: ['GrantIssued', 'GrantUsed'],
  exhausted: ['GrantIssued', 'GrantUsed', 'GrantExhausted'],
  revoked: ['GrantIssued', 'GrantRevoked'],
};

const toldApprovals = told('approval', approvalStories);
const toldGrants = told('grant', grantStories);
const used = story('approval used');
const projections = [approvals, grants];

describe('what people agree to', () => {
  let on: Stage;
  beforeAll(async () => {
    const many = [...toldApprovals, ...toldGrants].map(([, own, events]) => [own, events] as const);
    on = await stage(projections, [...many, [used, [...granted, 'ApprovalUsed'].map((type) => used.event(type))]]);
  });
  afterAll(() => on.discard());

  it.each(toldApprovals)('shows approvals that are %s', async (status, own, events) => {
    const approval_id = own.idOf('ApprovalRequested', 'approval_id');
    const { output, revision } = await on.ask(getApproval, { approval_id });
    expect(output).toMatchObject({ status, used: false, capability_id: 'io.fs.write_file', risk_level: 'medium' });
    // The log's own revision of its stream, which a decision has to match.
    expect(revision).toBe(events.length - 1);
    const listed = await on.ask(listApprovals, { status: [status], capability_id: 'io.fs.write_file' });
    expect(listed.output?.data).toContainEqual(output);
    expect(new Set(listed.output?.data.map((row) => row['status']))).toEqual(new Set([status]));
    expect(await on.ask(getApproval, { approval_id }, 'another')).toMatchObject({ code: 'not_found' });
  });

  it('counts votes, tells announcements, and knows what was used', async () => {
    const of = (name: string) =>
      toldApprovals.find(([status]) => status === name)?.[1].idOf('ApprovalRequested', 'approval_id');
    const shown = async (approval_id: string | undefined) => (await on.ask(getApproval, { approval_id })).output;
    expect(await shown(of('granted'))).toMatchObject({
      agreed: 2,
      quorum: 2,
      ended_at: null,
      votes: [{ vote: 'approve' }, {}],
    });
    expect(await shown(of('denied'))).toMatchObject({ changes_requested: true, reason: 'Not before Friday.' });
    expect(await shown(of('invalidated'))).toMatchObject({ differs: ['spec_digest', 'preconditions'] });
    expect(await shown(of('open'))).toMatchObject({
      announcements: [
        { attempt: 1, ok: false },
        { attempt: 2, ok: true },
      ],
    });
    const approval_id = used.idOf('ApprovalRequested', 'approval_id');
    const run_id = used.idOf('ApprovalUsed', 'run_id');
    expect(await shown(approval_id)).toMatchObject({ status: 'granted', used: true, run_id });
    expect((await on.ask(listApprovals, { run_id })).output?.data.map((row) => row['approval_id'])).toEqual([
      approval_id,
    ]);
  });

  it('knows what was asked before about the same capability', async () => {
    const approval_id = used.idOf('ApprovalRequested', 'approval_id');
    const { output } = await on.ask(listPrecedents, { approval_id, limit: 3 });
    expect(output?.data).toHaveLength(3);
    expect(output?.data.map((row) => row['approval_id'])).not.toContain(approval_id);
    expect(output?.['counts']).toEqual(Object.fromEntries(toldApprovals.map(([status]) => [status, 1])));
    expect(await on.ask(listPrecedents, { approval_id: used.idOf('RunCreated', 'run_id'), limit: 3 })).toMatchObject({
      code: 'not_found',
    });
  });

  it.each(toldGrants)('shows grants that are %s', async (status, own) => {
    const grant_id = own.idOf('GrantIssued', 'grant_id');
    const { output } = await on.ask(getGrant, { grant_id });
    expect(output).toMatchObject({
      status,
      uses: status === 'revoked' ? 0 : 1,
      uses_max: 2,
      expires_at: '2026-12-01T00:00:00.000Z',
    });
    expect((await on.ask(listGrants, { status: [status] })).output?.data).toEqual([output]);
  });

  it('is the same when it is folded again, and without a database', async () => {
    await expectSameAgain(on, projections);
  });
});
