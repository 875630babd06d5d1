import type { Watched } from '../../domain/censor/censor.match.ts';
import type { CitedKind } from '../../domain/cognition/cited.ts';
import type { SectionBudgets } from '../../domain/cognition/frames.ts';
import { censorLine } from '../../domain/cognition/lines.ts';
import type { Line } from '../../domain/cognition/sections.ts';
import type { Draft } from '../../domain/session/context.ts';
import type { CitedItem, Section } from '../../domain/session/plan.ts';
import type { Recalled, Recollection } from '../../ports.memory.ts';
import { cite, type Cited } from './cite.ts';
import type { Mind } from './mind.ts';

/** How many of a kind a context holds at most (requirements N117 for decisions). */
const itemsMax = 5;
const factsMax = 10;
const censorsMax = 20;
const excludedMax = 20;

/** The sections that are recalled, in the order in which they are read. */
const recalledSections = [
  { name: 'decisions', kind: 'decision', limit: itemsMax },
  { name: 'facts', kind: 'fact', limit: factsMax },
  { name: 'procedures', kind: 'procedure', limit: itemsMax },
  { name: 'episodes', kind: 'episode', limit: itemsMax },
] as const;

interface Asking {
  readonly tenant: string;
  readonly agent_id: string;
  readonly text: string;
  readonly budgets: SectionBudgets;
  /** What has been put on the record by then is to be found. */
  readonly at_least?: bigint;
  /** Items that say nothing here: the session's own episode tells only what the talk itself does. */
  readonly without: ReadonlySet<string>;
}

const item = (kind: CitedKind, { id, score, channels }: Recalled, { revision }: Cited): CitedItem => ({
  kind,
  id,
  revision,
  score,
  channels: channels.map((channel) => ({ ...channel })),
});

/** A section of what was recalled: each item as its own stream says it now; what no longer holds is left out, and why is said. */
const drafted = async (
  { engine }: Mind,
  { tenant, without }: Asking,
  { name, kind, limit }: (typeof recalledSections)[number],
  { items, excluded }: Recollection,
): Promise<Draft> => {
  const found = items.filter((each) => each.kind === kind && !without.has(each.id));
  const cited = await Promise.all(
    found.slice(0, limit).map(async (recalled) => ({ recalled, said: await cite(engine, tenant, recalled) })),
  );
  const lines = cited.flatMap(({ recalled, said }): readonly Line<CitedItem>[] =>
    said?.active ? [{ text: said.line, cited: item(kind, recalled, said) }] : [],
  );
  const gone = cited
    .filter(({ said }) => !said?.active)
    .map(({ recalled: { id } }) => ({ kind, id, why: 'it no longer holds' }));
  const beyond = found.slice(limit).map(({ id }) => ({ kind, id, why: `more than ${limit} were found` }));
  const others = excluded
    .filter((each) => each.kind === kind)
    .map(({ id, why }) => ({ kind, id, why: why.slice(0, 200) }));
  const left: Section['excluded'] = [...gone, ...beyond, ...others].slice(0, excludedMax);
  return { name, lines, excluded: left };
};

/** What a text calls to mind, section by section, and up to where the log was searched. */
export const recollect = async (
  mind: Mind,
  asking: Asking,
  signal: AbortSignal,
): Promise<{ readonly drafts: readonly Draft[]; readonly position: bigint | null }> => {
  const { tenant, agent_id, text, budgets, at_least } = asking;
  const wanted = recalledSections.filter(({ name }) => budgets[name] > 0);
  if (wanted.length === 0) return { drafts: [], position: null };
  const recollection = await mind.memory.recall(
    {
      ...{ tenant, agent_id, text },
      kinds: wanted.map(({ kind }) => kind),
      limit: factsMax,
      each: true,
      ...(at_least === undefined ? {} : { at_least }),
    },
    signal,
  );
  const drafts = await Promise.all(wanted.map((section) => drafted(mind, asking, section, recollection)));
  return { drafts, position: recollection.position };
};

/** What an agent must not do: the strongest of the censors in force, with how many more there are (requirements N117). */
export const censorsDraft = (inForce: readonly Watched[]): Draft => ({
  name: 'censors',
  lines: inForce.slice(0, censorsMax).map((censor) => ({
    text: censorLine(censor),
    cited: { kind: 'censor', id: censor.censor_id, revision: censor.revision, score: null, channels: [] },
  })),
  excluded: inForce
    .slice(censorsMax, censorsMax + excludedMax)
    .map(({ censor_id: id }) => ({ kind: 'censor', id, why: `more than ${censorsMax} are in force` })),
});
