import { domainToASCII } from 'node:url';
import { textsIn } from '../../../domain/kernel/texts.ts';
import { escaped } from '../terminal/visible.ts';

type Json = unknown;

/** A value exactly as it would be passed on, as JSON in which nothing is invisible. */
export const exact = (value: Json): string => {
  if (typeof value === 'string') return `"${escaped(value.replaceAll(/["\\]/g, String.raw`\$&`))}"`;
  if (Array.isArray(value)) return `[${value.map(exact).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  return `{${Object.entries(value)
    .map(([name, member]) => `${exact(name)}: ${exact(member)}`)
    .join(', ')}}`;
};

const hosts = /(?:\/\/|@)(?<host>[^\s/:@?#"'<>()[\]]+\.[^\s/:@?#"'<>()[\]]+)/gu;
const ascii = /^[\0-\x7f]*$/;
const likeLatin = /[\p{Script=Cyrillic}\p{Script=Greek}\p{Script=Armenian}\p{Script=Cherokee}]/u;

/** Names of hosts as machines read them, where that is not what they look like; words written in several alphabets. */
export const lookalikes = (value: Json): readonly string[] => {
  const texts = textsIn(value);
  const named = texts
    .flatMap((text) => [...text.matchAll(hosts)].map(({ groups }) => groups?.['host'] ?? ''))
    .filter((host) => !ascii.test(host))
    .map((host) => `the host ${escaped(host)} is ${domainToASCII(host) || 'none that can be reached'}`);
  const mixed = texts
    .flatMap((text) => text.match(/\p{L}+/gu) ?? [])
    .filter((word) => /\p{Script=Latin}/u.test(word) && likeLatin.test(word))
    .map((word) => `the word ${escaped(word)} mixes alphabets`);
  return [...new Set([...named, ...mixed])];
};

/** How many columns a text takes, at most: what is not plain may be two wide. */
const widthOf = (character: string): number => (ascii.test(character) ? 1 : 2);

const columnsOf = (text: string): number => Array.from(text).reduce((sum, character) => sum + widthOf(character), 0);

/**
 * A text in lines no wider than this, where it can be between words, all of it: a space stands at the beginning of the next
 * line. A terminal by itself would go on at the left edge, where a text could pretend to be another line of the page.
 */
export const wrapped = (text: string, width: number): readonly string[] => {
  const lines: string[] = [];
  let line = '';
  let taken = 0;
  for (const character of text) {
    if (taken + widthOf(character) > width) {
      const space = line.search(/ +[^ ]*$/);
      const cut = space > line.length / 2 ? space : line.length;
      lines.push(line.slice(0, cut));
      line = line.slice(cut);
      taken = columnsOf(line);
    }
    line += character;
    taken += widthOf(character);
  }
  return [...lines, line];
};
