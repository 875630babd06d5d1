import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ask, dataFolder, startHere, startInVain } from '../support/acta.ts';

const main = new URL('../../src/main.ts', import.meta.url).pathname;

/** What a server says of itself until it is ready. */
const saidAtStart = async (more: Readonly<Record<string, string>>): Promise<string> => {
  const { ANTHROPIC_API_KEY: _, ...inherited } = process.env;
  const env = { ...inherited, ACTA_DATA: await dataFolder(), PORT: '0', ACTA_LOG_LEVEL: 'silent', ...more };
  const child = spawn(process.execPath, [main, 'serve'], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  let said = '';
  for await (const text of child.stdout) {
    said += String(text);
    if (said.includes('Ready')) break;
  }
  return said;
};

describe('a server that starts', () => {
  it('says that its model has no key, and says nothing where it has one', async () => {
    expect(await saidAtStart({ LLM_PROVIDER: 'anthropic' })).toMatch(/model +anthropic .*ANTHROPIC_API_KEY/);
    const told = await saidAtStart({ LLM_PROVIDER: 'anthropic', ANTHROPIC_API_KEY: 'a-key' });
    expect(told).toMatch(/model +anthropic\n/);
  }, 60_000);
});

describe('a server that others can reach', () => {
  it('does not start on a key that has expired or was revoked, and starts on one that opens', async () => {
    const folder = await dataFolder();
    const issued = async (url: string, more: object): Promise<string> =>
      (await ask(url, '/keys', { body: { name: 'a key', scopes: ['agents:read'], ...more } })).body.key_id;
    const closed = await startHere(folder);
    const expires_at = new Date(Date.now() + 1_500).toISOString();
    expect(await issued(closed.url, { expires_at })).toBeDefined();
    await ask(closed.url, `/keys/${await issued(closed.url, {})}`, { method: 'DELETE' });
    const statuses = async (): Promise<readonly string[]> =>
      (await ask(closed.url, '/keys')).body.data.map(({ status }: { status: string }) => status);
    await expect.poll(statuses, { timeout: 10_000 }).toContain('revoked');
    await expect.poll(() => Date.now(), { timeout: 5_000 }).toBeGreaterThan(Date.parse(expires_at));
    await closed.stop(1_000);
    const { exit, said } = await startInVain(folder, { HOST: '0.0.0.0' });
    expect(exit).not.toBe(0);
    expect(said).toContain('AOS_API_KEY');

    const again = await startHere(folder);
    await issued(again.url, {});
    await expect.poll(async () => (await ask(again.url, '/keys')).body.data, { timeout: 10_000 }).toHaveLength(3);
    await again.stop(1_000);
    await startHere(folder, { HOST: '0.0.0.0' });
  }, 60_000);
});
