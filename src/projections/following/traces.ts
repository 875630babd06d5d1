import type { Telemetry } from '../../ports.ts';
import type { Member } from '../folding/member.ts';
import type { Stretch } from '../folding/outcome.ts';
import { wants } from '../projection.ts';

/** So many traces go on through one stretch. In a burst there are more, and it would be folded for all of them alike. */
const tracesMax = 32;

/** The traces in which these events were recorded, and which projections fold events of each. */
const tracesOf = (members: readonly Member[], { events }: Stretch): ReadonlyMap<string, ReadonlySet<string>> => {
  const traces = new Map<string, Set<string>>();
  for (const { type, metadata } of events) {
    const traceparent = metadata['traceparent'];
    if (traceparent === undefined) continue;
    const known = traces.get(traceparent);
    if (known === undefined && traces.size === tracesMax) continue;
    const names = members.filter(({ projection }) => wants(projection, type)).map(({ projection }) => projection.name);
    if (names.length > 0) traces.set(traceparent, new Set([...(known ?? []), ...names]));
  }
  return traces;
};

/**
 * Does the work of folding a stretch within a span of every trace that its events belong to, so that a request can be
 * followed until it shows in what readers see (at most 32 traces a stretch).
 */
export const inTraces = (
  telemetry: Telemetry,
  members: readonly Member[],
  stretch: Stretch,
  work: () => Promise<void>,
): Promise<void> => {
  let spanned = work;
  for (const [traceparent, names] of tracesOf(members, stretch)) {
    const inner = spanned;
    const attributes = { 'acta.projections': [...names].join(','), 'acta.position': String(stretch.upTo) };
    spanned = () => telemetry.span('fold', attributes, inner, traceparent);
  }
  return spanned();
};
