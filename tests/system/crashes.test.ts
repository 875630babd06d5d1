import { describe, expect, it, vi } from 'vitest';
import { ask, askFresh, dataFolder, startServer } from '../support/acta.ts';
import { anthropicServer, says } from '../support/anthropic-server.ts';

/** Places in which a turn and the read models can be cut off, and whether the model's answer was recorded by then. */
const places = [
  ['effect.after.model', false],
  ['effect.recorded.model', true],
  ['log.after_commit:3', false],
  ['projection.before_commit:2', undefined],
] as const;

describe('a process killed in the middle of a turn', () => {
  it.each(places)(
    'at %s finishes it after the restart, and asks no model twice for a recorded answer',
    { timeout: 120_000 },
    async (place, recorded) => {
      const provider = await anthropicServer({ script: [says('Once.'), says('Once.')] });
      const model = { LLM_PROVIDER: 'anthropic', ANTHROPIC_API_KEY: 'sk-test', ANTHROPIC_BASE_URL: provider.url };
      const folder = await dataFolder();
      const before = await startServer(folder, model);
      const { body: session } = await ask(before.url, '/sessions', { body: {} });
      before.signal('SIGTERM');
      expect(await before.ended).toBe(0);

      const doomed = await startServer(folder, { ...model, ACTA_CRASH_AT: place });
      const headers = { 'idempotency-key': 'the-turn' };
      const path = `/sessions/${session.session_id}/turns`;
      await ask(doomed.url, path, { body: { message: 'hello', wait: true }, headers }).catch(() => undefined);
      expect(await doomed.ended).toBe('SIGKILL');

      const { url } = await startServer(folder, model);
      // A caller that got no answer asks again with the same key.
      const { body: turn } = await ask(url, path, { body: { message: 'hello', wait: true }, headers });
      expect(turn).toMatchObject({ status: 'completed', response: 'Once.' });
      const events = await ask(url, `/streams/session-${session.session_id}/events`);
      const types: string[] = events.body.data.map(({ type }: { type: string }) => type);
      expect(types.filter((type) => type === 'ModelReplied')).toHaveLength(1);
      expect(types.filter((type) => type === 'TurnReceived')).toHaveLength(1);
      expect(types.at(-1)).toBe('TurnCompleted');
      if (recorded === true) expect(provider.requests).toHaveLength(1);

      const { body: listed } = await askFresh(url, path);
      expect(listed.data).toHaveLength(1);
      expect(await difference(url, 'turns')).toBe(0);
      expect(await difference(url, 'event_index')).toBe(0);
      await provider.close();
    },
  );
});

/** Rows of a read model that are not what the log folds to. */
const difference = async (url: string, name: string): Promise<number> => {
  const { body: begun } = await ask(url, `/projections/${name}/rebuild`, { body: {} });
  const ended = await vi.waitFor(
    async () => {
      const { body } = await ask(url, `/operations/${begun.operation_id}`);
      expect(body.status).toBe('succeeded');
      return body;
    },
    { timeout: 20_000, interval: 100 },
  );
  const { differing, missing, added } = ended.result;
  return differing + missing + added;
};
