import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { emailCapabilities } from '../../src/adapters/capabilities/email/email.capabilities.ts';
import type { Invoked } from '../../src/ports.ts';

interface Mail {
  readonly from: string;
  readonly to: readonly string[];
  readonly text: string;
}

let outbox: string;
const closers: (() => void)[] = [];
beforeEach(async () => {
  outbox = await mkdtemp(path.join(tmpdir(), 'acta-outbox-'));
});
afterEach(async () => {
  for (const close of closers.splice(0)) close();
  await rm(outbox, { recursive: true, force: true });
});

const portOf = (server: { address: () => unknown }): number => (server.address() as AddressInfo).port;

/** A real mail server, with what it took. */
const mailServer = async (options: SMTPServerOptions = {}) => {
  const mails: Mail[] = [];
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    logger: false,
    onData: (stream, { envelope }, done) => {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const from = envelope.mailFrom === false ? '' : envelope.mailFrom.address;
        mails.push({ from, to: envelope.rcptTo.map(({ address }) => address), text: Buffer.concat(chunks).toString() });
        done();
      });
    },
    ...options,
  });
  server.on('error', () => undefined);
  const listening = server.listen(0, '127.0.0.1');
  await once(listening, 'listening');
  closers.push(() => server.close(() => undefined));
  return { mails, url: `smtp://127.0.0.1:${portOf(listening)}` };
};

/** A mail server of few words: it answers each line that matches. Undefined ends the connection, '' says nothing. */
const lineServer = async (answers: (line: string) => string | undefined): Promise<string> => {
  const server: Server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.write('220 test\r\n');
    let isContent = false;
    let rest = '';
    socket.on('data', (chunk: Buffer) => {
      const lines = (rest + chunk.toString()).split('\r\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        if (isContent && line !== '.') continue;
        isContent = line === 'DATA';
        const answer = answers(line);
        if (answer === undefined) socket.destroy();
        else if (answer !== '') socket.write(`${answer}\r\n`);
      }
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(() => server.close());
  return `smtp://127.0.0.1:${portOf(server)}`;
};
const polite = (line: string): string => (line === 'DATA' ? '354 go on' : '250 ok');

const email = { to: ['ada@a.test'], subject: 'Grüße', body: 'Hello\n.\nthere' };
const capabilityOf = (url?: string, timeout_ms = 5_000) =>
  emailCapabilities({ from: 'acta@b.test', outbox, smtp: url === undefined ? undefined : { url, timeout_ms } })[0]!;
const send = (
  url: string | undefined,
  args: unknown = email,
  timeout_ms?: number,
  signal = new AbortController().signal,
): Promise<Invoked> => {
  const emit = () => Promise.reject(new Error('nothing is kept'));
  return capabilityOf(url, timeout_ms).invoke({ args, key: 'key-1', tenant: 't', principal: 'agent:a', signal, emit });
};

describe('email.send over SMTP', () => {
  it('sends to everybody, and shows nobody who else was told in secret', async () => {
    const { mails, url } = await mailServer();
    const more = {
      cc: ['bob@a.test'],
      bcc: ['eve@a.test'],
      reply_to: 're@b.test',
      html: '<p>Hi</p>',
      tags: ['news', 'x_1'],
    };
    const answer = await send(url, { ...email, ...more });
    expect(answer).toMatchObject({ ok: true, result: { delivered: true, rejected: [] } });
    expect(mails[0]).toMatchObject({ from: 'acta@b.test', to: ['ada@a.test', 'bob@a.test', 'eve@a.test'] });
    for (const line of ['To: ada@a.test', 'Cc: bob@a.test', 'Reply-To: re@b.test', 'X-Tags: news, x_1', '<p>Hi</p>'])
      expect(mails[0]?.text).toContain(line);
    expect(mails[0]?.text).not.toContain('eve@a.test');
  });

  it('gives the same call the same Message-ID', async () => {
    const { mails, url } = await mailServer();
    await send(url);
    await send(url);
    const ids = mails.map(({ text }) => /^Message-ID: (?<id>.*)$/m.exec(text)?.groups?.id);
    expect(ids[0]).toMatch(/^<[0-9a-f]{40}@b\.test>/);
    expect(ids[0]).toBe(ids[1]);
  });

  it('is critical and not to be done twice', () => {
    expect(capabilityOf('smtp://127.0.0.1').spec).toMatchObject({
      effect_class: 'unkeyed',
      risk: { level: 'critical' },
    });
  });

  it.each([
    ['HELO', '554 go away', 'failed', false],
    ['MAIL', '451 later', 'unavailable', true],
    ['MAIL', '530 log in first', 'permission_denied', false],
    ['RCPT', '550 nobody here', 'failed', false],
    ['RCPT', '452 too many', 'unavailable', true],
    ['DATA', '552 too large', 'failed', false],
    ['.', '554 looks like spam', 'failed', false],
    ['.', '421 closing', 'unavailable', true],
  ])('knows that %s answered %j did nothing', async (command, said, fault, retryable) => {
    const url = await lineServer((line) =>
      line.startsWith(command) || (command === 'HELO' && line.startsWith('EHLO')) ? said : polite(line),
    );
    expect(await send(url)).toMatchObject({ ok: false, fault, retryable, happened: 'no' });
  });

  it('does not know what a connection that was cut after the content did', async () => {
    const unknown = { ok: false, happened: 'unknown', retryable: false };
    const cut = await lineServer((line) => (line === '.' ? undefined : polite(line)));
    expect(await send(cut)).toMatchObject({ ...unknown, fault: 'third_party' });
    const silent = await lineServer((line) => (line === '.' ? '' : polite(line)));
    expect(await send(silent, email, 200)).toMatchObject({ ...unknown, fault: 'timeout' });
    const stop = new AbortController();
    const stopping = await lineServer((line) => {
      if (line === '.') stop.abort();
      return line === '.' ? '' : polite(line);
    });
    expect(await send(stopping, email, 5_000, stop.signal)).toMatchObject({ ...unknown, fault: 'timeout' });
  });

  it('knows what never began', async () => {
    const closed = createServer().listen(0, '127.0.0.1');
    await once(closed, 'listening');
    const port = portOf(closed);
    closed.close();
    expect(await send(`smtp://127.0.0.1:${port}`)).toMatchObject({
      fault: 'unavailable',
      happened: 'no',
      retryable: true,
    });
    const early = await lineServer((line) => (line.startsWith('RCPT') ? undefined : polite(line)));
    expect(await send(early)).toMatchObject({ ok: false, happened: 'no' });
  });

  it('tells nobody its password', async () => {
    const { url } = await mailServer({ authOptional: false, onAuth: (_, __, done) => done(new Error('no')) });
    const answer = await send(url.replace('smtp://', 'smtp://acta:hunter-2@'));
    expect(answer).toMatchObject({ ok: false, fault: 'permission_denied', happened: 'no' });
    expect(JSON.stringify(answer)).not.toContain('hunter-2');
  });

  it('says for whom it was not taken', async () => {
    const url = await lineServer((line) => (line.startsWith('RCPT TO:<bob') ? '550 unknown' : polite(line)));
    expect(await send(url, { ...email, cc: ['bob@a.test'] })).toMatchObject({
      ok: true,
      result: { accepted: ['ada@a.test'], rejected: ['bob@a.test'] },
    });
  });

  it.each([
    { to: ['a@a.test\r\nBcc: eve@a.test'] },
    { to: ['Ada <ada@a.test>'] },
    { to: ['a@a.test, b@a.test'] },
    { to: [] },
    { to: Array.from({ length: 51 }, (_, n) => `a${n}@a.test`) },
    {
      to: Array.from({ length: 40 }, (_, n) => `a${n}@a.test`),
      bcc: Array.from({ length: 11 }, (_, n) => `b${n}@a.test`),
    },
    { subject: 'x\r\nBcc: eve@a.test' },
    { subject: 'x'.repeat(501) },
    { reply_to: 'a@a.test\nX: y' },
    { tags: ['a\r\nb'] },
    { body: 'x'.repeat(100_001) },
    { attachments: [{ path: '/etc/passwd' }] },
  ])('refuses %j', (wrong) => {
    expect(capabilityOf('smtp://127.0.0.1').accepts({ ...email, ...wrong })).toMatchObject({ ok: false });
  });
});

describe('email.send without a server', () => {
  it('keeps the message as a file, and says that nobody got it', async () => {
    const answer = await send(undefined);
    const [file, ...others] = await readdir(outbox);
    expect(answer).toEqual({ ok: true, result: { delivered: false, outbox: path.join(outbox, file ?? '') } });
    expect(await readFile(path.join(outbox, file ?? ''), 'utf8')).toMatch(/To: ada@a\.test[^]*Hello/);
    await send(undefined);
    expect(others).toEqual([]);
    expect(await readdir(outbox)).toEqual([file]);
    expect(capabilityOf().spec).toMatchObject({
      effect_class: 'natural',
      risk: { level: 'medium' },
      operation: 'write',
    });
  });
});
