import { spelt } from '../terminal/duration.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { escaped } from '../terminal/visible.ts';
import type { Approval, Precedents, Recheck } from './approval.shown.ts';
import { argumentChanges } from './changes.ts';
import { exact, lookalikes, wrapped } from './exact.ts';

const labelWidth = 14;
const columnsMin = 40;

/** Everything that is said of one request; what could not be had is undefined. */
export interface Case {
  readonly approval: Approval;
  readonly recheck: Recheck | undefined;
  readonly precedents: Precedents | undefined;
}

/** How long it still waits. */
export const expiryOf = ({ expires_at }: Approval, now: number): string => {
  const left = Date.parse(expires_at) - now;
  return left <= 0 ? 'has expired' : `expires in ${spelt(left)}`;
};

const whyLines = ({ verdict, terms, agreed, quorum }: Approval): readonly string[] => {
  const who = terms.roles.length === 0 ? '' : ` of ${terms.roles.join(', ')}`;
  const takes = `it takes ${quorum}${who}; ${agreed} so far`;
  if (verdict === null) return ['the plan asks for a person’s word at this step', takes];
  const { basis, rule, reason, policy, matched } = verdict;
  const by = basis === 'rule' && rule !== null ? rule.rule_id : basis;
  return [
    `${by}: ${reason} (policy ${policy.name} v${policy.version})`,
    ...matched.map(({ fact, value, wanted }) => `${fact} is ${value}, and ${wanted} was looked for`),
    takes,
  ];
};

const preconditionLines = ({ approval: { action }, recheck }: Case): readonly string[] => {
  const relied = Object.entries(action?.preconditions ?? {}).map(([name, value]) => {
    const now = recheck?.preconditions[name];
    const was = `${escaped(name)} = ${exact(value)}`;
    if (recheck === undefined) return was;
    return now !== undefined && exact(now) === exact(value)
      ? `${was}, and is so now`
      : `! ${was} when it was asked, ${now === undefined ? 'not known' : exact(now)} now`;
  });
  if (recheck === undefined) return [...relied, '! could not be checked again now'];
  const others = recheck.differs.filter((part) => part !== 'preconditions');
  if (others.length > 0) relied.push(`! differs since it was asked: ${escaped(others.join(', '))}`);
  return recheck.same ? [...relied, 'checked again: it is what was asked for'] : relied;
};

const askedBy = ({ requested_by: { type, id, chain } }: Approval): string => {
  const asker = `${type}:${id}`;
  const others = chain.filter((actor) => actor !== asker);
  return others.length === 0 ? asker : `${asker}, for ${others.join(', for ')}`;
};

/** How those before ended, and what the last one was asked with instead. */
const precedentLines = ({ approval, precedents }: Case): readonly string[] => {
  if (precedents === undefined) return ['could not be looked up now'];
  const { days, counts, data } = precedents;
  const all = Object.values(counts).reduce((sum, count) => sum + count, 0);
  const ends = Object.entries(counts).map(([ending, count]) => `${count} ${escaped(ending)}`);
  const [last] = data;
  const others = argumentChanges(last?.action?.args ?? {}, approval.action?.args ?? {});
  return [
    all === 0 ? `none in ${days} days` : `${all} in ${days} days: ${ends.join(', ')}`,
    ...(last === undefined ? [] : others.map((change) => `since the last, ${escaped(last.status)}: ${change}`)),
  ];
};

/** A line that goes on is marked, so that no value can pretend to be the next one. */
const goingOn = (line: string, index: number): string => (index === 0 ? line : `⋮ ${line}`);

/** The rows of one label. Nothing of a value ever stands where labels do. */
const labelled = (label: string, values: readonly string[], { columns, paint }: Terminal): readonly string[] =>
  values
    .flatMap((value) => wrapped(value, Math.max(columns, columnsMin) - labelWidth - 5).map(goingOn))
    .map((line, index) => `  ${paint('bold', (index === 0 ? label : '').padEnd(labelWidth))} ${line}`);

const riskStyle = { low: 'green', medium: 'yellow', high: 'red', critical: 'red' } as const;

/** Exactly what would run, one argument after another. */
const argumentLines = ({ action }: Approval): readonly string[] =>
  action === null
    ? ['nothing by itself: only your word is asked for']
    : [
        ...Object.entries(action.args).map(([name, value]) => `${escaped(name)} = ${exact(value)}`),
        ...lookalikes(action.args).map((warning) => `! ${warning}`),
      ];

/** One request as who decides sees it: what would run to the last character, why it stopped, what it relies on, who asks. */
export const pageOf = (shown: Case, place: string, now: number, terminal: Terminal): readonly string[] => {
  const { approval } = shown;
  const { risk_level, capability_id, action, headline, approval_id, action_digest, verdict } = approval;
  const { paint } = terminal;
  const style = Object.entries(riskStyle).find(([level]) => level === risk_level)?.[1] ?? 'red';
  const what =
    capability_id === null ? 'a person’s word' : `${capability_id} ${action?.capability_version ?? ''}`.trim();
  const rows = (label: string, values: readonly string[]): readonly string[] => labelled(label, values, terminal);
  return [
    `${paint('bold', place)}  ◎ ${paint(style, escaped(risk_level.toUpperCase()))}  ${paint('bold', escaped(what))}  ${expiryOf(approval, now)}`,
    ...rows('', [escaped(headline)]),
    ...rows('will run', argumentLines(approval)),
    ...rows('why', whyLines(approval).map(escaped)),
    ...rows('would pass', (verdict?.would_allow ?? []).map(escaped)),
    ...rows('relies on', preconditionLines(shown)),
    ...rows('asked by', [escaped(askedBy(approval))]),
    ...rows('precedent', precedentLines(shown)),
    ...rows(
      'votes',
      approval.votes.map(({ by, vote, reason }) => escaped(`${by}: ${vote} "${reason}"`)),
    ),
    ...rows('approval', [`${escaped(approval_id)} at revision ${approval.revision}`]),
    ...rows('digest', [escaped(action_digest)]),
    ...rows('expires', [escaped(approval.expires_at)]),
  ];
};
