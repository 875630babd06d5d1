import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { atLeast, checkNode, checkSqlite, type Check } from '../../src/adapters/cli/doctor/doctor.checks.ts';
import { announceServer, withdrawServer } from '../../src/adapters/cli/server.file.ts';
import { readConfig, type Config } from '../../src/config.ts';
import { json, played, problem, standIn } from './stage.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'acta-doctor-'));
});
afterAll(() => rm(folder, { recursive: true }));

const healthy = { PORT: '0' };

const examined = async (
  env: Record<string, string>,
  more: readonly Check[] = [],
): Promise<{
  exit: number;
  checks: readonly Check[];
  environment: readonly { variable: string; value?: string }[];
}> => {
  const { exit, out } = await played(['doctor', '--json'], { folder, env, doctor: () => Promise.resolve(more) });
  return { exit, ...(JSON.parse(out) as { checks: readonly Check[]; environment: { variable: string }[] }) };
};
const verdictOf = async (name: string, env: Record<string, string>): Promise<Check | undefined> =>
  (await examined({ ...healthy, ...env })).checks.find((check) => check.name === name);

describe('the doctor', () => {
  it('finds nothing wrong where nothing is', async () => {
    const { exit, checks } = await examined(healthy);
    expect(checks.filter(({ verdict }) => verdict !== 'ok')).toEqual([]);
    expect(checks.map(({ name }) => name)).toEqual(['node', 'sqlite', 'data folder', 'disk', 'port', 'access']);
    expect(exit).toBe(0);
  });

  it('tells of every wrong variable, and checks nothing on such ground', async () => {
    const { exit, checks } = await examined({ PORT: 'x', ACTA_REBUILD: 'y' });
    expect(checks.map(({ verdict, detail }) => [verdict, detail.split(':')[0]])).toEqual([
      ['fail', 'PORT'],
      ['fail', 'ACTA_REBUILD'],
    ]);
    expect(exit).toBe(1);
  });

  it('shows the whole environment, and no secret', async () => {
    const { environment } = await examined({
      ...healthy,
      AOS_API_KEY: 'k'.repeat(20),
      DATABASE_URL: 'postgres://u:p@h/d',
    });
    expect(environment).toContainEqual(expect.objectContaining({ variable: 'PORT', value: '0', from: 'environment' }));
    expect(environment.filter(({ value }) => value === '(set)').map(({ variable }) => variable)).toEqual([
      'DATABASE_URL',
      'AOS_API_KEY',
    ]);
    expect(JSON.stringify(environment)).not.toMatch(/kkkk|u:p/);
  });

  it('sees a port that is taken, and by whom when it is our own server', async () => {
    const other = await standIn((_, response) => json(response, { status: 'ready', checks: [] }));
    const { port } = new URL(other.url);
    expect(await verdictOf('port', { PORT: port })).toMatchObject({ verdict: 'fail' });
    announceServer(path.join(folder, '.acta'), { url: other.url, pid: process.pid });
    expect(await verdictOf('port', { PORT: port })).toMatchObject({
      verdict: 'ok',
      detail: expect.stringContaining('Acta runs at'),
    });
    withdrawServer(path.join(folder, '.acta'), process.pid);
    await other.close();
  });

  it('sees a data folder that is none, a door without a key, and a misspelt name', async () => {
    await writeFile(path.join(folder, 'file'), '');
    expect(await verdictOf('data folder', { ACTA_DATA: './file' })).toMatchObject({ verdict: 'fail' });
    expect(await verdictOf('access', { HOST: '0.0.0.0' })).toMatchObject({ verdict: 'warn' });
    expect(await verdictOf('access', { HOST: '0.0.0.0', AOS_API_KEY: 'k'.repeat(20) })).toMatchObject({
      verdict: 'ok',
    });
    expect(await verdictOf('environment', { ACTA_DTAA: 'x' })).toMatchObject({
      verdict: 'warn',
      detail: 'nobody reads ACTA_DTAA',
    });
  });

  it('asks the server that runs, rather than open what it holds', async () => {
    let reasons: readonly object[] = [];
    const server = await standIn((_, response) =>
      reasons.length === 0
        ? json(response, { status: 'ready', checks: [{ name: 'log', ok: true, detail: 'embedded' }] })
        : problem(response, 503, 'not_ready', { detail: 'log: out of reach', reasons }),
    );
    announceServer(path.join(folder, '.acta'), { url: server.url, pid: process.pid });
    const doctor = (): Promise<never> => Promise.reject(new Error('not to be opened'));
    expect(await played(['doctor', '--plain'], { folder, env: healthy, doctor })).toMatchObject({
      exit: 0,
      out: expect.stringContaining('ok\tlog\tembedded\n'),
    });
    reasons = [{ name: 'log' }];
    expect(await played(['doctor', '--plain'], { folder, env: healthy, doctor })).toMatchObject({
      exit: 1,
      out: expect.stringContaining('fail\tserver\tIt is not_ready: log: out of reach\n'),
    });
    withdrawServer(path.join(folder, '.acta'), process.pid);
    await server.close();
  });

  it('compares versions by their numbers', () => {
    expect([atLeast('3.51.3', '3.51.3'), atLeast('3.51.10', '3.51.3'), atLeast('24.21.0', '24')]).toEqual([
      true,
      true,
      true,
    ]);
    expect([atLeast('3.51.2', '3.51.3'), atLeast('3.9.9', '3.51.3'), atLeast('20.20.2', '24')]).toEqual([
      false,
      false,
      false,
    ]);
    const read = readConfig({}, folder);
    const config = (read as { config: Config }).config;
    expect(checkNode('20.20.2').verdict).toBe('fail');
    expect(checkSqlite('3.50.0', config).verdict).toBe('fail');
    expect(checkSqlite('3.50.0', { ...config, eventstore_url: 'esdb://log' }).verdict).toBe('ok');
  });

  it('is told more by those who know more, and shows all of it to a person', async () => {
    const more: Check[] = [{ name: 'log', verdict: 'fail', detail: 'out of reach', hint: 'start it' }];
    const { exit, out } = await played(['doctor'], { folder, env: healthy, doctor: () => Promise.resolve(more) });
    expect(exit).toBe(1);
    expect(out).toContain('✖ log          out of reach\n               start it\n');
    expect(out).toMatch(/✓ node +\d/);
    expect(out).toContain('1 error, 0 notes');
  });
});

describe('serve and demo', () => {
  it.each(['serve', 'demo'] as const)(
    '%s is handed the environment, understood, with the flags over it',
    async (name) => {
      const configs: Config[] = [];
      const start = (config: Config): Promise<number> => {
        configs.push(config);
        return Promise.resolve(7);
      };
      const argv = [
        name,
        '--port',
        '9000',
        '--log-port',
        '2113',
        '--role',
        'api',
        '--rebuild',
        'manual',
        '--data',
        './d',
      ];
      const { exit } = await played(argv, { folder, env: { PORT: '1', HOST: '::1' }, [name]: start });
      expect(exit).toBe(7);
      expect(configs[0]).toMatchObject({
        port: 9000,
        port_is_fixed: true,
        host: '::1',
        log_port: 2113,
        roles: ['api'],
        rebuild: 'manual',
        folder: path.join(folder, 'd'),
      });
    },
  );
  it('are not started with a wrong environment', async () => {
    const { exit, err } = await played(['serve', '--port', 'x'], { env: { ACTA_ROLES: 'cook' } });
    expect(exit).toBe(2);
    expect(err).toContain('PORT: "x"');
    expect(err).toContain('ACTA_ROLES: "cook"');
  });
});

describe('the command line itself', () => {
  it('shows its version and its help, with examples first and the exit codes last', async () => {
    expect(await played(['--version'])).toEqual({ exit: 0, out: 'acta 1.2.3\n', err: '' });
    const { exit, out } = await played(['--help']);
    expect(exit).toBe(0);
    expect(out.startsWith('Examples:')).toBe(true);
    expect(out).toContain('130 interrupted.');
    for (const name of [
      'serve',
      'demo',
      'doctor',
      'status',
      'chat',
      'tail',
      'agents',
      'sessions',
      'streams',
      'events',
      'keys',
      'projections',
      'operations',
    ])
      expect(out).toMatch(new RegExp(`^  ${name}\\b`, 'm'));
  });
  it.each(['chat', 'tail', 'serve', 'demo'])('%s --help leads with examples', async (name) => {
    const { out } = await played([name, '--help']);
    expect(out.startsWith(`Examples:\n  $ acta ${name}`)).toBe(true);
  });
  it('takes nothing for a question of usage', async () => {
    const { exit, out, err } = await played([]);
    expect({ exit, out }).toEqual({ exit: 2, out: '' });
    expect(err).toContain('Usage: acta');
  });
});
