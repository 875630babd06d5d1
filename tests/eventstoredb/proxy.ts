import { once } from 'node:events';
import net from 'node:net';

/** A wire that can be cut: what lies between a client and its server. */
export interface Wire {
  readonly port: number;
  /** Takes what is sent and gives nothing back, on connections old and new, until it is mended. */
  readonly holdAnswers: () => void;
  /** Breaks every connection at the next byte the server sends: after the request, before its answer. */
  readonly breakAtNextAnswer: () => void;
  readonly breakNow: () => void;
  /** As it was at first. */
  readonly mend: () => void;
  /** Nobody is there any more; with `mend` again somebody is. */
  readonly close: () => Promise<void>;
  readonly listen: () => Promise<void>;
}

type Mood = 'passes' | 'holds' | 'breaks';

export const aWire = async (serverPort: number): Promise<Wire> => {
  let mood: Mood = 'passes';
  let held: (() => void)[] = [];
  const sockets = new Set<net.Socket>();
  const breakNow = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  const proxy = net.createServer((near) => {
    const far = net.connect(serverPort, '127.0.0.1');
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.once('close', () => {
        sockets.delete(socket);
        near.destroy();
        far.destroy();
      });
    }
    near.on('data', (bytes) => far.write(bytes));
    far.on('data', (bytes) => {
      if (mood === 'passes') near.write(bytes);
      if (mood === 'holds') held.push(() => near.write(bytes));
      if (mood === 'breaks') breakNow();
    });
  });
  const listen = async (port: number): Promise<number> => {
    proxy.listen(port, '127.0.0.1');
    await once(proxy, 'listening');
    return (proxy.address() as net.AddressInfo).port;
  };
  const port = await listen(0);
  const become = (next: Mood) => (): void => {
    mood = next;
  };
  return {
    port,
    holdAnswers: become('holds'),
    breakAtNextAnswer: become('breaks'),
    mend: () => {
      mood = 'passes';
      for (const release of held) release();
      held = [];
    },
    breakNow,
    close: async () => {
      if (!proxy.listening) return;
      const closed = once(proxy, 'close');
      proxy.close();
      breakNow();
      await closed;
    },
    listen: async () => void (await listen(port)),
  };
};
