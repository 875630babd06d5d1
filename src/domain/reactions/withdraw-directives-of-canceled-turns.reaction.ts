import type { DirectiveCommand } from '../directive/directive.commands.ts';
import { streamOf } from '../kernel/ids.ts';
import { reaction, when } from '../kernel/reaction.ts';
import { TurnCancelRequested } from '../session/session.events.ts';

/** What a canceled turn has proposed and nobody has begun is not begun; a run that is under way goes on to its end. */
export const withdrawDirectivesOfCanceledTurns = reaction(
  'withdraw_directives_of_canceled_turns',
  when(TurnCancelRequested, ({ data: { directive_ids, reason }, recorded_at }) =>
    directive_ids.map((directive_id) => ({
      stream: streamOf('directive', directive_id),
      command: { type: 'BlockDirective', reason, at: recorded_at } satisfies DirectiveCommand,
    })),
  ),
);
