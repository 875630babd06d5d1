import { LogError, type EventLog, type NewEvent, type StoredEvent } from '../../../src/ports.ts';
import type { Effect, Wait } from '../../../src/domain/kernel/process.ts';
import type { ModelEffect } from '../../../src/domain/session/session.effects.ts';
import type { SessionState } from '../../../src/domain/session/session.state.ts';
import type { DurableLog } from '../doubles/durable.log.ts';
import type { World } from '../world/world.ts';
import type { Mutant } from './mutant.ts';

const seldom = 0.03;
const phantomMs = 3_000;

/** The log takes an append although its expectation does not hold. */
const staleAccepted = (durable: DurableLog): DurableLog => ({
  ...durable,
  append: (writes) => {
    const answer = durable.append(writes);
    return answer.ok || answer.conflict.actual === 'deleted'
      ? answer
      : durable.append(writes.map((each) => ({ ...each, expected: 'any' as const })));
  },
});

/** The log says that it has recorded what it has not. */
const ackedBeforeDurable = (durable: DurableLog, { chance }: World): DurableLog => ({
  ...durable,
  append: (writes) => {
    const [write] = writes;
    if (write === undefined || !chance.happens(seldom)) return durable.append(writes);
    const { expected, events } = write;
    const revision = events.length - 1 + (typeof expected === 'number' ? expected + 1 : 0);
    return { ok: true, revision, position: durable.head() + 1n };
  },
});

/** Readers are shown what is never recorded: published first, and then the disk fails. */
const publishedFirst = (durable: DurableLog, { chance, now }: World): DurableLog => {
  let phantom: { readonly event: StoredEvent; readonly until: number } | undefined;
  const shown = ({ id, type, data, metadata }: NewEvent, stream: string): StoredEvent => ({
    ...{ id, type, data, metadata, stream },
    revision: 0,
    position: durable.head() + 1n,
    recorded_at: new Date(now()).toISOString(),
  });
  return {
    ...durable,
    append: (writes) => {
      const [write] = writes;
      const [event] = write?.events ?? [];
      if (write === undefined || event === undefined || !chance.happens(seldom)) return durable.append(writes);
      phantom = { event: shown(event, write.stream), until: now() + phantomMs };
      throw new LogError('unavailable', 'the disk failed');
    },
    pageOfAll: (from, direction, limit, filter) => {
      const page = durable.pageOfAll(from, direction, limit, filter);
      if (phantom === undefined || phantom.until < now() || typeof from !== 'bigint' || from > phantom.event.position)
        return page;
      const events = [...page.events, phantom.event].toSorted((a, b) => Number(a.position - b.position));
      return { ...page, events, considered: events.at(-1)?.position ?? page.considered };
    },
  };
};

/** After a lost race the writer does not look again: it appends what it had decided, one place further. */
const notReread = (log: EventLog): EventLog => ({
  ...log,
  append: async (stream, expected, events) => {
    const answer = await log.append(stream, expected, events);
    if (answer.ok || typeof answer.conflict.actual !== 'number') return answer;
    return await log.append(stream, answer.conflict.actual, events);
  },
});

/** Who holds a lease appends as if nobody else could. */
const leaseAsSafety = (log: EventLog): EventLog => ({
  ...log,
  append: (stream, expected, events) =>
    log.append(stream, events[0]?.metadata['actor']?.startsWith('process:') === true ? 'any' : expected, events),
});

/** A read leaves out an event, now and then. */
const eventSkipped = (log: EventLog, { chance }: World): EventLog => ({
  ...log,
  read: async function* (stream, options) {
    for await (const page of log.read(stream, options)) {
      const skipped = chance.happens(seldom) ? chance.below(page.length) : -1;
      yield page.filter((_, n) => n !== skipped);
    }
  },
});

/** An event is named anew at each attempt. */
const randomIds = (log: EventLog, { chance }: World): EventLog => ({
  ...log,
  append: (stream, expected, events) =>
    log.append(
      stream,
      expected,
      events.map((event) => ({ ...event, id: chance.id() })),
    ),
});

/** A model is called once more although its answer is on record. */
const againAlthoughAnswered: Mutant['kind'] = (kind) => {
  const next = (state: unknown): readonly (Effect | Wait)[] => {
    const due = kind.process.next(state);
    const { phase, turn, history, inherited, agent_id } = state as SessionState;
    if (phase !== 'replied' || turn?.plan == null) return due;
    const { turn_id, attempt, plan, text, rounds } = turn;
    const again: ModelEffect = {
      kind: 'model',
      key: `${turn_id}:model:again:${attempt}`,
      agent_id,
      turn_id,
      plan,
      history,
      inherited,
      text,
      attempt,
      rounds,
    };
    return [...due, again];
  };
  return { ...kind, process: { ...kind.process, next } };
};

/** Every one of these must be found. */
export const mutants: readonly Mutant[] = [
  { name: 'stale_accepted', log: staleAccepted },
  { name: 'acked_before_durable', log: ackedBeforeDurable },
  { name: 'published_first', log: publishedFirst },
  { name: 'not_reread', port: notReread },
  { name: 'lease_as_safety', port: leaseAsSafety },
  { name: 'event_skipped', port: eventSkipped },
  { name: 'random_ids', port: randomIds },
  { name: 'again_although_answered', kind: againAlthoughAnswered },
  { name: 'wakes_nobody', roster: (roster) => ({ ...roster, wake: (_, checkpoint) => roster.wake([], checkpoint) }) },
  {
    name: 'forgets_all',
    roster: (roster) => ({
      ...roster,
      release: (ends) => roster.release(ends.map((end) => ({ ...end, done: true }))),
    }),
  },
];

/** These break what saves work, and safety must not rest on it: they may keep something waiting (L1), and nothing else. */
export const harmless: readonly Mutant[] = [
  {
    name: 'lease_for_everyone',
    roster: (roster) => ({
      ...roster,
      claim: (owner, now, lease_ms, entries) => {
        const got = roster.claim(owner, now, lease_ms, entries);
        const others = entries.filter(({ stream }) => !got.some((each) => each.stream === stream));
        return [...got, ...others.map(({ stream }) => ({ stream, lease: -1n }))];
      },
    }),
  },
];
