import { z } from 'zod';
import { canonical } from '../../../domain/kernel/digest.ts';
import { isDeeper, isDeeperValue } from '../../../domain/kernel/json.depth.ts';
import type { Capability } from '../../../ports.ts';
import { capability } from '../define.ts';
import { failure, inWords } from '../failure.ts';
import { pointed, wrongPointer } from './pointer.ts';

export const jsonCharsMax = 1_000_000;
export const jsonDepthMax = 60;

const tooDeep = () => failure('limit_exceeded', `arrays and objects nest deeper than ${jsonDepthMax}`);
const pure = { justification: 'It computes from its arguments alone.' };

const parse = (): Capability =>
  capability({
    capability_id: 'data.json.parse',
    name: 'Parse JSON',
    description: `The value of a JSON text of at most ${jsonCharsMax} characters and ${jsonDepthMax} levels.`,
    operation: 'read',
    risk: pure,
    tags: ['data'],
    parameters: z.strictObject({ text: z.string().max(jsonCharsMax) }),
    result: z.object({ value: z.unknown() }),
    invoke: ({ text }) => {
      if (isDeeper(text, jsonDepthMax)) return tooDeep();
      let isPoisoned = false;
      try {
        const value: unknown = JSON.parse(text, (name, member: unknown) => {
          isPoisoned ||= name === '__proto__';
          return member;
        });
        // Whoever merges it later would change what all objects inherit (assurance S61).
        return isPoisoned
          ? failure('invalid_arguments', 'a member is called __proto__')
          : { ok: true, result: { value } };
      } catch (thrown) {
        return failure('invalid_arguments', `no JSON: ${inWords(thrown)}`);
      }
    },
  });

const stringify = (): Capability =>
  capability({
    capability_id: 'data.json.stringify',
    name: 'Write JSON',
    description:
      'A value as JSON text: indented, or with sorted members (RFC 8785) so that the same is always the same.',
    operation: 'read',
    risk: pure,
    tags: ['data'],
    parameters: z.strictObject({
      value: z.unknown(),
      indent: z.int().min(0).max(8).default(0),
      sorted: z.boolean().default(false),
    }),
    result: z.object({ text: z.string() }),
    invoke: ({ value, indent, sorted }) => {
      if (value === undefined) return failure('invalid_arguments', 'value: there is none');
      if (isDeeperValue(value, jsonDepthMax)) return tooDeep();
      try {
        const exact = canonical(value);
        const text = sorted ? JSON.stringify(JSON.parse(exact), null, indent) : JSON.stringify(value, null, indent);
        if (text.length > jsonCharsMax) return failure('limit_exceeded', `beyond ${jsonCharsMax} characters`);
        return { ok: true, result: { text: sorted && indent === 0 ? exact : text } };
      } catch (thrown) {
        return failure('invalid_arguments', inWords(thrown));
      }
    },
  });

const get = (): Capability =>
  capability({
    capability_id: 'data.json.get',
    name: 'Get a member of a JSON value',
    description:
      'What a JSON Pointer (RFC 6901, as in /items/0/name) points at in a value, and whether there is anything.',
    operation: 'read',
    risk: pure,
    tags: ['data'],
    parameters: z.strictObject({ value: z.unknown(), pointer: z.string().max(2_000) }),
    result: z.object({ found: z.boolean(), value: z.unknown() }),
    invoke: ({ value, pointer }) => {
      const wrong = wrongPointer(pointer);
      if (wrong !== undefined) return failure('invalid_arguments', wrong);
      const found = pointed(value, pointer);
      return { ok: true, result: found === undefined ? { found: false, value: null } : { found: true, ...found } };
    },
  });

/** The capabilities `data.json.*` (requirements W83): pure, bounded in size and depth. */
export const dataCapabilities = (): readonly Capability[] => [parse(), stringify(), get()];
