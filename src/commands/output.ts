/** A piece of what a model is saying: more text, or a fresh start because the call is made again. */
export type Utterance =
  { readonly is: 'delta'; readonly text: string } | { readonly is: 'snapshot'; readonly text: string };

type Hear = (utterance: Utterance) => void;

const bufferCharsMax = 256 * 1024;

/**
 * Carries the text of running turns from the call to whoever listens on this node. It is no record: the finished answer
 * is, and a lost delta loses nothing. A late listener gets what was said so far first.
 */
export const output = () => {
  const said = new Map<string, string>();
  const listeners = new Map<string, Set<Hear>>();
  const tell = (turn_id: string, utterance: Utterance): void => {
    for (const hear of listeners.get(turn_id) ?? []) hear(utterance);
  };
  return {
    say: (turn_id: string, text: string): void => {
      const before = said.get(turn_id) ?? '';
      if (before.length < bufferCharsMax) said.set(turn_id, before + text);
      tell(turn_id, { is: 'delta', text });
    },
    /** A call that is made again starts from nothing. */
    restart: (turn_id: string): void => {
      if (said.delete(turn_id)) tell(turn_id, { is: 'snapshot', text: '' });
    },
    /** Answers how to stop listening. */
    listen: (turn_id: string, hear: Hear): (() => void) => {
      const sofar = said.get(turn_id);
      if (sofar !== undefined) hear({ is: 'snapshot', text: sofar });
      const hearing = listeners.get(turn_id) ?? new Set();
      listeners.set(turn_id, hearing.add(hear));
      return () => {
        hearing.delete(hear);
        if (hearing.size === 0) listeners.delete(turn_id);
      };
    },
    /** The turn is over: nothing of it is kept here. */
    end: (turn_id: string): void => void said.delete(turn_id),
  };
};
export type Output = ReturnType<typeof output>;
