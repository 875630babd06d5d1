import { randomUUID } from 'node:crypto';
import * as E from 'fp-ts/lib/Either.js';
import { describe, expect, it, onTestFinished } from 'vitest';
import { autoLink } from '../../src/commands/decisions/auto-link.ts';
import { linker } from '../../src/commands/decisions/linker.ts';
import { execute } from '../../src/commands/execute.ts';
import { catalogue } from '../../src/domain/catalogue.ts';
import { decision } from '../../src/domain/decision/decision.decider.ts';
import type { Learned, Match } from '../../src/ports.memory.ts';
import { quietJournal } from '../support/quiet.journal.ts';
import { until } from '../support/until.ts';
import { engineOn, eventsIn, movableClock, provenance } from './engines.ts';
import { openLog } from './setting.ts';

const log = await openLog();
const clock = movableClock();
const engine = engineOn(log, catalogue, clock);
const agent_id = randomUUID();
const content = {
  ...{ description: 'Append to one log.', context: null, pattern: 'event sourcing', confidence: 0.8, tags: [] },
  ...{ category: 'architecture' as const, stakes: 'low' as const, reasons: [] },
};

/** Decisions that are on the record, by id, the smallest first. */
const recorded = async (count: number): Promise<readonly string[]> => {
  const ids = Array.from({ length: count }, () => randomUUID()).toSorted();
  for (const decision_id of ids) {
    const command = { type: 'RecordDecision', decision_id, agent_id, session_id: null, content, by: 'a test' } as const;
    expect(E.isRight(await execute(engine, decision, `decision-${decision_id}`, command, provenance()))).toBe(true);
  }
  return ids;
};

/** What the index finds near. */
const finding = (...found: readonly (readonly [string | undefined, number])[]) => ({
  engine,
  model: 'a model',
  vectors: {
    nearest: (): Promise<readonly Match[]> =>
      Promise.resolve(
        found.map(([id = '', score]) => ({ kind: 'decision', id, score, revision: 0, title: '', ended_why: null })),
      ),
  },
});
const linkable = (id = '') => ({
  ...{ tenant: 'default', id, agent_id, vector: Float32Array.of(1) },
  ...{ correlation_id: randomUUID(), causation_id: randomUUID() },
});
const edges = async (id = '') =>
  (await eventsIn(log, `decision-${id}`)).filter(({ type }) => type === 'DecisionLinked').map(({ data }) => data);

describe('auto-link (N38)', () => {
  it('links the nearest three, each once, from the smaller id, and never with itself', async () => {
    const [a, b, c, d, e] = await recorded(5);
    const near = finding([b, 1], [a, 0.99], [c, 0.95], [d, 0.9], [e, 0.86]);
    expect(await autoLink(near, linkable(b))).toEqual([a, c, d]);
    const edge = { relation: 'related_to', auto_linked: true, by: 'system:auto_link' };
    expect(await edges(a)).toMatchObject([{ ...edge, target_id: b, weight: 0.99 }]);
    expect(await edges(b)).toMatchObject([
      { ...edge, target_id: c, weight: 0.95 },
      { ...edge, target_id: d, weight: 0.9 },
    ]);
    await autoLink(near, linkable(b));
    await autoLink(finding([b, 0.99]), linkable(a));
    expect([...(await edges(a)), ...(await edges(b))]).toHaveLength(3);
  });

  it('adds nothing to a pair of which somebody said how it stands, from either side', async () => {
    const [a, b, c] = await recorded(3);
    const link = (source = '', target_id = '') =>
      execute(
        engine,
        decision,
        `decision-${source}`,
        { type: 'LinkDecision', target_id, relation: 'contradicts', weight: 1, auto_linked: false, by: 'key:ola' },
        provenance(),
      );
    expect(E.isRight(await link(a, b))).toBe(true);
    expect(E.isRight(await link(c, a))).toBe(true);
    expect(await autoLink(finding([b, 0.99], [c, 0.98]), linkable(a))).toEqual([b, c]);
    expect([...(await edges(a)), ...(await edges(b)), ...(await edges(c))]).toMatchObject([
      { relation: 'contradicts', target_id: b },
      { relation: 'contradicts', target_id: a },
    ]);
  });

  it('leaves out what cannot be linked, and links the rest', async () => {
    const [a, b] = await recorded(2);
    const nowhere = '00000000-0000-4000-8000-000000000000';
    expect(await autoLink(finding([nowhere, 0.97], [b, 0.9]), linkable(a))).toEqual([b]);
    expect(await edges(nowhere)).toEqual([]);
  });
});

/** A linker over these decisions in the order in which they were recorded; of those in `embedded` there are vectors. */
const linking = async (ids: readonly string[], embedded: Set<string>, twin: string) => {
  const items = await Promise.all(
    ids.map(async (id) => {
      const [event] = await eventsIn(log, `decision-${id}`);
      return { id, tenant: 'default', agent_id, position: event?.position ?? -1n };
    }),
  );
  const at = { position: (items[0]?.position ?? 0n) - 1n, looks: 0 };
  const learned = (_: string, __: string, after: bigint): Promise<readonly Learned[]> => {
    at.looks += 1;
    const later = items.filter(({ position }) => position > after);
    return Promise.resolve(
      later.map((item) => ({ ...item, vector: embedded.has(item.id) ? Float32Array.of(1) : null })),
    );
  };
  const checkpoints = {
    position: () => Promise.resolve(at.position),
    wake: (_: unknown, { position }: { readonly position: bigint }): Promise<void> => {
      at.position = position;
      return Promise.resolve();
    },
  };
  const { vectors, ...near } = finding([twin, 0.9]);
  const journal = quietJournal();
  const links = linker({ ...near, vectors: { ...vectors, learned }, checkpoints, journal });
  onTestFinished(links.stop);
  links.start();
  const looked = async (): Promise<void> => {
    const { looks } = at;
    links.nudge();
    await until(() => Promise.resolve(at.looks > looks ? true : undefined));
  };
  const reached = async (place: number): Promise<void> => {
    await until(() => Promise.resolve(at.position === items[place]?.position ? true : undefined));
  };
  return { at, looked, reached, journal };
};

describe('whoever links decisions', () => {
  it('waits for a vector as long as nobody embeds, and loses nothing', async () => {
    const ids = await recorded(2);
    const [a = '', b = ''] = ids;
    const embedded = new Set<string>();
    const { at, looked, reached } = await linking(ids, embedded, b);
    const { position } = at;
    await looked();
    clock.ahead += 3_600_000;
    await looked();
    expect(at.position).toBe(position);
    embedded.add(a).add(b);
    await looked();
    await reached(1);
    expect(await edges(a)).toMatchObject([{ target_id: b, weight: 0.9 }]);
  });

  it('passes over what cannot be embedded, once later ones are, and tells', async () => {
    const ids = await recorded(3);
    const [a = '', b = '', c = ''] = ids;
    const { looked, reached, journal } = await linking(ids, new Set([b, c]), c);
    await looked();
    expect(await edges(b)).toEqual([]);
    clock.ahead += 60_000;
    await looked();
    await reached(2);
    expect(await edges(b)).toMatchObject([{ target_id: c }]);
    expect(journal.told).toContainEqual({ level: 'warn', event: 'decision_not_linked', fields: { decision_id: a } });
  });

  it('goes on after a decision that the log will never link', async () => {
    const [a = '', b = '', c = ''] = await recorded(3);
    await log.tombstone(`decision-${a}`, 0);
    const { reached, journal } = await linking([b, c], new Set([b, c]), a);
    await reached(1);
    expect(journal.told.filter(({ event }) => event === 'auto_link_failed')).toHaveLength(2);
    expect([...(await edges(b)), ...(await edges(c))]).toEqual([]);
  });
});
