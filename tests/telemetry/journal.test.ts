import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { journalOf, type JournalSettings } from '../../src/adapters/telemetry/journal.ts';
import { LogError, type Journal } from '../../src/ports.ts';

type Line = Readonly<Record<string, unknown>>;

const written = (use: (journal: Journal) => void, settings: Partial<JournalSettings> = {}): readonly Line[] =>
  raw(use, settings).map((line) => JSON.parse(line) as Line);

const raw = (use: (journal: Journal) => void, settings: Partial<JournalSettings> = {}): readonly string[] => {
  const lines: string[] = [];
  use(journalOf({ level: 'debug', destination: { write: (line) => lines.push(line) }, ...settings }));
  return lines;
};
const fieldsOf = (fields: Line): Line => written(({ info }) => info('seen', fields))[0] ?? {};

describe('the journal', () => {
  it('writes a line of JSON for each event: time, level, event, fields', () => {
    const [line] = raw(({ warn }) => warn('effect_failed', { process: 'turn', attempt: 2 }));
    expect(line).toMatch(/^\{.*\}\n$/);
    expect(JSON.parse(line ?? '')).toEqual({
      level: 'warn',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) as string,
      event: 'effect_failed',
      process: 'turn',
      attempt: 2,
    });
  });

  it('writes nothing below its level', () => {
    const say = ({ debug, info, warn, error }: Journal): void => {
      for (const level of [debug, info, warn, error]) level('x');
    };
    expect(written(say, { level: 'warn' }).map(({ level }) => level)).toEqual(['warn', 'error']);
    expect(written(say, { level: 'silent' })).toEqual([]);
  });

  it('names the trace and the span that are active', () => {
    let active: { trace_id: string; span_id: string } | undefined = { trace_id: 't1', span_id: 's1' };
    const lines = written(
      ({ info }) => {
        info('inside');
        active = undefined;
        info('outside');
      },
      { trace: () => active },
    );
    expect(lines[0]).toMatchObject({ trace_id: 't1', span_id: 's1' });
    expect(lines[1]).not.toHaveProperty('trace_id');
  });

  it('lets no field pass for what it says itself', () => {
    expect(fieldsOf({ event: 'forged', level: 'forged', time: 0 })).toMatchObject({
      event: 'seen',
      level: 'info',
      event_: 'forged',
      level_: 'forged',
      time_: 0,
    });
  });

  it.each([
    'authorization',
    'Authorization',
    'x-aos-key',
    'X-AOS-Key',
    'api_key',
    'apiKey',
    'ANTHROPIC_API_KEY',
    'client_secret',
    'password',
    'refreshToken',
    'set-cookie',
    'Cookie',
    'private_key',
  ])('never writes what is called %s, however deep', (name) => {
    const line = fieldsOf({ [name]: 's3cr3t', a: [{ b: { [name]: { inner: 's3cr3t' } } }] });
    expect(JSON.stringify(line)).not.toContain('s3cr3t');
    expect(line).toMatchObject({ [name]: '[redacted]', a: [{ b: { [name]: '[redacted]' } }] });
  });

  it('does write what only sounds like a secret', () => {
    const fields = { input_tokens: 3, idempotency_key: 'k', key: 'turn-1', tokens: 9, api_key: '' };
    expect(fieldsOf(fields)).toMatchObject(fields);
  });

  it('finds secrets in sentences', () => {
    const line = JSON.stringify(
      fieldsOf({
        a: 'sent Authorization: Bearer abcdefghijklmnop to',
        b: 'key sk-ant-api03-abcdefghijkl refused',
        c: 'postgres://acta:hunter22@db:5432/acta is away',
        d: `acta_${'0f'.repeat(16)}_${'s'.repeat(43)}`,
        e: new Error('Bearer qrstuvwxyzabcd'),
        f: `${'.'.repeat(1_994)} Bearer zyxwvutsrqponm`,
      }),
    );
    for (const secret of ['abcdefghijklmnop', 'api03', 'hunter22', 'sssss', 'qrstuv', 'zyx'])
      expect(line).not.toContain(secret);
    expect(line).toContain('postgres://[redacted]@db:5432/acta is away');
  });

  it('cuts what is long, wide or deep, and says so', () => {
    let deep: unknown = 'bottom';
    for (let n = 0; n < 50; n += 1) deep = { deep };
    const line = fieldsOf({
      text: 'x'.repeat(1_000_000),
      list: Array.from({ length: 5_000 }, (_, n) => n),
      wide: Object.fromEntries(Array.from({ length: 5_000 }, (_, n) => [`m${n}`, n])),
      deep,
    });
    expect(JSON.stringify(line).length).toBeLessThan(10_000);
    expect(line['text']).toContain('(1000000 characters)');
    expect(line['list']).toContain('[4968 more]');
    expect(line['wide']).toMatchObject({ members: 5_000 });
    expect(JSON.stringify(line['deep'])).toContain('[too deep]');
  });

  it('tells an error with its kind, its code and where it comes from', () => {
    const cause = Object.assign(new Error('no route'), { code: 'EHOSTUNREACH' });
    expect(fieldsOf({ error: new LogError('unavailable', 'the log is away', { cause }) })).toMatchObject({
      error: {
        name: 'LogError',
        message: 'the log is away',
        fault: 'unavailable',
        stack: expect.stringContaining('journal.test.ts') as string,
        cause: { name: 'Error', message: 'no route', code: 'EHOSTUNREACH' },
      },
    });
  });

  it('says whatever JSON cannot say in another way, and never throws', () => {
    const loop: Record<string, unknown> = {};
    loop['loop'] = loop;
    const nasty = {
      get trap(): never {
        throw new Error('trap');
      },
    };
    expect(
      fieldsOf({
        position: 9_007_199_254_740_993n,
        nan: NaN,
        at: new Date(0),
        bytes: new Uint8Array(9),
        f: () => 1,
        loop,
      }),
    ).toMatchObject({
      position: '9007199254740993',
      nan: 'NaN',
      at: '1970-01-01T00:00:00.000Z',
      bytes: '[9 bytes]',
      loop: { loop: {} },
    });
    expect(fieldsOf({ nasty })).toMatchObject({ event: 'seen', unloggable: true });
  });

  it('drops a line that cannot be written, counts it, and tells nobody else', () => {
    let heard = 0;
    const journal = journalOf({
      level: 'info',
      destination: {
        write: () => {
          throw new Error('full');
        },
      },
      onDrop: () => (heard += 1),
    });
    journal.info('one');
    journal.error('two');
    expect([journal.dropped(), heard]).toEqual([2, 2]);
  });

  it('has written everything when it is closed', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'acta-journal-'));
    const file = join(folder, 'journal');
    const fd = openSync(file, 'w');
    const journal = journalOf({ level: 'info', destination: fd });
    for (let n = 0; n < 500; n += 1) journal.info('line', { n });
    await journal.close();
    expect((await readFile(file, 'utf8')).trimEnd().split('\n')).toHaveLength(500);
    journal.info('late');
    expect(journal.dropped()).toBe(1);
    closeSync(fd);
    await rm(folder, { recursive: true });
  });

  it.runIf(existsSync('/dev/full'))(
    'survives a full disk: lines wait while there is room for them, and are then dropped and counted',
    async () => {
      const fd = openSync('/dev/full', 'w');
      const journal = journalOf({ level: 'info', destination: fd });
      for (let n = 0; n < 4_000; n += 1) journal.info('line', { text: 'x'.repeat(1_900) });
      const before = journal.dropped();
      await journal.close();
      closeSync(fd);
      expect(before).toBeGreaterThan(1_000);
      expect(before).toBeLessThan(4_000);
      // Closed, it has given up what waited as well.
      expect(journal.dropped()).toBe(4_000);
    },
  );
});

describe('the journal of a process', () => {
  const program = (body: string): string => `
    import { journalOf } from ${JSON.stringify(fileURLToPath(new URL('../../src/adapters/telemetry/journal.ts', import.meta.url)))};
    const journal = journalOf({ level: 'info' });
    ${body}
  `;
  const run = (body: string) => spawn(process.execPath, ['--input-type=module-typescript', '-e', program(body)]);

  it('goes to standard error as JSON where nobody sits, and nothing to standard output', async () => {
    const child = run(`journal.info('started', { api_key: 'k' }); process.exitCode = 3;`);
    let out = '';
    let err = '';
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
    const [code] = (await once(child, 'close')) as [number];
    expect([code, out]).toEqual([3, '']);
    expect(JSON.parse(err)).toMatchObject({ event: 'started', api_key: '[redacted]' });
  });

  it('is written to the end even when the process is ended from within', async () => {
    const child = run(`for (let n = 0; n < 2_000; n += 1) journal.info('line', { n }); process.exit(4);`);
    let err = '';
    child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
    const [code] = (await once(child, 'close')) as [number];
    expect(code).toBe(4);
    const lines = err.trimEnd().split('\n');
    const numbers = lines.map((line) => Number((JSON.parse(line) as Line)['n']));
    expect(numbers.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 2_000 }, (_, n) => n));
  });

  it.runIf(existsSync('/dev/full'))(
    'keeps no program alive that has nothing left to do but to log to a full disk',
    async () => {
      const full = openSync('/dev/full', 'w');
      const child = spawn(
        process.execPath,
        ['--input-type=module-typescript', '-e', program(`journal.info('lost');`)],
        {
          stdio: ['ignore', 'ignore', full],
        },
      );
      expect((await once(child, 'close'))[0]).toBe(0);
      closeSync(full);
    },
  );

  it('goes on when its reader has gone', async () => {
    const child = run(`
      const deadline = Date.now() + 20_000;
      const more = () => {
        journal.info('line', { text: 'x'.repeat(1_000) });
        if (journal.dropped() > 0 || Date.now() > deadline) process.stdout.write('dropped ' + (journal.dropped() > 0));
        else setImmediate(more);
      };
      more();
    `);
    child.stderr.destroy();
    let out = '';
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
    const [code] = (await once(child, 'close')) as [number];
    expect([code, out]).toEqual([0, 'dropped true']);
  });
});

describe('the journal for people', () => {
  it('says time, level, event and fields in one line, and a stack below it', () => {
    const [line = ''] = raw(
      ({ error }) => error('turn_failed', { stream: 'session-1', text: 'two words', n: 3, error: new Error('broken') }),
      { pretty: true },
    );
    const plain = stripVTControlCharacters(line);
    expect(plain).toMatch(
      /^\d\d:\d\d:\d\d\.\d{3} error turn_failed stream=session-1 text="two words" n=3 error=\{.*"broken".*\}\n {2}Error: broken\n {2} +at /,
    );
  });

  it('lets no message move the cursor', () => {
    const [line = ''] = raw(({ info }) => info('x\u001b[2J', { text: 'a\u001b[2Jb', error: new Error('c\u001b[2J') }), {
      pretty: true,
    });
    expect(line).not.toContain('\u001b[2J');
  });
});
