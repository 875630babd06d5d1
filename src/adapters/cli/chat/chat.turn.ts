import { z } from 'zod';
import type { Client } from '../connection/client.ts';
import { Failure, ProblemDocument, exits, failureOf, understoodText, type Exit } from '../exits.ts';

const Spoken = z.looseObject({ text: z.string() });
const Begun = z.looseObject({ session_id: z.string(), turn_id: z.string() });

/** A finished turn, as far as it is shown here; `--json` shows all of it. */
export const Turn = z.looseObject({
  response: z.string(),
  session_id: z.string(),
  model: z.looseObject({ name: z.string(), is_language_model: z.boolean() }).nullish().catch(null),
  usage: z.looseObject({ input_tokens: z.number(), output_tokens: z.number() }).nullish().catch(null),
  cost: z.looseObject({ amount: z.string(), currency: z.string() }).nullish().catch(null),
});
export type Turn = z.infer<typeof Turn>;

export interface Saying {
  readonly message: string;
  readonly agent_id: string | undefined;
  readonly session_id: string | undefined;
  readonly idempotency_key: string;
}

/** Hears a turn as it is spoken: more text, or that it begins anew. */
export interface Listener {
  readonly more: (text: string) => Promise<void> | void;
  readonly anew: () => void;
}

type Begun = z.infer<typeof Begun>;

/** Nobody listens any more; the turn goes on, if it began. */
const unheard = (exit: Exit, why: string, turn: Begun | undefined): Failure =>
  turn === undefined
    ? new Failure(exit, why)
    : new Failure(exit, `${why}; the turn goes on`, { hint: `acta turns show ${turn.session_id} ${turn.turn_id}` });

/**
 * Says something and listens until the turn has ended. Throws a Failure for a refusal, a failed turn or a connection
 * that was lost on the way; the turn itself is on the record by then, and is named.
 */
export const speak = async (
  client: Client,
  saying: Saying,
  { more, anew }: Listener,
  signal?: AbortSignal,
): Promise<Turn> => {
  const { idempotency_key, ...body } = saying;
  const events = await client.listen({
    method: 'POST',
    path: '/chat',
    headers: { 'Idempotency-Key': idempotency_key },
    body: { ...body, stream: true },
    ...(signal === undefined ? {} : { signal }),
  });
  let begun: Begun | undefined;
  let heard = '';
  /** The text so far is this: what is new of it is passed on. */
  const hear = async (text: string): Promise<void> => {
    const goesOn = text.startsWith(heard);
    if (!goesOn) anew();
    await more(goesOn ? text.slice(heard.length) : text);
    heard = text;
  };
  try {
    for await (const { event, data } of events) {
      if (event === 'turn') begun = understoodText(Begun, data, 'a turn');
      else if (event === 'delta') await hear(heard + understoodText(Spoken, data, 'a piece').text);
      else if (event === 'snapshot') await hear(understoodText(Spoken, data, 'a piece').text);
      else if (event === 'problem') throw failureOf(understoodText(ProblemDocument, data, 'a problem'));
      else if (event === 'done') {
        const turn = understoodText(Turn, data, 'a turn');
        await hear(turn.response);
        return turn;
      }
    }
  } catch (error) {
    if (error instanceof Failure) throw error;
    if (error instanceof Error && error.name === 'AbortError')
      throw unheard(exits.interrupted, 'stopped listening', begun);
    const why = error instanceof Error ? error.message : String(error);
    throw unheard(exits.unreachable, `the connection was lost (${why})`, begun);
  }
  throw unheard(exits.unreachable, 'the server ended the stream too early', begun);
};
