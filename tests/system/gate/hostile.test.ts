import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { ask, dataFolder, startHere } from '../../support/acta.ts';
import { directiveEnd, eventsOf, policyWith, proposed, runOf, underPolicy } from '../../support/gated.ts';
import { hostileDirectives, type Hostile } from './hostile.generator.ts';

const count = Number(process.env['HOSTILE_DIRECTIVES'] ?? 2_000);
const seed = Number(process.env['HOSTILE_SEED'] ?? 7);
const atOnce = 16;
/** The longest message that `noop` takes, and the braces around it. */
const noopCharsMax = 1_014;

/** Only `noop`, and reading in one folder; and one person, who is not here, may put another policy in force. */
const document = policyWith({
  capability_allowlist: ['noop', 'io.fs.read_file', 'policy.activate'],
  scope_allowlist: ['development'],
  budget_ceiling_micros: 5_000_000,
  otherwise: 'deny',
  rules: [
    { rule_id: 'noop', when: { capabilities: ['noop'] }, decision: 'allow', reason: 'it does nothing' },
    {
      rule_id: 'reading',
      when: {
        capabilities: ['io.fs.read_file'],
        arguments: [{ path: 'path', is: 'one_of', value: ['open/a.txt', 'open/b.txt'] }],
      },
      decision: 'allow',
      reason: 'that folder is open',
    },
    {
      rule_id: 'policies',
      when: { capabilities: ['policy.activate'], principals: ['user:elsewhere'] },
      decision: 'require_approval',
      reason: 'somebody must be able to change this',
    },
  ],
});

/** Other spellings of a path are the same path: they are judged, and read, as what they mean. */
const readable: ReadonlySet<unknown> = new Set(['open/a.txt', 'open/b.txt', './open/a.txt', 'open//a.txt']);

interface AnyStep {
  readonly kind?: unknown;
  readonly step_id?: unknown;
  readonly capability_id?: unknown;
  readonly args?: Readonly<Record<string, unknown>> | null;
  readonly depends_on?: readonly unknown[];
  readonly compensation?: unknown;
}

const members = new Set(['kind', 'step_id', 'capability_id', 'args', 'depends_on', 'compensation']);

/** What undoes is judged like any other call; of those that are tried here only `noop` passes. */
const undoneByNothing = (compensation: unknown): boolean =>
  (compensation as { readonly capability_id: unknown }).capability_id === 'noop';

/** Whether a step may be called at all, thought out anew from the rules above and from nothing of the gate's. */
const mayRun = (step: AnyStep): boolean => {
  const { kind, capability_id, args, compensation } = step;
  if (
    kind !== 'action' ||
    Object.keys(step).some((name) => !members.has(name)) ||
    (compensation !== undefined && !undoneByNothing(compensation))
  )
    return false;
  if (typeof args !== 'object' || args === null || Array.isArray(args)) return false;
  const names = Object.keys(args);
  if (capability_id === 'noop')
    return names.every((name) => name === 'message') && JSON.stringify(args).length <= noopCharsMax;
  return capability_id === 'io.fs.read_file' && names.join() === 'path' && readable.has(args['path']);
};

/** Which calls a directive may at most lead to. */
const allowedCalls = ({ steps, more }: Hostile): readonly unknown[] => {
  const all = steps as readonly AnyStep[];
  const { scope = 'development', budget, stakes } = more;
  const ids = new Set(all.map(({ step_id }) => step_id));
  const ordered = all.every(({ depends_on = [] }, index) =>
    depends_on.every((before) => all.findIndex(({ step_id }) => step_id === before) < index && ids.has(before)),
  );
  const wellFormed = ids.size === all.length && all.length <= 25 && ordered && !('actor' in more) && !('roles' in more);
  const cheap = budget === undefined || budget === '$1';
  const calm = stakes === undefined || stakes === 'low';
  const may = wellFormed && scope === 'development' && cheap && calm && all.every(mayRun);
  return may ? all.map(({ capability_id }) => capability_id) : [];
};

it(
  'S80: hostile directives cause what the policy allows and nothing else, and nothing outside is touched',
  { timeout: 300_000 },
  async () => {
    let reached = 0;
    const ledger = createServer((_, response) => {
      reached += 1;
      response.end();
    });
    ledger.listen(0, '127.0.0.1');
    await once(ledger, 'listening');
    onTestFinished(() => void ledger.close());
    const host = `127.0.0.1:${(ledger.address() as AddressInfo).port}`;

    const folder = await dataFolder();
    const workspace = path.join(folder, 'workspace');
    mkdirSync(path.join(workspace, 'open'), { recursive: true });
    for (const name of ['open/a.txt', 'open/b.txt', 'secret.txt', 'canary.txt'])
      writeFileSync(path.join(workspace, name), name);
    const env = { ...underPolicy(folder, document), ACTA_HTTP_ALLOW: host, ACTA_QUOTAS: 'off' };
    const { url } = await startHere(folder, env);

    const directives = hostileDirectives(count, seed, `http://${host}`, 'canary.txt');
    const differing: unknown[] = [];
    let ran = 0;
    const one = async (hostile: Hostile): Promise<void> => {
      const { status, body } = await proposed(url, hostile.steps as readonly object[], hostile.more);
      expect(status).toBeLessThan(500);
      const allowed = allowedCalls(hostile);
      const calls: unknown[] = [];
      if (status === 202 && body.waiting_for === null && body.status !== 'blocked') {
        await directiveEnd(url, body.directive_id);
        for (const { type, data } of await eventsOf(url, `run-${await runOf(url, body.directive_id)}`))
          if (type === 'StepIntended') calls.push(data.step_id);
      }
      ran += calls.length;
      // Steps of what is allowed may fail; nothing that is not allowed may be called.
      const same = allowed.length === 0 ? calls.length === 0 : calls.length > 0 && calls.length <= allowed.length * 3;
      if (!same) differing.push({ hostile, status, said: body, calls, allowed });
    };
    const left = [...directives];
    await Promise.all(
      Array.from({ length: atOnce }, async () => {
        for (let next = left.pop(); next !== undefined; next = left.pop()) await one(next);
      }),
    );

    expect(differing.slice(0, 3)).toEqual([]);
    expect(ran).toBeGreaterThan(count / 50);
    expect(reached).toBe(0);
    expect(readdirSync(workspace).toSorted()).toEqual(['canary.txt', 'open', 'secret.txt']);
    for (const name of ['open/a.txt', 'open/b.txt', 'secret.txt', 'canary.txt'])
      expect(readFileSync(path.join(workspace, name), 'utf8')).toBe(name);
    expect((await ask(url, '/health')).status).toBe(200);
  },
);
