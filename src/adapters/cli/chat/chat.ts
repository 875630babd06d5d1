import { randomUUID } from 'node:crypto';
import { createInterface } from 'node:readline/promises';
import { text as wholeOf } from 'node:stream/consumers';
import { speak, type Listener, type Turn } from './chat.turn.ts';
import { Failure, usage } from '../exits.ts';
import type { Occasion } from '../occasion.ts';
import { render } from '../terminal/render.ts';
import { visible } from '../terminal/visible.ts';

interface Chat {
  readonly agent_id: string | undefined;
  readonly session_id: string | undefined;
}

/** What a turn cost and who answered, in one dim line. That no language model spoke is always said. */
const aside = ({ model, usage: used, cost }: Turn): string =>
  [
    model === null || model === undefined
      ? undefined
      : `${model.name}${model.is_language_model ? '' : ' (scripted; not a language model)'}`,
    used === null || used === undefined ? undefined : `${used.input_tokens} + ${used.output_tokens} tokens`,
    cost === null || cost === undefined ? undefined : `${cost.amount} ${cost.currency}`,
  ]
    .filter((part) => part !== undefined)
    .join(' · ');

/** Shows the text as it comes; a call that was made again begins on a new line. */
const onScreen = ({ terminal }: Occasion): Listener => ({
  more: (text) => terminal.write(visible(text)),
  anew: () => terminal.warn(terminal.tint('dim', '\n(from the beginning)')),
});

const silently: Listener = { more: () => undefined, anew: () => undefined };

/** One message, one answer. Off a screen the answer is written once, whole. */
const sayOnce = async (message: string, chat: Chat, occasion: Occasion): Promise<void> => {
  const { terminal } = occasion;
  const listener = terminal.screen ? onScreen(occasion) : silently;
  const turn = await speak(occasion.client(), { ...chat, message, idempotency_key: randomUUID() }, listener);
  if (terminal.screen) await terminal.print('');
  else if (terminal.form === 'human') await terminal.print(turn.response);
  else await render(turn, [], terminal);
  if (terminal.form === 'human') terminal.note(terminal.tint('dim', `${aside(turn)} · session ${turn.session_id}`));
};

/** Takes one line of a conversation; a refusal is shown, and the conversation goes on. */
const takeLine = async (
  line: string,
  chat: Chat,
  occasion: Occasion,
  signal: AbortSignal,
): Promise<string | undefined> => {
  const { terminal, interrupts } = occasion;
  try {
    const saying = { ...chat, message: line, idempotency_key: randomUUID() };
    const turn = await speak(occasion.client(), saying, onScreen(occasion), signal);
    await terminal.print('');
    terminal.note(terminal.tint('dim', aside(turn)));
    return turn.session_id;
  } catch (error) {
    if (!(error instanceof Failure) || interrupts.once.aborted) throw error;
    terminal.warn(terminal.tint('red', `\n${error.message}`));
    if (error.hint !== undefined) terminal.note(`  ${error.hint}`);
    return undefined;
  }
};

/** A conversation, line by line. Ctrl-C while the agent speaks stops the listening; at the prompt it ends, as Ctrl-D does. */
const converse = async (chat: Chat, occasion: Occasion): Promise<void> => {
  const { terminal, options, interrupts } = occasion;
  const prompt = terminal.paint('cyan', 'you> ');
  const lines = createInterface({ input: terminal.stdin, output: options.stdout, prompt });
  let speaking: AbortController | undefined;
  lines.on('SIGINT', () => (speaking === undefined ? lines.close() : speaking.abort()));
  interrupts.once.addEventListener('abort', () => lines.close(), { once: true });
  terminal.note(terminal.tint('dim', `Talking at ${occasion.client().url}. Ctrl-D ends.`));
  let { session_id } = chat;
  lines.prompt();
  for await (const line of lines) {
    if (line.trim() !== '') {
      speaking = new AbortController();
      session_id = (await takeLine(line, { ...chat, session_id }, occasion, speaking.signal)) ?? session_id;
      speaking = undefined;
    }
    lines.prompt();
  }
  if (session_id !== undefined) terminal.note(terminal.tint('dim', `\nGo on with: acta chat --session ${session_id}`));
};

/** `acta chat`: a conversation on a terminal, one message with `-m` or from stdin. */
export const chat = async (agent_id: string | undefined, occasion: Occasion): Promise<void> => {
  const { flags, terminal } = occasion;
  const { message, session } = flags;
  const with_whom: Chat = { agent_id, session_id: typeof session === 'string' ? session : undefined };
  if (typeof message === 'string') return await sayOnce(message, with_whom, occasion);
  if (terminal.interactive && terminal.screen) return await converse(with_whom, occasion);
  const said = (await wholeOf(terminal.stdin)).trimEnd();
  if (said === '') throw usage('nothing to say', 'give it with --message, on stdin, or talk on a terminal');
  await sayOnce(said, with_whom, occasion);
};
