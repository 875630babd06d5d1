import { describe, expect, it } from 'vitest';
import { assess } from '../../../src/domain/cognition/assessment.ts';
import { lessonsOf, reflectionPrompt } from '../../../src/domain/cognition/reflection.ts';
import { isSignificant } from '../../../src/domain/cognition/significance.ts';

describe('a reflection', () => {
  it('is read line by line, with a bullet or without, in any case', () => {
    const text = [
      'task: refunds',
      '- Learned: refunds over 100 need two people',
      '* LEARNED: the shop closes at six',
      'lesson: ask for the order number first',
      'procedure: Refund - find the order, check its age',
      'procedure: no steps',
      'It was learned: not at the beginning of a line',
    ].join('\n');
    expect(lessonsOf(text)).toEqual({
      facts: ['refunds over 100 need two people', 'the shop closes at six'],
      lessons: ['ask for the order number first'],
      procedures: [{ name: 'Refund', description: 'find the order, check its age' }],
    });
  });
  it('says the same thing once', () => {
    expect(lessonsOf('learned: a b\nlearned: A B').facts).toEqual(['A B']);
  });
  it('that names no lesson is one, cut; an empty one is none', () => {
    expect(lessonsOf('x'.repeat(900)).lessons).toEqual(['x'.repeat(500)]);
    expect(lessonsOf(' \n').lessons).toEqual([]);
  });
  it('is bounded, whatever a model writes', () => {
    const many = Array.from({ length: 100 }, (_, n) => `learned: ${n} ${'y'.repeat(5_000)}`).join('\n');
    const { facts } = lessonsOf(many);
    expect(facts).toHaveLength(20);
    expect(Math.max(...facts.map(({ length }) => length))).toBe(1_000);
  });
  it('is asked for in the words that are read', () => {
    for (const word of ['learned:', 'lesson:', 'procedure:']) expect(reflectionPrompt).toContain(word);
  });
});

describe('a session', () => {
  it('is worth a reflection unless it was a word without a tool', () => {
    expect(isSignificant({ turns: 0, tool_calls: 0, chars: 0 })).toBe(false);
    expect(isSignificant({ turns: 1, tool_calls: 0, chars: 199 })).toBe(false);
    expect(isSignificant({ turns: 1, tool_calls: 0, chars: 200 })).toBe(true);
    expect(isSignificant({ turns: 1, tool_calls: 1, chars: 3 })).toBe(true);
    expect(isSignificant({ turns: 2, tool_calls: 0, chars: 3 })).toBe(true);
  });
});

const end = (content: string, outcome = 'failed') => ({
  name: 'io.fs.read_file',
  args: { path: 'a' },
  outcome,
  content,
});

describe('the assessment of a turn', () => {
  it('is more surprised by a turn that failed than by a tool that did', () => {
    expect(assess(false, [])).toMatchObject({ surprise: 0, tool_errors: 0 });
    expect(assess(false, [end('not_found: a')])).toMatchObject({ surprise: 0.3, tool_errors: 1 });
    expect(assess(true, [end('not_found: a')])).toMatchObject({ surprise: 0.9, tool_errors: 1 });
  });
  it('learns from an error where the turn failed, or where it was met twice, and once from each', () => {
    const candidate = 'io.fs.read_file({"path":"a"}): not_found: a';
    expect(assess(false, [end('not_found: a')]).candidates).toEqual([]);
    expect(assess(false, [end('not_found: a'), end('not_found: a')]).candidates).toEqual([candidate]);
    expect(assess(true, [end('not_found: a')]).candidates).toEqual([candidate]);
  });
  it.each([
    'timeout: 30 s',
    'rate limit reached',
    'HTTP 429',
    'status 503',
    'connection refused',
    'ECONNRESET',
    'ETIMEDOUT',
  ])('learns nothing from what passes by itself: %s', (content) =>
    expect(assess(true, [end(content)]).candidates).toEqual([]),
  );
  it('takes what policy blocked, or what was called off, for no error', () => {
    expect(assess(false, [end('policy_denied', 'blocked'), end('x', 'canceled')])).toMatchObject({
      surprise: 0,
      tool_errors: 0,
    });
  });
});
