import type { Stage } from './stage.ts';
import type { Generation } from './world.ts';

/** What an actor does to the world: asks nodes, and waits. */
export interface Hand {
  /** One question to one node, whichever; rejects where no answer came, and then nobody knows what was done. */
  readonly ask: (request: unknown) => Promise<unknown>;
  /** The same question again and again, to any node, until there is an answer. */
  readonly surely: (request: unknown) => Promise<unknown>;
  readonly rest: (least: number, most: number) => Promise<void>;
}

const answerMsMax = 15_000;
const againMs = { least: 100, most: 2_500 };

export const handOf = (stage: Stage, life: Generation): Hand => {
  const { world, weather, nodes } = stage;
  const { chance, reach } = world;
  const rest = (least: number, most: number): Promise<void> =>
    new Promise((resolve) => world.after(chance.between(least, most), 'rested', resolve, life));

  const ask = (request: unknown): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const node = chance.pick([...nodes.values()]);
      const back = (what: string, give: () => void): void => world.after(chance.between(1, 20), what, give, life);
      const lost = (): boolean => {
        const gone = chance.happens(weather.swarm.lostAnswers);
        if (gone) reach('client_answer_lost');
        return gone;
      };
      const arrive = (): void => {
        const { hands } = node;
        if (hands === undefined || !node.life.alive) {
          back('refused', () => reject(new Error(`${node.name} is down`)));
          return;
        }
        const serve = (): void =>
          void hands.serve(request).then(
            (answer) => void (lost() || back('answer', () => resolve(answer))),
            (error: unknown) =>
              void (lost() || back('failure', () => reject(error instanceof Error ? error : new Error(String(error))))),
          );
        world.after(0, `serves ${JSON.stringify(request)}`, serve, node.life);
      };
      world.after(chance.between(1, 20), 'asks', arrive, world.nobody);
      world.after(answerMsMax, 'gives up', () => reject(new Error('no answer')), life);
    });

  const surely = async (request: unknown): Promise<unknown> => {
    for (;;) {
      try {
        return await ask(request);
      } catch {
        reach('client_asked_again');
        await rest(againMs.least, againMs.most);
      }
    }
  };
  return { ask, surely, rest };
};
