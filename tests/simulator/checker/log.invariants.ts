import type { StoredEvent } from '../../../src/ports.ts';
import { nothing, type History, type InvariantOf } from './history.ts';

/** I8: revisions are gapless, positions increase, and whoever follows the log sees what the log holds. */
export const ordered: InvariantOf = () => ({
  id: 'I8',
  check: ({ stream, revision, position, type }, { streams, events }) => {
    const count = streams.get(stream)?.length ?? 0;
    if (revision !== count && type !== '$streamDeleted') return `${stream}@${revision} follows ${count - 1}`;
    const before = events.at(-1)?.position ?? -1n;
    return position > before ? undefined : `${stream}@${revision} stands at ${position}, after ${before}`;
  },
  atEnd: ({ events, readers }) => {
    const durable = events.filter(({ type, stream }) => !type.startsWith('$') && !stream.startsWith('$'));
    for (const [name, seen] of readers) {
      const wrong = durable.findIndex(({ id, position }, n) => seen[n]?.id !== id || seen[n]?.position !== position);
      if (wrong >= 0 || seen.length !== durable.length)
        return `${name} saw ${seen.length} events of ${durable.length}, and another one as number ${wrong}`;
    }
    return undefined;
  },
});

/** I7, its first half: each event continues the link of the one before it. */
export const linked: InvariantOf = () => ({
  id: 'I7',
  check: ({ stream, revision, metadata }, { streams }) => {
    if (metadata['self'] === undefined) return undefined;
    const before = streams.get(stream)?.at(-1);
    return before === undefined || metadata['prev'] === before.metadata['self']
      ? undefined
      : `${stream}@${revision} does not continue the event before it`;
  },
  atEnd: nothing,
});

const commandOf = ({ metadata }: StoredEvent): string => metadata['command_id'] ?? '';

/** A command is recorded at most once: its events stand together, in one stream. */
export const once: InvariantOf = () => {
  const places = new Map<string, { readonly stream: string; readonly revision: number }>();
  return {
    id: 'once',
    check: (event) => {
      const command = commandOf(event);
      if (command === '') return undefined;
      const last = places.get(command);
      places.set(command, event);
      return last === undefined || (last.stream === event.stream && last.revision + 1 === event.revision)
        ? undefined
        : `${event.stream}@${event.revision} is of a command recorded at ${last.stream}@${last.revision}`;
    },
    atEnd: nothing,
  };
};

/** What a client was told is done stands in the log. */
export const kept: InvariantOf = () => ({
  id: 'acknowledged',
  check: nothing,
  atEnd: ({ acknowledged, streams }: History) => {
    const lost = acknowledged.find(
      ({ command_id, stream }) => streams.get(stream)?.some((event) => commandOf(event) === command_id) !== true,
    );
    return lost && `${lost.stream} holds nothing of command ${lost.command_id}`;
  },
});
