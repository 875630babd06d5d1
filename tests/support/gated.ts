import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import type { PolicyDocument } from '../../src/domain/gate/policy.document.ts';
import { ask, type Body, type Reply } from './acta.ts';
import { until } from './until.ts';

export { policyWith } from './policy.ts';

type Headers = Readonly<Record<string, string>>;

/** The environment in which a fresh data folder has this policy in force. */
export const underPolicy = (folder: string, document: PolicyDocument): Headers => {
  const file = path.join(folder, 'policy.yaml');
  writeFileSync(file, JSON.stringify(document));
  return { ACTA_POLICY: file };
};

/** A step that calls a capability. */
export const step = (
  step_id: string,
  capability_id: string,
  args: object = {},
  more: { readonly depends_on?: readonly string[]; readonly [member: string]: unknown } = {},
) => ({ kind: 'action', step_id, capability_id, args, depends_on: [], ...more });

/** Proposes a directive; answers what the server said. */
export const proposed = (
  url: string,
  steps: readonly object[],
  { headers = {}, ...more }: { readonly headers?: Headers; readonly [member: string]: unknown } = {},
): Promise<Reply> =>
  ask(url, '/directives', { body: { status: 'proposed', objective: 'a test', steps, ...more }, headers });

/** All events of a stream; none where there is no such stream yet. */
export const eventsOf = async (url: string, stream: string, headers: Headers = {}): Promise<readonly Body[]> => {
  const { status, body } = await ask(url, `/streams/${stream}/events?limit=1000`, { headers });
  return status === 200 ? body.data : [];
};

export const typesOf = async (url: string, stream: string, headers: Headers = {}): Promise<readonly string[]> =>
  (await eventsOf(url, stream, headers)).map(({ type }) => type);

/** The first event of a stream that bears one of these names, once it is there. */
export const happened = (
  url: string,
  stream: string,
  types: readonly string[],
  headers: Headers = {},
): Promise<Body> => {
  let seen: readonly Body[] = [];
  return until(
    async () => {
      seen = await eventsOf(url, stream, headers);
      return seen.find(({ type }) => types.includes(type));
    },
    { seen: () => `${types.join(' or ')} in ${stream}: ${seen.map(({ type }) => type).join(', ')}` },
  );
};

const directiveEnds = ['DirectiveCompleted', 'DirectiveAborted', 'DirectiveBlocked'];
const runEnds = ['RunCompleted', 'RunFailed', 'RunCanceled'];

export const directiveEnd = (url: string, directive_id: string, headers: Headers = {}): Promise<Body> =>
  happened(url, `directive-${directive_id}`, directiveEnds, headers);

/** The run of a directive, once it has one. */
export const runOf = async (url: string, directive_id: string, headers: Headers = {}): Promise<string> =>
  (await happened(url, `directive-${directive_id}`, ['DirectiveDispatched'], headers)).data.run_id;

export const runEnd = (url: string, run_id: string, headers: Headers = {}): Promise<Body> =>
  happened(url, `run-${run_id}`, runEnds, headers);

/** What a step of a run, or a directive, asks a person for, once it does and the request is there. */
export const asked = async (
  url: string,
  stream: string,
  headers: Headers = {},
): Promise<{ readonly approval_id: string; readonly action_digest: string; readonly expires_at: string }> => {
  const { data } = await happened(url, stream, ['DirectiveApprovalRequested', 'StepApprovalRequested'], headers);
  const { data: request } = await happened(url, `approval-${data.approval_id}`, ['ApprovalRequested'], headers);
  const { action_digest, expires_at } = request.paper;
  return { approval_id: data.approval_id, action_digest, expires_at };
};

/** Decides on a request as it was read. */
export const decided = async (
  url: string,
  { approval_id, action_digest }: { readonly approval_id: string; readonly action_digest: string },
  decision: 'approve' | 'deny' | 'request_changes' = 'approve',
  {
    headers = {},
    revision,
    ...more
  }: { readonly headers?: Headers; readonly revision?: number; readonly [member: string]: unknown } = {},
): Promise<Reply> => {
  const last = revision ?? (await eventsOf(url, `approval-${approval_id}`, headers)).length - 1;
  return ask(url, `/approvals/${approval_id}/decision`, {
    body: { decision, reason: 'a test', action_digest, ...more },
    headers: { 'if-match': `"${last}"`, 'idempotency-key': randomUUID(), ...headers },
  });
};

/** Where the log ends: what appends nothing leaves it there. */
export const logHead = async (url: string, headers: Headers = {}): Promise<string> =>
  (await ask(url, '/projections', { headers })).body.data[0].head;
