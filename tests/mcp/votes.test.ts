import { beforeAll, describe, expect, it } from 'vitest';
import { ask, dataFolder, startHere, type Body } from '../support/acta.ts';
import { asked, eventsOf, logHead, policyWith, proposed, step, underPolicy } from '../support/gated.ts';
import { policyTerms } from '../support/policy.ts';
import { vault } from '../support/vault.ts';
import { asking2025, asking2026, type AnyClient, type Asking } from './clients.ts';

const bootstrap = 'bootstrap-key-of-the-vote-tests';
const root: Readonly<Record<string, string>> = { authorization: `Bearer ${bootstrap}` };
const scopes = ['directives:write', 'approvals:read', 'approvals:write', 'events:read', 'runs:read', 'agents:read'];

let url = '';

const keyWith = async (): Promise<Readonly<Record<string, string>>> => {
  const { body } = await ask(url, '/keys', { body: { name: 'mcp', scopes }, headers: root });
  return { authorization: `Bearer ${body.secret}` };
};

beforeAll(async () => {
  const cleanUps: (() => void | Promise<void>)[] = [];
  const later = (cleanUp: () => void | Promise<void>): void => void cleanUps.unshift(cleanUp);
  const folder = await dataFolder(later);
  const rule = (rule_id: string, capability: string, over_mcp: 'never' | 'asked' | 'all') => ({
    rule_id,
    when: { capabilities: [capability] },
    decision: 'require_approval' as const,
    reason: 'somebody has to agree',
    approval: { ...policyTerms, over_mcp },
  });
  const rules = [
    rule('asked', 'sys.info.get_env_var', 'asked'),
    rule('all', 'sys.info.get_time', 'all'),
    rule('never', 'sys.info.get_os', 'never'),
    rule('high', 'vault.turn', 'all'),
  ];
  const env = { ...underPolicy(folder, policyWith({ rules })), AOS_API_KEY: bootstrap };
  ({ url } = await startHere(folder, env, later, { capabilities: [vault(() => undefined)] }));
  return async () => {
    for (const cleanUp of cleanUps) await cleanUp();
  };
}, 400_000);

/** A request that somebody with a key has made, read by whoever decides. */
const requested = async (capability = 'sys.info.get_env_var', args: object = { name: 'PATH' }) => {
  const requester = await keyWith();
  const { body } = await proposed(url, [step('act', capability, args)], { headers: requester });
  const { approval_id } = await asked(url, `directive-${body.directive_id}`, root);
  const headers = { ...root, 'acta-min-position': await logHead(url, root), prefer: 'wait=10' };
  const { body: approval } = await ask(url, `/approvals/${approval_id}`, { headers });
  const { action_digest, revision } = approval;
  return {
    requester,
    approval,
    vote: { approval_id, action_digest, revision, reason: 'a model says so', decision: 'approve' },
  };
};
type Requested = Awaited<ReturnType<typeof requested>>;

const typesOn = async ({ approval }: Requested): Promise<readonly string[]> =>
  (await eventsOf(url, `approval-${approval.approval_id}`, root)).map(({ type }) => type);

/** A client whose person answers like this; `questions` keeps what they were shown. */
const person = (answer: Body, more: Partial<Asking> = {}): Asking & { readonly questions: Body[] } => {
  const questions: Body[] = [];
  const shown = (question: Body): Body => {
    questions.push(question);
    return answer;
  };
  return { kinds: { form: {} }, questions, answer: shown, ...more };
};
const yes = { action: 'accept', content: { decision: 'approve', reason: 'I have read it' } };

const votes = async (asking: Asking, headers?: Readonly<Record<string, string>>): Promise<AnyClient> =>
  asking2026(`${url}/mcp`, headers ?? (await keyWith()), asking);

/** The problem in a refusal, whichever way its era says it. */
const codeIn = ({ isError, content, structuredContent }: Body): string => {
  expect(isError).toBe(true);
  return (structuredContent ?? JSON.parse(content[0].text)).code;
};

describe.each([
  ['2025-11-25', asking2025, []],
  ['2026-07-28', asking2026, ['form', 'form and url', 'any kind']],
] as const)('a vote of a client of the revision %s', (_, connect, asks) => {
  describe.each([
    ['form', { form: {} }],
    ['form and url', { form: {}, url: {} }],
    ['any kind', {}],
    ['url', { url: {} }],
  ] as const)('that asks by %s', (kind, kinds) => {
    const isAsked = (asks as readonly string[]).includes(kind);

    it(`is ${isAsked ? 'the person’s, whatever the call said' : 'refused where the policy wants a person asked'}`, async () => {
      const request = await requested();
      const asking = person({ action: 'accept', content: { decision: 'deny', reason: 'I say no' } }, { kinds });
      const answer = await (await connect(`${url}/mcp`, await keyWith(), asking)).call('approval_decide', request.vote);
      expect(asking.questions).toHaveLength(isAsked ? 1 : 0);
      if (!isAsked) {
        expect(codeIn(answer)).toBe('person_required');
        expect(await typesOn(request)).toEqual(['ApprovalRequested']);
        return;
      }
      expect(answer.structuredContent).toMatchObject({ status: 'denied' });
      const [, cast] = await eventsOf(url, `approval-${request.approval.approval_id}`, root);
      const over_mcp = { client: 'acta-tests', asked: true };
      expect(cast.data).toMatchObject({ vote: 'deny', reason: 'I say no', over_mcp });
    });

    it('is nobody’s where the risk is high', async () => {
      const request = await requested('vault.turn', { mark: 'mcp' });
      expect(request.approval.risk_level).toBe('high');
      const asking = person(yes, { kinds });
      const client = await connect(`${url}/mcp`, await keyWith(), asking);
      expect(codeIn(await client.call('approval_decide', request.vote))).toBe('person_required');
      expect(asking.questions).toEqual([]);
      expect(await typesOn(request)).toEqual(['ApprovalRequested']);
    });
  });
});

describe('a client that cannot ask', () => {
  const silent = person(yes, { kinds: { url: {} } });

  it('votes itself where the policy counts that, once', async () => {
    const request = await requested('sys.info.get_time', {});
    const client = await votes(silent);
    const other = { ...request.vote, action_digest: `sha256:${'0'.repeat(64)}` };
    expect(codeIn(await client.call('approval_decide', other))).toBe('action_changed');
    const granted = await client.call('approval_decide', request.vote);
    expect(granted.structuredContent).toMatchObject({ status: 'granted' });
    expect((await client.call('approval_decide', request.vote)).structuredContent).toEqual(granted.structuredContent);
    const [, cast] = await eventsOf(url, `approval-${request.approval.approval_id}`, root);
    expect(cast.data.over_mcp).toEqual({ client: 'acta-tests', asked: false });
  });

  it('does not vote where the policy counts nothing over MCP, asked or not', async () => {
    const request = await requested('sys.info.get_os', {});
    const asking = person(yes);
    for (const how of [silent, asking])
      expect(codeIn(await (await votes(how)).call('approval_decide', request.vote))).toBe('person_required');
    expect(asking.questions).toEqual([]);
  });
});

describe('a person who is asked at their client', () => {
  it('sees what would be done, and has no answer made for them', async () => {
    const request = await requested('sys.info.get_env_var', { name: 'PATH' });
    const asking = person(yes);
    await (await votes(asking)).call('approval_decide', request.vote);
    const [{ message, requestedSchema }] = asking.questions as [Body];
    for (const line of ['Risk: low', '  name: "PATH"', `Digest: ${request.approval.action_digest}`])
      expect(message.split('\n')).toContain(line);
    expect(requestedSchema.properties.decision).toMatchObject({ enum: ['approve', 'deny', 'request_changes'] });
    expect(JSON.stringify(requestedSchema)).not.toContain('default');
    const headers = { ...root, 'acta-min-position': await logHead(url, root), prefer: 'wait=10' };
    const { body } = await ask(url, `/approvals/${request.approval.approval_id}`, { headers });
    expect(body).toMatchObject({ status: 'granted', votes: [{ over_mcp: { client: 'acta-tests', asked: true } }] });
  });

  it.each(['decline', 'cancel'])('and answers %s has decided nothing', async (action) => {
    const request = await requested();
    const dismissed = await (await votes(person({ action }))).call('approval_decide', request.vote);
    expect(dismissed.structuredContent).toMatchObject({ status: 'open', agreed: 0 });
    expect(await typesOn(request)).toEqual(['ApprovalRequested', 'ApprovalPromptDismissed']);
    const again = { ...request.vote, revision: dismissed.structuredContent.revision };
    const headers = await keyWith();
    await ask(url, '/approvals', {
      headers: { ...headers, 'acta-min-position': await logHead(url, root), prefer: 'wait=10' },
    });
    const granted = await (await votes(person(yes), headers)).call('approval_decide', again);
    expect(granted.structuredContent).toMatchObject({ status: 'granted' });
  });

  it('is asked again where the answer cannot be read', async () => {
    const request = await requested();
    const said: Body[] = [{ action: 'accept', content: { decision: 'perhaps', reason: '' } }, yes];
    const asking = person(yes, { answer: () => said.shift() });
    expect((await (await votes(asking)).call('approval_decide', request.vote)).structuredContent.status).toBe(
      'granted',
    );
    expect(said).toEqual([]);
  });

  it('is not whoever asked for it, and they are not shown a form', async () => {
    const request = await requested();
    const asking = person(yes);
    const own = await votes(asking, request.requester);
    expect(codeIn(await own.call('approval_decide', request.vote))).toBe('four_eyes');
    expect(asking.questions).toEqual([]);
    expect(await typesOn(request)).toEqual(['ApprovalRequested']);
  });

  it('answers the question they were asked, with the key it was asked of, and no other', async () => {
    const request = await requested();
    const another = await requested();
    const meddlers: readonly ((message: Body) => void)[] = [
      ({ params }) => {
        // Not its last character, of which two bits say nothing.
        params.requestState = params.requestState.replace(/.(?=.{9}$)/, (one: string) => (one === 'A' ? 'B' : 'A'));
      },
      ({ params }) => {
        params.requestState = 'v1.e30.e30';
      },
      ({ params }) => {
        params.arguments.approval_id = another.vote.approval_id;
        params.arguments.action_digest = another.vote.action_digest;
      },
      ({ params }) => {
        params.arguments.grant = { uses_max: 10 };
      },
    ];
    for (const meddle of meddlers) {
      const onTheWay = (message: Body): void => {
        if (message.params?.requestState !== undefined) meddle(message);
      };
      const client = await votes(person(yes, { meddle: onTheWay }));
      await expect(client.call('approval_decide', request.vote)).rejects.toMatchObject({ code: -32602 });
    }
    // What one key was asked, another key does not answer.
    let state = '';
    const first = await votes(
      person({ action: 'accept', content: {} }, { meddle: ({ params }) => (state ||= params?.requestState ?? '') }),
    );
    await expect(first.call('approval_decide', request.vote)).rejects.toThrow();
    expect(state).not.toBe('');
    const thief = await votes(
      person(yes, { meddle: ({ params }) => params?.requestState && (params.requestState = state) }),
    );
    await expect(thief.call('approval_decide', request.vote)).rejects.toMatchObject({ code: -32602 });
    expect(await typesOn(request)).toEqual(['ApprovalRequested']);
    expect(await typesOn(another)).toEqual(['ApprovalRequested']);
  });

  it('answers once: the same answer again is the same vote, another one is refused', async () => {
    const request = await requested();
    const headers = await keyWith();
    const sent: Body[] = [];
    const record = ({ params }: Body): void => void (params?.inputResponses && sent.push(structuredClone(params)));
    const granted = await (await votes(person(yes, { meddle: record }), headers)).call('approval_decide', request.vote);
    const again = (params: Body): Promise<AnyClient> =>
      votes(
        person(yes, { meddle: (message) => message.method === 'tools/call' && (message.params = params) }),
        headers,
      );
    const [said] = sent as [Body];
    expect((await (await again(said)).call('approval_decide', request.vote)).structuredContent).toEqual(
      granted.structuredContent,
    );
    const other = structuredClone(said);
    other.inputResponses.decision.content.decision = 'deny';
    expect(codeIn(await (await again(other)).call('approval_decide', request.vote))).toBe('idempotency_mismatch');
    expect((await typesOn(request)).filter((type) => type === 'ApprovalVoteCast')).toHaveLength(1);
  });
});

it('no header makes a vote over HTTP one over MCP, or the other way round', async () => {
  const request = await requested();
  const { approval_id, revision, ...vote } = request.vote;
  const headers = {
    ...(await keyWith()),
    'if-match': `"${revision}"`,
    'idempotency-key': approval_id,
    'acta-over-mcp': '{"asked":true}',
    'over-mcp': 'asked',
  };
  const { status } = await ask(url, `/approvals/${approval_id}/decision`, { body: vote, headers });
  expect(status).toBe(200);
  const [, cast] = await eventsOf(url, `approval-${approval_id}`, root);
  expect(cast.data.over_mcp).toBeNull();
});
