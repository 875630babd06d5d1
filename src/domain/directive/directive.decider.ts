import * as E from 'fp-ts/lib/Either.js';
import { noPolicy } from '../gate/no-policy.ts';
import { withHands } from '../gate/principal.ts';
import type { Decider } from '../kernel/decider.ts';
import { digest } from '../kernel/digest.ts';
import { governed, type OutOfLifecycle } from '../kernel/lifecycle.ts';
import type { DirectiveCommand, Of, StepMaterials } from './directive.commands.ts';
import * as Events from './directive.events.ts';
import type { DirectiveContent, DirectiveEvent } from './directive.events.ts';
import { judged } from './directive.judgement.ts';
import { directiveLifecycle } from './directive.lifecycle.ts';
import { evolveDirective, runIdOf, undrafted, withStepArgs, type DirectiveState } from './directive.state.ts';

export type DirectiveRefusal =
  | { readonly reason: 'DirectiveUnknown' }
  | { readonly reason: 'NothingToAmend'; readonly step_id: string }
  /** The arguments of a step are not what its capability takes; nothing was recorded. */
  | { readonly reason: 'ArgumentsInvalid'; readonly step_id: string; readonly message: string };

type Decided = E.Either<DirectiveRefusal, readonly DirectiveEvent[]>;

/** Arguments that cannot be right, whatever the policy says of them. */
const wrongArguments = (materials: StepMaterials): DirectiveRefusal | undefined => {
  for (const [step_id, { called }] of Object.entries(materials))
    if (called !== null && called.fault !== null) return { reason: 'ArgumentsInvalid', step_id, message: called.fault };
  return undefined;
};

const proposed = (
  { round, origin, hands }: Pick<DirectiveState, 'round' | 'origin' | 'hands'>,
  directive_id: string,
  content: DirectiveContent,
  { principal: asker, environment, materials, at }: Of<'ProposeDirective'>['proposal'],
): Decided => {
  const principal = withHands(asker, hands);
  const wrong = wrongArguments(materials);
  if (wrong !== undefined) return E.left(wrong);
  return E.right([
    Events.DirectiveProposed({ directive_id, content_digest: digest(content), principal, environment, at }),
    ...judged({ directive_id, origin, content, principal, environment, materials, at, round, supersedes: null }),
  ]);
};

const drafted = (state: DirectiveState, command: Of<'DraftDirective'>): Decided => {
  const { directive_id, content, origin, issued_by, proposal } = command;
  const draft = Events.DirectiveDrafted({ directive_id, content, origin, issued_by });
  if (proposal === null) return E.right([draft]);
  const rest = proposed({ ...state, origin }, directive_id, content, proposal);
  return E.isLeft(rest) ? rest : E.right([draft, ...rest.right]);
};

const amended = (state: DirectiveState, content: DirectiveContent, command: Of<'AmendDirective'>): Decided => {
  const { step_id, args, by, reason, materials, at } = command;
  const { asked, environment, directive_id, origin, round } = state;
  if (asked?.step_id !== step_id || state.principal === null) return E.left({ reason: 'NothingToAmend', step_id });
  const wrong = wrongArguments(materials);
  if (wrong !== undefined) return E.left(wrong);
  const changed = withStepArgs(content, step_id, args);
  // Whoever writes what shall be done has a hand in asking for it.
  const principal = withHands(state.principal, [by]);
  const supersedes = asked.approval_id;
  return E.right([
    Events.DirectiveAmended({ directive_id, step_id, approval_id: supersedes, args, by, reason, at }),
    ...judged({ directive_id, origin, content: changed, principal, environment, materials, at, round, supersedes }),
  ]);
};

const approvalEnded = (state: DirectiveState, command: Of<'RecordDirectiveApproval'>): readonly DirectiveEvent[] => {
  const { approval_id, ending, reason, at } = command;
  const { directive_id, origin, asked, phase } = state;
  if (asked?.approval_id !== approval_id || phase !== 'proposed') return [];
  const policy = state.policy ?? { name: 'none', version: 0, digest: noPolicy.digest };
  if (ending === 'granted')
    return [Events.DirectiveApproved({ directive_id, human_override: true, approval_id, policy, at })];
  const reasons = [reason || `the approval was ${ending}`];
  return [
    Events.DirectiveBlocked({
      directive_id,
      origin,
      by: 'approval',
      code: `approval_${ending}`,
      reasons,
      approval_id,
      at,
    }),
  ];
};

/** Its run has ended. What another run of it comes to, which was withdrawn before it began, is none of its business. */
const ended = (state: DirectiveState, command: Of<'EndDirective'>): readonly DirectiveEvent[] => {
  const { directive_id, origin, phase } = state;
  const { run_id, run_status, code, message, at } = command;
  // A run may have ended before it was recorded that it began: then both are recorded now.
  const begun = phase === 'approved' && run_id === runIdOf(state);
  if (!begun && (phase !== 'executing' || run_id !== state.run_id)) return [];
  const before = begun ? [Events.DirectiveDispatched({ directive_id, run_id, at })] : [];
  const result = (command.result ?? null) as never;
  return run_status === 'canceled'
    ? [...before, Events.DirectiveAborted({ directive_id, run_id, origin, reason: message, at })]
    : [...before, Events.DirectiveCompleted({ directive_id, run_id, origin, run_status, code, message, result, at })];
};

const rules: Decider<DirectiveCommand, DirectiveState, DirectiveEvent, DirectiveRefusal> = {
  initial: undrafted,

  decide: (command, state): Decided => {
    const { directive_id, origin, content, asked, phase } = state;
    if (command.type === 'DraftDirective') return drafted(state, command);
    if (content === null) return E.left({ reason: 'DirectiveUnknown' });
    switch (command.type) {
      case 'ReviseDirective':
        return E.right([Events.DirectiveRevised({ directive_id, content: command.content, by: command.by })]);
      case 'ProposeDirective':
        return proposed(state, directive_id, content, command.proposal);
      case 'AmendDirective':
        return amended(state, content, command);
      case 'RecordDirectiveApproval':
        return E.right(approvalEnded(state, command));
      case 'BlockDirective': {
        const { reason, at } = command;
        const said = { by: 'withdrawal' as const, code: 'withdrawn', reasons: [reason || 'it was withdrawn'] };
        const approval_id = asked?.approval_id ?? null;
        return E.right(
          phase === 'blocked' ? [] : [Events.DirectiveBlocked({ directive_id, origin, ...said, approval_id, at })],
        );
      }
      case 'RecordDispatch': {
        const { outcome } = command;
        if (outcome.ok)
          return E.right([Events.DirectiveDispatched({ directive_id, run_id: outcome.result.run_id, at: outcome.at })]);
        const { code, message } = outcome.failure;
        const blocked = {
          directive_id,
          origin,
          by: 'withdrawal' as const,
          code,
          reasons: [message || code],
          approval_id: null,
        };
        return E.right([Events.DirectiveBlocked({ ...blocked, at: outcome.at })]);
      }
      case 'EndDirective':
        return E.right(ended(state, command));
    }
  },

  evolve: evolveDirective,
};

export type DirectiveRefused = DirectiveRefusal | OutOfLifecycle;
export const directive = governed(directiveLifecycle, rules);
