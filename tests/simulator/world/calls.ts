import type { Generation, World } from './world.ts';
import type { LinkName, Weather } from './weather.ts';

type Fate = 'done' | 'fails' | 'lost' | 'late' | 'twice' | 'diesBefore' | 'diesAfter';
const fates = ['fails', 'lost', 'late', 'twice', 'diesBefore', 'diesAfter'] as const;

/** What a caller is told that got no proper answer. */
export type Missing = 'refused' | 'no_answer';

export interface Line {
  readonly world: World;
  readonly weather: Weather;
  readonly link: LinkName;
  readonly owner: Generation;
  /** Answers false for what never dies. */
  readonly die: (generation: Generation) => boolean;
  readonly failure: (missing: Missing, operation: string) => Error;
}

const freedWithinMs = 40;
const noAnswerAfterMs = { least: 800, most: 6_000 };
const lateByMs = { least: 500, most: 15_000 };

const fateOf = ({ world, weather, link }: Line): Fate => {
  const faults = weather.swarm.calls[link];
  const draw = world.chance.next();
  let sum = 0;
  for (const fate of fates) {
    sum += faults[fate];
    if (draw < sum) return fate;
  }
  return 'done';
};

/**
 * A call of a port: it travels, meets its fate where it arrives, and the answer travels back. What was sent is sent: the
 * death of the sender stops the answer only.
 */
export const lineOf =
  (line: Line) =>
  <T>(operation: string, detail: string, perform: () => T): Promise<T> =>
    new Promise((resolve, reject) => {
      const { world, weather, link, owner, die, failure } = line;
      const { chance, reach } = world;
      const travelMs = (): number => chance.between(1, 4 * weather.swarm.slow[link]);
      const say = (what: string): string => `${link}.${operation} ${detail} ${what}`;
      const answer = (ms: number, what: string, give: () => void): void => world.after(ms, say(what), give, owner);
      const refuse = (missing: Missing, ms: number): void =>
        answer(ms, missing, () => reject(failure(missing, operation)));
      const reply = (value: T): void => answer(travelMs(), 'answered', () => resolve(value));
      const perished = (when: string): boolean => {
        const died = die(owner);
        if (died) reach(`${when}.${link}.${operation}`);
        return died || !owner.alive;
      };

      const meet = (fate: Fate): void => {
        if (fate === 'diesBefore' && perished('died_before')) return undefined;
        if (fate === 'fails') {
          reach(`refused.${link}`);
          return refuse('refused', travelMs());
        }
        if (fate === 'late') {
          const ms = chance.between(lateByMs.least, lateByMs.most);
          refuse('no_answer', chance.between(noAnswerAfterMs.least, noAnswerAfterMs.most));
          const come = (): void => {
            attempt();
            reach('late.applied');
          };
          world.after(ms, say('comes late'), come, world.nobody);
          return undefined;
        }
        const done = attempt();
        if (fate === 'twice') attempt();
        if (fate === 'diesAfter' && perished('died_after')) return undefined;
        if (fate === 'lost') {
          reach(`lost_answer.${link}.${operation}`);
          if (operation === 'append')
            for (const type of (detail.split(' ')[1] ?? '').split('+')) reach(`lost_ack.${type}`);
          return refuse('no_answer', chance.between(noAnswerAfterMs.least, noAnswerAfterMs.most));
        }
        if ('error' in done) return answer(travelMs(), 'threw', () => reject(done.error));
        return reply(done.value);
      };
      const attempt = (): { readonly value: T } | { readonly error: Error } => {
        try {
          return { value: perform() };
        } catch (error) {
          return { error: error instanceof Error ? error : new Error(String(error)) };
        }
      };
      const arrive = (fate: Fate): void => {
        const clogged = weather.cloggedUntil.get(`${owner.name}>${link}`) ?? 0;
        if (clogged > world.now()) {
          reach(`clogged.${link}`);
          const ms = clogged - world.now() + chance.below(freedWithinMs);
          world.after(ms, say('freed'), () => meet(weather.healed ? 'done' : fate), world.nobody);
        } else if (weather.downUntil[link] > world.now()) meet('fails');
        else meet(fate);
      };
      const fate = fateOf(line);
      world.after(travelMs(), say(fate), () => arrive(fate), world.nobody);
    });
