import { escaped } from '../terminal/visible.ts';
import type { Approval } from './approval.shown.ts';
import { exact } from './exact.ts';

type Args = Readonly<Record<string, unknown>>;

const shown = (value: unknown): string => (value === undefined ? 'nothing' : exact(value));

/** What is longer is read where the arguments stand. */
const shownCharsMax = 120;
const brief = (text: string): string => (text.length > shownCharsMax ? `${text.length} characters` : text);

/** Which arguments are others, from what to what. */
export const argumentChanges = (before: Args, after: Args): readonly string[] =>
  [...new Set([...Object.keys(before), ...Object.keys(after)])]
    .filter((name) => shown(before[name]) !== shown(after[name]))
    .map((name) => `${escaped(name)}: ${brief(shown(before[name]))} → ${brief(shown(after[name]))}`);

/** What is other than it was read, in sentences: who has said what since, how it ended, what would run now. */
export const changesBetween = (read: Approval, now: Approval): readonly string[] => {
  const votes = now.votes
    .slice(read.votes.length)
    .map(({ by, vote, reason }) => `${by} has said ${vote}${reason === '' ? '' : `: ${reason}`}`);
  const ended =
    now.status === read.status
      ? []
      : [`it is ${now.status}${now.ended_by === null || now.ended_by === undefined ? '' : `, by ${now.ended_by}`}`];
  const digest = now.action_digest === read.action_digest ? [] : [`what would run has the digest ${now.action_digest}`];
  const args = argumentChanges(read.action?.args ?? {}, now.action?.args ?? {});
  const changes = [...[...votes, ...ended, ...digest].map(escaped), ...args];
  if (changes.length > 0) return changes;
  return now.revision === read.revision
    ? ['it changed, and how is not visible yet']
    : [`it was at revision ${read.revision}, and is at ${now.revision}`];
};
