import type { StoredEvent } from '../../../src/ports.ts';
import { nothing, type History, type InvariantOf } from './history.ts';
import { askedAfter, dataOf, known, ofStep, standing, stepOf, streamOf, textOf, type Data } from './run.fold.ts';

interface Action {
  readonly action_digest: string;
  readonly spec_digest: string;
  readonly capability_id: string;
  readonly args_digest: string;
}

interface Paper {
  readonly action_digest: string;
  readonly action: Action | null;
  readonly terms: { readonly quorum: number; readonly four_eyes: boolean; readonly roles: readonly string[] };
  readonly expires_at: string;
}

/** Why an approval does not stand for this intent; undefined where it does. */
const approvalFault = (sofar: History, intent: StoredEvent, approval_id: string): string | undefined => {
  const events = streamOf(sofar, `approval-${approval_id}`);
  const [asked] = events;
  if (asked === undefined) return 'was never asked for';
  const paper = dataOf(asked)['paper'] as Paper;
  if (paper.action_digest !== dataOf(intent)['action_digest']) return 'was given to another action';
  const votes = events.filter((each) => each.type === 'ApprovalVoteCast' && dataOf(each)['vote'] === 'approve');
  const people = new Set(votes.map((vote) => textOf(vote, 'by')));
  if (people.size < paper.terms.quorum) return `has ${people.size} votes of ${paper.terms.quorum}`;
  const { principal } = dataOf(streamOf(sofar, intent.stream)[0] as StoredEvent) as {
    principal: { chain: readonly string[] };
  };
  const { chain } = principal;
  if (paper.terms.four_eyes && [...people].some((who) => chain.includes(who))) return 'was given by who asked for it';
  const { roles } = paper.terms;
  const held = (vote: StoredEvent): readonly string[] => dataOf(vote)['roles'] as readonly string[];
  if (roles.length > 0 && votes.some((vote) => !held(vote).some((role) => roles.includes(role))))
    return 'was given without the role';
  if (!events.some(({ type }) => type === 'ApprovalGranted')) return 'was not granted';
  const used = events.filter(({ type }) => type === 'ApprovalUsed');
  const [use] = used;
  if (use === undefined || used.length > 1) return `was used ${used.length} times`;
  if (stepOf(use) !== stepOf(intent)) return `was used for ${stepOf(use)}`;
  return textOf(use, 'at') >= paper.expires_at ? 'had expired when it was used' : undefined;
};

const grantFault = (sofar: History, intent: StoredEvent, grant_id: string): string | undefined =>
  streamOf(sofar, `grant-${grant_id}`).some(
    (each) => each.type === 'GrantUsed' && textOf(each, 'for') === stepOf(intent),
  )
    ? undefined
    : 'was not used for it';

/** A compensation calls something, and is judged as it will run: with what the step has answered filled in. */
const undoFault = (sofar: History, intent: StoredEvent): string | undefined => {
  if (dataOf(intent)['by'] !== 'compensation') return undefined;
  const judged = ofStep(sofar, intent, 'UndoJudged').at(-1);
  if (judged === undefined) return `${stepOf(intent)} is to be undone by a call, and nobody asked the gate`;
  const { verdict } = dataOf(judged) as { verdict: { decision: string } };
  return verdict.decision === 'deny' ? `${stepOf(intent)} is to be undone by a call that was denied` : undefined;
};

/**
 * I1: nothing is intended that the gate has not allowed; and where it asks for an agreement, there is one to exactly this,
 * by others than those who asked, in time, and for this call alone.
 */
export const allowed: InvariantOf = () => ({
  id: 'I1',
  check: (event, sofar) => {
    if (event.type === 'UndoIntended') return undoFault(sofar, event);
    if (event.type !== 'StepIntended') return undefined;
    const { attempt, action_digest, approval_id, grant_id } = dataOf(event);
    const judged = ofStep(sofar, event, 'StepJudged').findLast((each) => dataOf(each)['attempt'] === attempt);
    const step = stepOf(event);
    if (judged === undefined) return `${step} is intended, and nobody asked the gate`;
    const { verdict, action } = dataOf(judged) as { verdict: { decision: string }; action: Action | null };
    if (action?.action_digest !== action_digest) return `${step} is intended otherwise than it was judged`;
    if (verdict.decision === 'deny') return `${step} is intended, and was denied`;
    if (verdict.decision !== 'require_approval') return undefined;
    const fault =
      typeof grant_id === 'string'
        ? grantFault(sofar, event, grant_id)
        : typeof approval_id === 'string'
          ? approvalFault(sofar, event, approval_id)
          : 'is missing';
    return fault && `${step}: the agreement ${fault}`;
  },
  atEnd: nothing,
});

/** F86: what the gate says of a step it says by the policy and the registry of now, not of some time before. */
export const judgedNow: InvariantOf = () => {
  const policy = standing('none');
  const specs = known(() => standing('none'));
  const enabled = known(() => standing('no'));
  const digests = new Map<string, string>();
  const learn = ({ type, data, position, stream }: StoredEvent): void => {
    const said = data as Data;
    if (type === 'PolicyActivated') policy.set(position, String(said['digest']));
    if (type === 'PolicySuspended' || type === 'PolicyRetired') policy.set(position, 'none');
    if (type === 'CapabilityRegistered' || type === 'CapabilityRevised' || type === 'CapabilityAccepted') {
      const { capability_id } = said['spec'] as { capability_id: string };
      digests.set(stream, capability_id);
      specs.of(capability_id).set(position, String(said['spec_digest']));
    }
    const capability_id = digests.get(stream);
    if (capability_id === undefined) return;
    if (type === 'CapabilityDisabled') enabled.of(capability_id).set(position, 'no');
    if (type === 'CapabilityEnabled' || type === 'CapabilityRegistered') enabled.of(capability_id).set(position, 'yes');
  };
  return {
    id: 'judged',
    check: (event, sofar) => {
      learn(event);
      if (event.type === 'StepIntended') {
        // What had to be taken first took its time, and a pause may lie in between: it is looked at again then (F86).
        const ofIt = ofStep(sofar, event, 'StepJudged', 'StepCleared');
        const [judged, cleared] = [ofIt.findLast(({ type }) => type === 'StepJudged'), ofIt.at(-1)];
        if (judged === undefined || cleared?.type !== 'StepCleared') return undefined;
        const { policy: by } = dataOf(judged)['verdict'] as { policy: { digest: string; version: number } };
        const resumed = streamOf(sofar, event.stream).findLast(({ type }) => type === 'RunResumed');
        const since =
          resumed === undefined || resumed.position < cleared.position ? cleared.position : resumed.position;
        return policy.since(since).includes(by.version === 0 ? 'none' : by.digest)
          ? undefined
          : `${stepOf(event)} is intended by the word of a policy that was not in force any more`;
      }
      if (event.type !== 'StepJudged' && event.type !== 'UndoJudged') return undefined;
      const { verdict, question, spec_digest } = dataOf(event) as {
        verdict: { policy: { digest: string; version: number } };
        question: { capability_id: string };
        spec_digest: string | null;
      };
      const since = askedAfter(sofar, event);
      const step = stepOf(event);
      const named = verdict.policy.version === 0 ? 'none' : verdict.policy.digest;
      if (!policy.since(since).includes(named)) return `${step} is judged by a policy that was not in force any more`;
      if (spec_digest === null) return undefined;
      const { capability_id } = question;
      if (!specs.of(capability_id).since(since).includes(spec_digest))
        return `${step} is judged by a description that ${capability_id} did not have any more`;
      return enabled.of(capability_id).since(since).includes('yes')
        ? undefined
        : `${step} is judged although ${capability_id} was disabled`;
    },
    atEnd: nothing,
  };
};

/** I9: an agent that was stopped or paused begins nothing; what had been cleared before it may go on. */
export const stopHolds: InvariantOf = () => {
  const agents = known(() => standing('active'));
  const phases: Readonly<Record<string, string>> = {
    AgentPaused: 'paused',
    AgentResumed: 'active',
    AgentStopped: 'stopped',
    AgentRetired: 'retired',
  };
  return {
    id: 'I9',
    check: (event, sofar) => {
      const phase = phases[event.type];
      if (phase !== undefined) agents.of(textOf(event, 'agent_id')).set(event.position, phase);
      if (event.type !== 'StepIntended') return undefined;
      const created = streamOf(sofar, event.stream)[0] as StoredEvent;
      const { principal } = dataOf(created) as { principal: { type: string; id: string } };
      if (principal.type !== 'agent') return undefined;
      const stood = agents.of(principal.id).since(askedAfter(sofar, event));
      return stood.includes('active')
        ? undefined
        : `${stepOf(event)} was asked about after its agent was ${stood.join(', ')}, and is intended`;
    },
    atEnd: nothing,
  };
};

/** What was withdrawn before its run was known of, or has been blocked, does nothing. */
export const withdrawn: InvariantOf = () => ({
  id: 'withdrawn',
  check: (event, sofar) => {
    if (event.type !== 'StepIntended') return undefined;
    const created = streamOf(sofar, event.stream)[0] as StoredEvent;
    const directive = streamOf(sofar, `directive-${textOf(created, 'directive_id')}`);
    const last = directive.findLast(({ type }) => type === 'DirectiveBlocked' || type === 'DirectiveApproved');
    return last?.type === 'DirectiveBlocked' ? `${stepOf(event)} is intended, and its directive is blocked` : undefined;
  },
  atEnd: nothing,
});
