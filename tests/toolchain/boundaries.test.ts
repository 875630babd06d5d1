import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { boundaries } from '../../scripts/boundaries.mjs';

const repository = path.resolve(import.meta.dirname, '../..');

/** A small tree with one violation a file; the rule that must catch it is its value. */
const planted: Readonly<Record<string, readonly [imports: string, rule: string]>> = {
  'domain/kernel/time.ts': ["import { readFile } from 'node:fs';", 'kernel-libraries'],
  'domain/kernel/word.ts': ["import { a } from '../agent/agent.events.ts';", 'kernel-alone'],
  'domain/agent/agent.decider.ts': ["import { s } from '../session/session.events.ts';", 'aggregates-are-strangers'],
  'domain/agent/agent.socket.ts': ["import { connect } from 'node:net';", 'domain-libraries'],
  'domain/session/session.log.ts': ["import type { Log } from '../../ports.ts';", 'domain-inward'],
  'domain/reactions/nosy.reaction.ts': ["import { d } from '../agent/agent.decider.ts';", 'reactions-speak'],
  'projections/agents/agents.projection.ts': [
    "import { d } from '../../domain/agent/agent.decider.ts';",
    'projections',
  ],
  'commands/execute.ts': ["import { p } from '../projections/agents/agents.projection.ts';", 'commands'],
  'commands/read.ts': ["import fastify from 'fastify';", 'only-one-knows-fastify'],
  'adapters/http/routes.ts': ["import { open } from '../postgres/database.ts';", 'adapters-that-drive'],
  'adapters/postgres/database.ts': ["import { routes } from '../http/routes.ts';", 'adapters-that-are-driven'],
  'adapters/models/anthropic.ts': ["import { test } from 'vitest';", 'declared'],
  'adapters/telemetry/spans.ts': ["import { missing } from './missing.ts';", 'resolves'],
  'ports.ts': ["import { execute } from './commands/execute.ts';", 'leaves'],
  'adapters/cli/cli.ts': ["import { main } from '../../main.ts';", 'the-root'],
};

const innocent = {
  'main.ts': 'export const main = 1;',
  'domain/agent/agent.events.ts': "import { pipe } from 'fp-ts/lib/function.js'; export const a = pipe;",
  'domain/session/session.events.ts': 'export const s = 1;',
  'adapters/http/server.ts':
    "import fastify from 'fastify'; import { Log } from '../../ports.ts'; export { fastify, Log };",
};

describe('the boundaries between modules', () => {
  let root = '';
  beforeAll(async () => {
    root = await mkdtemp(path.join(tmpdir(), 'acta-boundaries-'));
    await symlink(path.join(repository, 'node_modules'), path.join(root, 'node_modules'), 'dir');
    for (const file of ['package.json', 'tsconfig.json'])
      await symlink(path.join(repository, file), path.join(root, file));
    const texts = Object.entries(planted).map(([file, [imports]]) => [file, `${imports}\nexport const here = 1;\n`]);
    for (const [file = '', text = ''] of [...texts, ...Object.entries(innocent)]) {
      await mkdir(path.join(root, 'src', path.dirname(file)), { recursive: true });
      await writeFile(path.join(root, 'src', file), text);
    }
  });
  afterAll(() => rm(root, { recursive: true, force: true }));

  it('finds every planted violation, and none where there is none', async () => {
    const { modules, faults } = await boundaries(root, 1);
    expect(modules).toBe(Object.keys(planted).length + Object.keys(innocent).length);
    for (const [file, [, rule]] of Object.entries(planted))
      expect(faults, `${file} breaks ${rule}`).toContainEqual(
        expect.stringMatching(new RegExp(`^src/${file} → .*\\n\\s+${rule}:`)),
      );
    for (const file of Object.keys(innocent))
      expect(faults.filter((fault) => fault.startsWith(`src/${file} `))).toEqual([]);
  });

  it('fails when it saw too few modules to mean anything', async () => {
    const { faults } = await boundaries(root, 1000);
    expect(faults).toContainEqual(expect.stringContaining('modules were seen'));
  });
});
