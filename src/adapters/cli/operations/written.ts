import { readFileSync } from 'node:fs';
import path from 'node:path';
import { usage } from '../exits.ts';
import type { Field } from './schema.fields.ts';
import { flagOf } from './verb.ts';

const number = /^-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

const numberOf = (text: string, { name }: Field): number => {
  if (!number.test(text)) throw usage(`--${flagOf(name)} is a number, not "${text}"`);
  return Number(text);
};

const jsonOf = (text: string, what: string): unknown => {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw usage(`${what} is not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
};

const listed = (given: readonly string[]): readonly string[] =>
  given.flatMap((item) => item.split(',')).map((item) => item.trim());

const chosen = (texts: readonly string[], { name, choices }: Field): void => {
  const strange = texts.find((text) => choices.length > 0 && !choices.includes(text));
  if (strange !== undefined) throw usage(`--${flagOf(name)} is one of ${choices.join(', ')}, not "${strange}"`);
};

/** What was written for a field, as the value its schema wants. A text of a number or of JSON that is none is refused. */
export const valueOf = (given: unknown, field: Field): unknown => {
  if (typeof given === 'boolean') return given;
  const texts = [given].flat().map(String);
  const [text = ''] = texts;
  switch (field.kind) {
    case 'text':
      chosen(texts, field);
      return text;
    case 'number':
      return numberOf(text, field);
    case 'truth':
      return text === 'true';
    case 'texts':
      chosen(listed(texts), field);
      return listed(texts);
    case 'numbers':
      return listed(texts).map((item) => numberOf(item, field));
    case 'json':
      return jsonOf(text, `--${flagOf(field.name)}`);
  }
};

/** The whole input from a file, or from stdin for `-`: for what does not fit in flags. */
export const inputFrom = (file: string, folder: string): Readonly<Record<string, unknown>> => {
  let text: string;
  try {
    text = readFileSync(file === '-' ? 0 : path.resolve(folder, file), 'utf8');
  } catch (error) {
    throw usage(`${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
  const value = jsonOf(text, file);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw usage(`${file} holds no JSON object`);
  return value as Readonly<Record<string, unknown>>;
};
