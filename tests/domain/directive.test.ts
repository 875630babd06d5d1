import { describe, expect, it } from 'vitest';
import type { DirectiveCommand } from '../../src/domain/directive/directive.commands.ts';
import { digest } from '../../src/domain/kernel/digest.ts';
import { content, draft, proposal, propose, telling } from './directive.story.ts';
import { asking, at, denying, directive_id, faulty, found, grant_id, ok, run_id, step, word } from './run.story.ts';

const asked = { a: found({}, { active: asking }) };
const approved = (ending: 'granted' | 'denied' | 'expired', approval_id: string): DirectiveCommand => ({
  type: 'RecordDirectiveApproval',
  approval_id,
  ending,
  reason: '',
  at: at(1),
});
const dispatched: DirectiveCommand = { type: 'RecordDispatch', outcome: ok({ run_id }) };
const end = (run_status: 'completed' | 'failed' | 'canceled'): DirectiveCommand => ({
  type: 'EndDirective',
  run_id,
  run_status,
  code: run_status === 'failed' ? 'refused' : null,
  message: 'so it went',
  result: { n: 1 },
  at: at(2),
});

describe('a directive that is drafted', () => {
  it('waits, and can be written anew, until it is proposed (D10, C17)', () => {
    const play = telling(draft(null));
    const better = content([step('a')], { objective: 'refund 43' });
    expect(play.tell({ type: 'ReviseDirective', content: better, by: 'key:ola' })).toEqual(['DirectiveRevised']);
    expect(play.tell(propose())).toEqual(['DirectiveProposed', 'DirectiveJudged', 'DirectiveApproved']);
    expect(play.last('DirectiveProposed').content_digest).toBe(digest(better));
    expect(play.refusal({ type: 'ReviseDirective', content: content(), by: 'key:ola' })).toMatchObject({
      reason: 'OutOfLifecycle',
    });
  });

  it('can be proposed in the same breath', () => {
    expect(telling(draft()).types()).toEqual([
      'DirectiveDrafted',
      'DirectiveProposed',
      'DirectiveJudged',
      'DirectiveApproved',
    ]);
  });

  it('is not recorded where its arguments cannot be right', () => {
    const play = telling();
    const wrong = draft({ a: found({ fault: 'path: is missing' }) });
    expect(play.refusal(wrong)).toEqual({ reason: 'ArgumentsInvalid', step_id: 'a', message: 'path: is missing' });
    expect(play.refusal(propose())).toEqual({ reason: 'DirectiveUnknown' });
  });
});

describe('the gate’s word on a directive', () => {
  it('lets it pass by itself, and says that no person did (D29, D30)', () => {
    const play = telling(draft());
    expect(play.last('DirectiveApproved')).toMatchObject({ human_override: false, approval_id: null });
    expect(play.phase()).toBe('approved');
  });

  it('blocks it where any step is denied, with every reason (D25, D27)', () => {
    const steps = content([step('a'), step('b'), step('c')]);
    const no = found({}, { active: denying });
    const play = telling(draft({ a: no, b: found(), c: no }, steps));
    expect(play.phase()).toBe('blocked');
    const { reasons, code, by } = play.last('DirectiveBlocked');
    expect({ code, by }).toEqual({ code: 'policy_denied', by: 'policy' });
    expect(reasons.map((reason) => reason.slice(0, 2))).toEqual(['a:', 'c:']);
  });

  it('blocks a step that nothing was found out about', () => {
    const play = telling(draft({ a: found() }, content([step('a'), step('b')])));
    expect(play.last('DirectiveBlocked').reasons[0]).toContain('b: registered');
  });

  it('asks a person before the run where there is one step', () => {
    const play = telling(draft(asked));
    expect(play.phase()).toBe('proposed');
    const { approval_id, action, expires_at, terms } = play.last('DirectiveApprovalRequested');
    expect(expires_at).toBe(at(terms.expires_in_ms));
    expect(play.wants()).toEqual([]);
    play.tell(approved('granted', approval_id));
    expect(play.last('DirectiveApproved')).toMatchObject({ human_override: true, approval_id });
    expect(play.wants()).toMatchObject([{ kind: 'dispatch', approval: { approval_id, action, step_id: 'a' } }]);
  });

  it('leaves it to each step’s turn where there are several, or a grant speaks of it', () => {
    const several = telling(draft({ ...asked, b: found() }, content([step('a'), step('b')])));
    expect(several.last('DirectiveJudged').decision).toBe('require_approval');
    expect(several.phase()).toBe('approved');
    expect(telling(draft({ a: { ...asked.a, grant_id } })).phase()).toBe('approved');
  });

  it('has nothing to say of a person’s word', () => {
    expect(telling(draft({}, content([word('ask')]))).phase()).toBe('approved');
  });

  it('records what it was given, for each step, so that another policy can be asked the same', () => {
    const [judged] = telling(draft()).last('DirectiveJudged').steps;
    expect(judged).toMatchObject({ step_id: 'a', question: { args: {} }, spec_digest: digest(found().called!.spec) });
  });
});

describe('a person’s answer', () => {
  it.each(['denied', 'expired'] as const)('%s blocks it, and it may be proposed again (C25, D11)', (ending) => {
    const play = telling(draft(asked));
    const { approval_id } = play.last('DirectiveApprovalRequested');
    play.tell(approved(ending, approval_id));
    expect(play.last('DirectiveBlocked')).toMatchObject({ by: 'approval', code: `approval_${ending}`, approval_id });
    expect(play.tell(propose(asked))).toContain('DirectiveApprovalRequested');
    expect(play.last('DirectiveApprovalRequested').approval_id).not.toBe(approval_id);
  });

  it('counts once, and only for what is asked now', () => {
    const play = telling(draft(asked));
    const { approval_id } = play.last('DirectiveApprovalRequested');
    expect(play.refusal(approved('granted', grant_id))).toEqual([]);
    play.tell(approved('granted', approval_id));
    expect(play.refusal(approved('denied', approval_id))).toEqual([]);
  });

  it('cannot lift a denial (D29, C8)', () => {
    const play = telling(draft({ a: found({}, { active: denying }) }));
    expect(play.refusal(approved('granted', grant_id))).toEqual([]);
    expect(play.phase()).toBe('blocked');
  });

  it('may be other arguments: another digest, another request, which takes the place of the first', () => {
    const play = telling(draft(asked));
    const first = play.last('DirectiveApprovalRequested');
    const args = { path: 'b' };
    const amend: DirectiveCommand = {
      type: 'AmendDirective',
      step_id: 'a',
      args,
      by: 'user:ola',
      reason: 'b',
      materials: { a: found({ args: args as never }, { active: asking }) },
      at: at(1),
    };
    expect(play.tell(amend)).toEqual(['DirectiveAmended', 'DirectiveJudged', 'DirectiveApprovalRequested']);
    const second = play.last('DirectiveApprovalRequested');
    expect(second).toMatchObject({ supersedes: first.approval_id, action: { args } });
    expect(second.action.action_digest).not.toBe(first.action.action_digest);
    expect(play.refusal(approved('granted', first.approval_id))).toEqual([]);
    play.tell(approved('granted', second.approval_id));
    expect(play.wants()).toMatchObject([{ plan: { steps: [{ args }] } }]);
    expect(play.refusal(amend)).toMatchObject({ reason: 'OutOfLifecycle' });
    expect(telling(draft()).refusal(amend)).toEqual({ reason: 'NothingToAmend', step_id: 'a' });
  });
});

describe('a directive that has passed', () => {
  const executing = () => telling(draft(), dispatched);

  it('is dispatched once, under a key and a run id of its own', () => {
    const play = telling(draft());
    const [wanted] = play.wants();
    expect(wanted).toMatchObject({ kind: 'dispatch', key: `${directive_id}:dispatch:0`, directive_id });
    expect(telling(draft()).wants()).toEqual(play.wants());
    play.tell(dispatched);
    expect(play.phase()).toBe('executing');
    expect(play.wants()).toEqual([]);
  });

  it('is blocked where it cannot be dispatched, or somebody withdraws it before', () => {
    const play = telling(draft());
    play.tell({ type: 'RecordDispatch', outcome: faulty('internal') });
    expect(play.last('DirectiveBlocked')).toMatchObject({ code: 'internal' });
    const other = telling(draft());
    const block: DirectiveCommand = { type: 'BlockDirective', reason: 'no need', at: at() };
    expect(other.tell(block)).toEqual(['DirectiveBlocked']);
    expect(other.refusal(block)).toEqual([]);
    expect(executing().refusal(block)).toMatchObject({ reason: 'OutOfLifecycle' });
  });

  it.each([
    ['completed', 'complete', 'DirectiveCompleted'],
    ['failed', 'complete', 'DirectiveCompleted'],
    ['canceled', 'aborted', 'DirectiveAborted'],
  ] as const)('ends, by a run that %s, %s (D16, C15)', (status, phase, event) => {
    const play = executing();
    expect(play.tell(end(status))).toEqual([event]);
    expect(play.phase()).toBe(phase);
    expect(play.refusal(end('failed'))).toEqual([]);
    expect(play.refusal(propose())).toMatchObject({ reason: 'OutOfLifecycle', allowed: [] });
  });

  it('ends also where its run has ended before it was recorded that it began', () => {
    const play = telling(draft());
    const [{ run_id: its }] = play.wants() as unknown as [{ readonly run_id: string }];
    expect(play.refusal(end('completed'))).toEqual([]);
    const ended = play.tell({ ...end('completed'), run_id: its } as DirectiveCommand);
    expect(ended).toEqual(['DirectiveDispatched', 'DirectiveCompleted']);
    expect(play.last('DirectiveDispatched').run_id).toBe(its);
  });

  it('is given another run where it was withdrawn and proposed again, and the end of the first ends nothing', () => {
    const play = telling(draft());
    const [first] = play.wants() as readonly { readonly run_id: string; readonly key: string }[];
    play.tell({ type: 'BlockDirective', reason: 'no need', at: at() });
    play.tell(propose());
    const [second] = play.wants() as readonly { readonly run_id: string; readonly key: string }[];
    expect(second?.run_id).not.toBe(first?.run_id);
    expect(second?.key).not.toBe(first?.key);
    const late = { ...end('failed'), run_id: first?.run_id } as DirectiveCommand;
    expect(play.refusal(late)).toEqual([]);
    play.tell({ type: 'RecordDispatch', outcome: ok({ run_id: second?.run_id ?? '' }) });
    expect(play.refusal(late)).toEqual([]);
    expect(play.phase()).toBe('executing');
  });

  it('is never proposed while it is executed', () => {
    expect(executing().refusal({ type: 'ProposeDirective', proposal: proposal() })).toMatchObject({
      reason: 'OutOfLifecycle',
      phase: 'executing',
    });
  });
});
