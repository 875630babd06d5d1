import { censorActions, type CensorAction, type CensorOrigin } from './censor.events.ts';

/** So many censors of one agent are looked at with every text; where there are more, no text is let pass unseen. */
export const censorsMax = 2_000;
/** So many may be in force before another is refused: what is made at the same time elsewhere still finds room. */
export const censorsMadeMax = 1_000;
/** Of these, so many that the agent noted itself: it cannot crowd out what a person said. */
export const notedMax = 100;

/** A person, or whoever holds a key that a person gave them; not an agent, a process or a reaction. */
export const isPerson = (actor: string): boolean => actor.startsWith('user:') || actor.startsWith('key:');

export const strengthOf = (action: CensorAction): number => censorActions.indexOf(action);

/** How strong a censor of this origin may begin (requirements C13, N89). */
const strongestAtFirst: Readonly<Record<CensorOrigin, CensorAction>> = {
  automatic: 'warn',
  agent: 'block',
  manual: 'absolute',
};

const weaker = (a: CensorAction, b: CensorAction): CensorAction => (strengthOf(a) <= strengthOf(b) ? a : b);

/** What is left of an action that was asked for: as much as its origin allows, and nothing absolute but from a person. */
export const capped = (asked: CensorAction, origin: CensorOrigin, by: string): CensorAction =>
  weaker(weaker(asked, strongestAtFirst[origin]), isPerson(by) ? 'absolute' : 'block');

/** The next stronger action; nothing is stronger than `absolute`. */
export const escalated = (action: CensorAction): CensorAction => censorActions[strengthOf(action) + 1] ?? action;
