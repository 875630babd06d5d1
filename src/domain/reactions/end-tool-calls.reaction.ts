import { DirectiveAborted, DirectiveBlocked, DirectiveCompleted, type Origin } from '../directive/directive.events.ts';
import { streamOf } from '../kernel/ids.ts';
import { reaction, when, type Request } from '../kernel/reaction.ts';
import type { SessionCommand } from '../session/session.commands.ts';

type Ended = Pick<Extract<SessionCommand, { type: 'RecordToolEnd' }>, 'outcome' | 'content'>;

const contentCharsMax = 16_000;

const told = (origin: Origin, directive_id: string, { outcome, content }: Ended): readonly Request[] => {
  if (origin.kind !== 'turn') return [];
  const { session_id, turn_id, tool_use_id } = origin;
  const cut = content.length > contentCharsMax ? `${content.slice(0, contentCharsMax).toWellFormed()} [cut]` : content;
  const command: SessionCommand = { type: 'RecordToolEnd', turn_id, tool_use_id, directive_id, outcome, content: cut };
  return [{ stream: streamOf('session', session_id), command }];
};

/** What came of a directive is told to the turn whose tool call it was. */
export const endToolCalls = reaction(
  'end_tool_calls',
  when(DirectiveCompleted, ({ data: { origin, directive_id, run_status, code, message, result } }) =>
    told(
      origin,
      directive_id,
      run_status === 'completed'
        ? { outcome: 'completed', content: JSON.stringify(result) }
        : { outcome: 'failed', content: `${code ?? 'failed'}: ${message}` },
    ),
  ),
  when(DirectiveBlocked, ({ data: { origin, directive_id, code, reasons } }) =>
    told(origin, directive_id, { outcome: 'blocked', content: `${code}: ${reasons.join('; ')}` }),
  ),
  when(DirectiveAborted, ({ data: { origin, directive_id, reason } }) =>
    told(origin, directive_id, { outcome: 'canceled', content: `canceled: ${reason}` }),
  ),
);
