import type { DirectiveCommand } from '../directive/directive.commands.ts';
import { streamOf } from '../kernel/ids.ts';
import { reaction, when, type Request } from '../kernel/reaction.ts';
import { RunCanceled, RunCompleted, RunFailed } from '../run/run.events.ts';

const ended = (
  directive_id: string,
  command: Extract<DirectiveCommand, { type: 'EndDirective' }>,
): readonly Request[] => [{ stream: streamOf('directive', directive_id), command }];

/** The end of its run ends a directive (requirements D16). */
export const endDirectives = reaction(
  'end_directives',
  when(RunCompleted, ({ data: { directive_id, run_id, outcome, result, at } }) =>
    ended(directive_id, {
      type: 'EndDirective',
      run_id,
      run_status: 'completed',
      code: null,
      message: outcome,
      result,
      at,
    }),
  ),
  when(RunFailed, ({ data: { directive_id, run_id, code, message, at } }) =>
    ended(directive_id, { type: 'EndDirective', run_id, run_status: 'failed', code, message, result: null, at }),
  ),
  when(RunCanceled, ({ data: { directive_id, run_id, reason, at } }) =>
    ended(directive_id, {
      type: 'EndDirective',
      run_id,
      run_status: 'canceled',
      code: 'canceled',
      message: reason,
      result: null,
      at,
    }),
  ),
);
