import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { ask, dataFolder, startHere, type Body } from '../support/acta.ts';

let url: string;
beforeAll(async () => {
  ({ url } = await startHere(await dataFolder(afterAll), {}, afterAll));
});

const golden = new URL('../golden/events/', import.meta.url);

describe('what events say', () => {
  it('is told for every version of every event, and what was ever recorded of it fits', async () => {
    const { body } = await ask(url, '/schemas');
    const known = new Map<string, number>(body.data.map(({ type, version }: Body) => [type, version]));
    expect(known.get('FactLearned')).toBe(1);
    expect(body.data.find(({ type }: Body) => type === 'FactLearned').personal).toEqual(['content', 'subject']);
    const files = readdirSync(golden).filter((name) => name.endsWith('.json'));
    expect(files.length).toBeGreaterThan(100);
    for (const name of files) {
      const [, type = '', version = ''] = /^(\w+)\.v(\d+)\./.exec(name) ?? [];
      expect(known.get(type), type).toBeGreaterThanOrEqual(Number(version));
      const { status, body: said } = await ask(url, `/schemas/${type}/${version}`);
      expect([status, said.type, said.version, said.newest]).toEqual([200, type, Number(version), known.get(type)]);
      const stored: unknown = JSON.parse(readFileSync(new URL(name, golden), 'utf8'));
      expect(z.fromJSONSchema(said.schema).safeParse(stored).error, name).toBeUndefined();
    }
  }, 120_000);

  it('is not told of what there never was', async () => {
    for (const path of ['/schemas/FactLearned/99', '/schemas/Nothing/1', '/schemas/toString/1'])
      expect(await ask(url, path)).toMatchObject({ status: 404, body: { code: 'not_found' } });
    for (const path of ['/schemas/FactLearned/0', '/schemas/FactLearned/first'])
      expect((await ask(url, path)).status).toBe(400);
  });
});
