import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { exact, lookalikes, wrapped } from '../../src/adapters/cli/approve/exact.ts';
import { escaped, visible } from '../../src/adapters/cli/terminal/visible.ts';
import { choice, conversation, inbox, request } from './approve.story.ts';
import { play, played, problem, standIn, type Act, type Answer } from './stage.ts';

let server: Awaited<ReturnType<typeof standIn>>;
let answer: Answer;
beforeAll(async () => {
  server = await standIn((asked, response) => answer(asked, response));
});
afterEach(() => {
  server.asked.length = 0;
});
afterAll(() => server.close());
const env = (): Record<string, string> => ({ ACTA_URL: server.url, NO_COLOR: '1' });

const hidden: readonly (readonly [name: string, text: string, token: string])[] = [
  ['an escape', '\u001b', 'U+001B'],
  ['a line break', '\n', 'U+000A'],
  ['a carriage return', '\r', 'U+000D'],
  ['a control of the second block', '\u009b', 'U+009B'],
  ['an override', '\u202e', 'U+202E'],
  ['an embedding', '\u202a', 'U+202A'],
  ['an isolate', '\u2066', 'U+2066'],
  ['the end of an isolate', '\u2069', 'U+2069'],
  ['a mark of direction', '\u200f', 'U+200F'],
  ['an Arabic mark of direction', '\u061c', 'U+061C'],
  ['a zero-width space', '\u200b', 'U+200B'],
  ['a joiner', '\u200d', 'U+200D'],
  ['a soft hyphen', '\u00ad', 'U+00AD'],
  ['a byte order mark', '\ufeff', 'U+FEFF'],
  ['a tag', '\u{e0041}', 'U+E0041'],
  ['a variation selector', '\u{e0100}', 'U+E0100'],
  ['a filler', '\u3164', 'U+3164'],
  ['a space that is none', '\u00a0', 'U+00A0'],
  ['a line separator', '\u2028', 'U+2028'],
  ['half of a pair', '\ud800', 'U+D800'],
  ['a bracket of the tokens', '⟦', 'U+27E6'],
];

describe('what is decided about', () => {
  it.each(hidden)('shows %s as a token', (_, text, token) => {
    expect(escaped(`a${text}b`)).toBe(`a⟦${token}⟧b`);
    expect(exact({ [`k${text}`]: [text] })).toBe(`{"k⟦${token}⟧": ["⟦${token}⟧"]}`);
  });

  it('leaves what can be seen as it is', () => {
    const text = 'Grüße an Zoë, 東京, 😀 — 249,00 €';
    expect(escaped(text)).toBe(text);
  });

  it('tells texts from what only looks like them', () => {
    const values = ['1', 1, 'a"b', 'a\\"b', null, 'null', ['a', 'b'], ['a", "b'], { a: 1 }, '{"a": 1}'];
    expect(new Set(values.map(exact)).size).toBe(values.length);
  });

  it('says which host a name really is, and which word mixes alphabets', () => {
    expect(lookalikes({ url: 'https://pаypal.com/x', to: ['kai@exämple.com'] })).toEqual([
      'the host pаypal.com is xn--pypal-4ve.com',
      'the host exämple.com is xn--exmple-cua.com',
      'the word pаypal mixes alphabets',
    ]);
    expect(lookalikes({ url: 'https://paypal.com', text: 'Привет Ελλάδα hello' })).toEqual([]);
  });

  it('never lets a line be wider than the page', () => {
    expect(wrapped('abcdef', 4)).toEqual(['abcd', 'ef']);
    expect(wrapped('abcd  ef', 6)).toEqual(['abcd', '  ef']);
    expect(wrapped('東京ab', 4)).toEqual(['東京', 'ab']);
  });
});

describe('a deceptive request', () => {
  const shown = async (args: object, more: object = {}): Promise<string> => {
    answer = inbox([request({ args, ...more })]);
    const act = play(['approve'], { env: env(), screen: true, columns: 60 });
    await vi.waitFor(() => expect(act.err()).toContain('[q]uit >'));
    act.stdin.write('q\r');
    await act.exit;
    return act.out();
  };

  it('cannot hide what would run behind characters nobody sees', async () => {
    const out = await shown({ 'to\u202e': '\u200b\u001b[J' }, { headline: 'harmless\u202e\u001b[1A' });
    expect(out).toContain('to⟦U+202E⟧ = "⟦U+200B⟧⟦U+001B⟧[J"');
    expect(out).toContain('harmless⟦U+202E⟧⟦U+001B⟧[1A');
    for (const character of ['\u202e', '\u200b', '\u001b']) expect(out).not.toContain(character);
  });

  it('cannot pretend to be a row of the page', async () => {
    const out = await shown({ note: `${'x'.repeat(200)}\n  why            allowed` });
    const rows = out.split('\n').filter((line) => /^ {2}why /.test(line));
    expect(rows).toHaveLength(1);
    expect(out.split('\n').every((line) => line.length <= 60 || line.startsWith('['))).toBe(true);
  });

  it('of more than 4 kB is read page by page, and agreed to in typing even at low risk', async () => {
    answer = inbox([request({ args: { text: 'y'.repeat(5_000) }, risk_level: 'low' })]);
    const act: Act = play(['approve'], { env: env(), screen: true, columns: 60 });
    const reply = conversation(act);
    let rest = Infinity;
    while (rest > 24) {
      await reply('more lines: Enter for more', '');
      expect(act.err()).not.toContain('[a]pprove');
      rest = Number(/(\d+) more lines(?!.*more lines)/s.exec(act.err())?.[1]);
    }
    await reply(choice, 'a');
    await reply('Reason: ', 'read it all');
    await reply('Type refund to confirm: ', 'refund');
    expect(await act.exit).toBe(0);
    expect(act.out().match(/y/g)?.length).toBeGreaterThanOrEqual(5_000);
  });
});

describe('other commands', () => {
  it('show what turns a text, and let nothing of it through', async () => {
    answer = inbox([request({ headline: 'safe\u202etxt.exe' })]);
    for (const form of [[], ['--plain']]) {
      const { out } = await played(['approve', ...form], { env: env() });
      expect(out).toContain('safe⟦U+202E⟧txt.exe');
    }
    answer = (_, response) => problem(response, 409, 'conflict', { detail: 'no\u001b[2J\u202ene' });
    expect((await played(['approve'], { env: env() })).err).toContain('no[2Jne');
    expect(visible('a\u202eb\u2066c\u{e0041}d\u200b👩\u200d🚀\n\t')).toBe('abcd👩\u200d🚀\n\t');
  });
});
