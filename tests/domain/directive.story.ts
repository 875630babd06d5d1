import * as E from 'fp-ts/lib/Either.js';
import type { DirectiveCommand, StepMaterials } from '../../src/domain/directive/directive.commands.ts';
import type { DirectiveContent, DirectiveEvent } from '../../src/domain/directive/directive.events.ts';
import { directiveProcess } from '../../src/domain/directive/directive.process.ts';
import type { DirectiveState } from '../../src/domain/directive/directive.state.ts';
import { Plan } from '../../src/domain/gate/plan.ts';
import { fold } from '../../src/domain/kernel/decider.ts';
import { at, directive_id, found, principal, step } from './run.story.ts';

/** Directives as tests tell of them, in the manner of run.story. */

export const content = (
  steps: readonly object[] = [step('a')],
  changes: Partial<DirectiveContent> = {},
): DirectiveContent => ({
  objective: 'refund 42',
  agent_id: null,
  scope: 'test',
  plan: Plan.parse({ steps }),
  constraints: null,
  success_metrics: null,
  ...changes,
});

export const proposal = (materials: StepMaterials = { a: found() }) => ({
  principal,
  environment: 'development',
  materials,
  at: at(),
});
export const draft = (
  materials: StepMaterials | null = { a: found() },
  of: DirectiveContent = content(),
): DirectiveCommand => ({
  type: 'DraftDirective',
  directive_id,
  content: of,
  origin: { kind: 'request' },
  issued_by: 'user:ida',
  proposal: materials === null ? null : proposal(materials),
});
export const propose = (materials?: StepMaterials): DirectiveCommand => ({
  type: 'ProposeDirective',
  proposal: proposal(materials),
});

/** What the events say, by their types. */
type DataOf = { readonly [One in DirectiveEvent as One['type']]: One['data'] };

/** Tells a directive one thing after the other; each `tell` answers with the types of what was recorded for it. */
export const telling = (...first: readonly DirectiveCommand[]) => {
  const history: DirectiveEvent[] = [];
  let state: DirectiveState = directiveProcess.initial;
  const tell = (command: DirectiveCommand): readonly string[] => {
    const decision = directiveProcess.decide(command, state);
    if (E.isLeft(decision)) throw new Error(`${command.type} was refused: ${JSON.stringify(decision.left)}`);
    history.push(...decision.right);
    state = fold(directiveProcess, state, decision.right);
    return decision.right.map(({ type }) => type);
  };
  for (const command of first) tell(command);
  return {
    tell,
    refusal: (command: DirectiveCommand): unknown => {
      const decision = directiveProcess.decide(command, state);
      return E.isLeft(decision) ? decision.left : decision.right.map(({ type }) => type);
    },
    state: () => state,
    phase: () => state.phase,
    wants: () => directiveProcess.next(state),
    types: () => history.map(({ type }) => type),
    last: <T extends keyof DataOf>(type: T): DataOf[T] => {
      const event = history.findLast((one) => one.type === type);
      if (event === undefined) throw new Error(`${type} was not recorded`);
      return event.data as unknown as DataOf[T];
    },
  };
};
