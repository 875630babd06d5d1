import type { Sink } from './sse.ts';

/** One open stream, as those see it who look after all of them. */
export interface OpenStream {
  readonly sink: Sink;
  /** Whose it is, where it counts towards what one principal may have open. */
  readonly who?: string;
  /** Says that the connection lives, and looks whether the reader may still read. */
  readonly beat: () => void;
  /** The server stops: ends now, or soon by itself. */
  readonly leave: () => void;
}

/** The streams that are open on this node: counted, kept alive, and ended together. */
export const openStreams = ({
  streamsMax,
  streamsPerPrincipalMax,
  heartbeatMs,
}: {
  readonly streamsMax: number;
  readonly streamsPerPrincipalMax: number;
  readonly heartbeatMs: number;
}) => {
  const streams = new Set<OpenStream>();
  const perPrincipal = new Map<string, number>();
  const count = (who: string, by: number): void => {
    const now = (perPrincipal.get(who) ?? 0) + by;
    if (now > 0) perPrincipal.set(who, now);
    else perPrincipal.delete(who);
  };
  const beating = setInterval(() => {
    for (const { beat } of streams) beat();
  }, heartbeatMs);
  beating.unref();

  return {
    size: (): number => streams.size,
    hasRoom: (): boolean => streams.size < streamsMax,
    hasRoomFor: (who: string): boolean => (perPrincipal.get(who) ?? 0) < streamsPerPrincipalMax,
    /** Keeps a stream until its reader is gone. */
    add: (stream: OpenStream): void => {
      const { sink, who } = stream;
      streams.add(stream);
      if (who !== undefined) count(who, 1);
      const remove = (): void => {
        streams.delete(stream);
        if (who !== undefined) count(who, -1);
      };
      sink.gone.addEventListener('abort', remove, { once: true });
    },
    /** The server stops: readers are sent away, to come back elsewhere or after the restart. */
    close: (): void => {
      clearInterval(beating);
      for (const { leave } of streams) leave();
    },
  };
};

export type OpenStreams = ReturnType<typeof openStreams>;
