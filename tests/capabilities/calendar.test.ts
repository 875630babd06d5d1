import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { calendarCapabilities } from '../../src/adapters/capabilities/calendar/calendar.capabilities.ts';
import { guardedFetch, type GuardedFetch } from '../../src/adapters/capabilities/net/guarded.fetch.ts';

interface Stored {
  readonly text: string;
  readonly etag: string;
}

/** As much of a CalDAV server as one entry needs: conditions on PUT and DELETE, ETags, and a password. */
const caldavServer = async () => {
  const entries = new Map<string, Stored>();
  const state = { status: undefined as number | undefined, tellsEtag: true, cut: false };
  const server: Server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => (text += chunk.toString()));
    request.on('end', () => {
      const { url = '', method, headers } = request;
      const there = entries.get(url);
      const end = (status: number, etag?: string, body = ''): void => {
        if (state.cut) response.destroy();
        else response.writeHead(status, etag === undefined ? {} : { etag }).end(body);
      };
      if (headers.authorization !== `Basic ${Buffer.from('ada:secret').toString('base64')}`) return end(401);
      if (state.status !== undefined) return end(state.status);
      if (method === 'GET') return there === undefined ? end(404) : end(200, there.etag, there.text);
      if (method === 'PUT') {
        if (headers['if-none-match'] === '*' && there !== undefined) return end(412);
        entries.set(url, { text, etag: `"${entries.size + 1}"` });
        return end(201, state.tellsEtag ? entries.get(url)?.etag : undefined);
      }
      if (there === undefined) return end(404);
      if (headers['if-match'] !== there.etag) return end(412);
      entries.delete(url);
      return end(204);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    entries,
    state,
    port,
    url: `http://127.0.0.1:${port}/cal`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
};

let outbox: string;
let server: Awaited<ReturnType<typeof caldavServer>>;
let http: GuardedFetch;
beforeEach(async () => {
  outbox = await mkdtemp(path.join(tmpdir(), 'acta-calendar-'));
  server = await caldavServer();
  http = guardedFetch({ allow: [`127.0.0.1:${server.port}`] });
});
afterEach(async () => {
  await http.close();
  server.close();
  await rm(outbox, { recursive: true, force: true });
});

const entry = { title: 'Tide tables; a talk', start: '2026-12-01T10:00:00+01:00', end: '2026-12-01T11:00:00+01:00' };
const emit = () => Promise.reject(new Error('nothing is kept'));
const told = { key: 'key-1', tenant: 't', principal: 'agent:a', signal: new AbortController().signal, emit };
const over = (caldav: boolean, password = 'secret') =>
  calendarCapabilities({
    clock: { now: () => Date.UTC(2026, 10, 1) },
    organizer: 'acta@b.test',
    outbox,
    caldav: caldav ? { url: server.url, username: 'ada', password, http } : undefined,
  })[0]!;
const write = (caldav: boolean, more: object = {}) => over(caldav).invoke({ ...told, args: { ...entry, ...more } });

describe('calendar.write into the outbox', () => {
  it('writes an entry that others can read, once a call', async () => {
    const more = { description: 'Bring: boots\nEND:VEVENT', location: 'Quay, 3', attendees: ['bob@a.test'] };
    const answer = await write(false, more);
    await write(false, more);
    const [file, ...others] = await readdir(outbox);
    expect(others).toEqual([]);
    expect(answer).toMatchObject({ ok: true, result: { stored: false, outbox: path.join(outbox, file ?? '') } });
    const text = (await readFile(path.join(outbox, file ?? ''), 'utf8')).replaceAll('\r\n ', '');
    for (const line of [
      'DTSTART:20261201T090000Z',
      'DTEND:20261201T100000Z',
      'DTSTAMP:20261101T000000Z',
      'LOCATION:Quay\\, 3',
      'SUMMARY:Tide tables\\; a talk',
      'DESCRIPTION:Bring: boots\\nEND:VEVENT',
    ])
      expect(text.split('\r\n')).toContain(line);
    expect(text).toMatch(/ATTENDEE;.*MAILTO:bob@a\.test/i);
    expect(text).toMatch(/ORGANIZER.*mailto:acta@b\.test/i);
    expect(text.split('\r\n').filter((line) => line === 'END:VEVENT')).toHaveLength(1);
  });

  it('is undone by deleting the file, unless it was changed', async () => {
    const answer = await write(false);
    const undo = () => over(false).undo!(answer.ok ? answer.undo : null, { ...told, args: entry });
    expect(await undo()).toMatchObject({ ok: true, result: { deleted: true } });
    expect(await undo()).toMatchObject({ ok: true, result: { deleted: false } });
    const again = await write(false);
    await writeFile((again.ok && (again.result as { outbox: string }).outbox) || '', 'changed');
    expect(await undo()).toMatchObject({ ok: false, fault: 'failed' });
    const outside = { file: '../x.ics', digest: '' };
    expect(await over(false).undo!(outside, { ...told, args: entry })).toMatchObject({ fault: 'invalid_arguments' });
  });

  it.each([
    { title: 'a\r\nATTENDEE:mailto:eve@a.test' },
    { location: 'a\nb' },
    { description: 'a\r\nb' },
    { attendees: ['eve@a.test\r\nX:y'] },
    { end: '2026-12-01T09:00:00+01:00' },
    { start: 'tomorrow' },
    { start: '2026-12-01T10:00:00' },
    { more: 1 },
  ])('refuses %j', (wrong) => {
    expect(over(false).accepts({ ...entry, ...wrong })).toMatchObject({ ok: false });
  });
});

describe('calendar.write over CalDAV', () => {
  it('puts an entry, and finds it there when it is tried again', async () => {
    const answer = await write(true);
    expect(answer).toMatchObject({ ok: true, result: { stored: true }, undo: { etag: '"1"' } });
    expect(await write(true)).toEqual(answer);
    expect(server.entries.size).toBe(1);
    const uid = answer.ok && (answer.result as { event_id: string }).event_id;
    expect([...server.entries.values()][0]?.text).toContain(`UID:${uid}\r\n`);
    expect(over(true).spec).toMatchObject({ effect_class: 'natural', risk: { level: 'high' } });
  });

  it('finds what was put by an attempt that heard no answer', async () => {
    server.state.cut = true;
    expect(await write(true)).toMatchObject({ ok: false, happened: 'unknown', retryable: true });
    server.state.cut = false;
    expect(server.entries.size).toBe(1);
    expect(await write(true)).toMatchObject({ ok: true });
    expect(server.entries.size).toBe(1);
  });

  it('overwrites nobody', async () => {
    const answer = await write(true);
    const [at] = server.entries.keys();
    server.entries.set(at ?? '', { text: 'BEGIN:VCALENDAR', etag: '"7"' });
    expect(answer.ok).toBe(true);
    expect(await write(true)).toMatchObject({ ok: false, fault: 'already_exists', happened: 'no' });
  });

  it('takes back what it put, unless somebody changed it', async () => {
    server.state.tellsEtag = false;
    const answer = await write(true);
    const undo = () => over(true).undo!(answer.ok ? answer.undo : null, { ...told, args: entry });
    const [[at = '', stored] = []] = server.entries;
    server.entries.set(at, { text: 'changed', etag: '"9"' });
    expect(await undo()).toMatchObject({ ok: false, fault: 'failed' });
    server.entries.set(at, stored!);
    expect(await undo()).toMatchObject({ ok: true, result: { deleted: true } });
    expect(await undo()).toMatchObject({ ok: true, result: { deleted: false } });
    const foreign = { url: 'http://other.test/x', etag: '"1"' };
    expect(await over(true).undo!(foreign, { ...told, args: entry })).toMatchObject({ fault: 'invalid_arguments' });
  });

  it.each([
    [403, 'permission_denied', 'no', false],
    [404, 'not_found', 'no', false],
    [429, 'rate_limited', 'no', true],
    [507, 'third_party', 'unknown', true],
  ])('says of %s that it is %s', async (status, fault, happened, retryable) => {
    server.state.status = status;
    expect(await write(true)).toMatchObject({ ok: false, fault, happened, retryable });
  });

  it('tells nobody its password', async () => {
    const answer = await over(true, 'hunter-2').invoke({ ...told, args: entry });
    expect(answer).toMatchObject({ ok: false, fault: 'permission_denied' });
    expect(JSON.stringify(answer)).not.toContain('hunter-2');
  });
});
