import { escaped } from '../terminal/visible.ts';
import type { Approval } from './approval.shown.ts';
import { askUntil, type Desk } from './desk.ts';

const usesMax = 1_000;
/** A grant of a terminal lasts a day at most (interfaces S3). */
const hoursMax = 24;
const hourMs = 3_600_000;

interface Ceiling {
  readonly path: string;
  readonly is: 'at_most';
  readonly value: number;
}

/** As the server takes it: more calls of the same capability by the same asker. */
export interface Grant {
  readonly constraints: readonly Ceiling[];
  readonly uses_max: number;
  readonly expires_at: string;
}

const wholeUpTo =
  (max: number) =>
  (answer: string): number | undefined => {
    const count = /^\d{1,6}$/.test(answer) ? Number(answer) : 0;
    return count >= 1 && count <= max ? count : undefined;
  };

/** A number, or `none` for an empty answer. */
const ceilingIn = (answer: string): number | 'none' | undefined => {
  if (answer === '') return 'none';
  return /^-?\d+(?:\.\d+)?$/.test(answer) ? Number(answer) : undefined;
};

/** For each argument that is a number, how much it may be at most; null where it is not answered. */
const ceilings = async (approval: Approval, desk: Desk): Promise<readonly Ceiling[] | null> => {
  const found: Ceiling[] = [];
  for (const [path, value] of Object.entries(approval.action?.args ?? {})) {
    if (typeof value !== 'number') continue;
    const question = `  ${escaped(path)} at most (${value} now; Enter for any): `;
    const ceiling = await askUntil(desk, question, ceilingIn, 'a number, or nothing');
    if (ceiling === null) return null;
    if (ceiling !== 'none') found.push({ path, is: 'at_most', value: ceiling });
  }
  return found;
};

/** What a grant says, as one sentence. */
const sentence = ({ capability_id, requested_by, action }: Approval, grant: Grant): string => {
  const { constraints, uses_max, expires_at } = grant;
  const bound = constraints.map(({ path, value }) => `${path} at most ${value}`);
  const free = Object.keys(action?.args ?? {}).filter((name) => !constraints.some(({ path }) => path === name));
  const whatever = free.length === 0 ? '' : `whatever ${free.join(', ')} ${free.length === 1 ? 'is' : 'are'}`;
  const how = [...bound, whatever].filter((part) => part !== '').join(', and ');
  const who = `${requested_by.type}:${requested_by.id}`;
  const times = uses_max === 1 ? 'once more' : `${uses_max} times more`;
  return `${who} may then call ${capability_id ?? ''} ${times} until ${expires_at} without asking${how === '' ? '' : `, with ${how}`}.`;
};

/** Asks what else is agreed to beforehand, and has it confirmed as one sentence; null where it is not. */
export const grantAsked = async (approval: Approval, desk: Desk): Promise<Grant | null> => {
  const uses = wholeUpTo(usesMax);
  const uses_max = await askUntil(desk, `  how many more times (1–${usesMax}): `, uses, `1 to ${usesMax}`);
  if (uses_max === null) return null;
  const within = wholeUpTo(hoursMax);
  const hours = await askUntil(desk, `  for how many hours (1–${hoursMax}): `, within, `1 to ${hoursMax}`);
  if (hours === null) return null;
  const constraints = await ceilings(approval, desk);
  if (constraints === null) return null;
  const grant = { constraints, uses_max, expires_at: new Date(Date.now() + hours * hourMs).toISOString() };
  desk.terminal.warn(`  ${escaped(sentence(approval, grant))}`);
  const agreed = await desk.ask('  Is that what you mean? [y/N] ');
  return /^y(?:es)?$/i.test(agreed?.trim() ?? '') ? grant : null;
};

/** Whether there is anything a grant could be given for. */
export const isGrantable = ({ action }: Approval): boolean => action !== null;
