import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { estimatedTokens } from '../../src/domain/cognition/sections.ts';
import { seededFrames } from '../../src/domain/cognition/frames.seeded.ts';
import { planContext, requestOf, template, type Draft, type Speaker } from '../../src/domain/session/context.ts';
import { ContextPlan } from '../../src/domain/session/plan.ts';
import type { Exchange } from '../../src/domain/session/session.history.ts';

const speaker: Speaker = {
  revision: 3,
  identity_prompt: 'You are Iris, who says what is on record.',
  model: null,
  max_tokens: 1_024,
  context_tokens: 500,
};
const turnId = (n: number): string => `c2f7a3de-9b1a-5f0e-b6f1-${n.toString(16).padStart(12, '0')}`;
const exchange = (n: number, chars = 40): Exchange => ({
  turn_id: turnId(n),
  text: `question ${n} `.padEnd(chars, '?'),
  reply: `answer ${n} `.padEnd(chars, '!'),
});
const talk = (turns: number, chars?: number) => Array.from({ length: turns }, (_, n) => exchange(n, chars));
const [{ budgets }] = seededFrames as [(typeof seededFrames)[number]];
const planned = (who: Speaker, history: readonly Exchange[], text: string, drafts: readonly Draft[] = []) => {
  const laid = planContext({ speaker: who, history, text, tools: [], drafts, budgets });
  return laid === undefined ? undefined : ContextPlan.parse(laid.plan);
};
const bare = { budget_tokens: 0, cut: false, items: [], excluded: [] };
const section = (plan: ContextPlan | undefined, name: string) => plan?.sections.find((each) => each.name === name);

describe('the context of a turn', () => {
  it('says what it is made of, and by which layout', () => {
    const plan = planned(speaker, talk(2), 'And then?');
    expect(plan).toMatchObject({ agent_revision: 3, template, model: null, max_tokens: 1_024, budget_tokens: 500 });
    expect(plan?.sections).toEqual([
      { name: 'identity', tokens: 11, turn_ids: [], left_out: 0, ...bare },
      { name: 'history', tokens: 40, turn_ids: [turnId(0), turnId(1)], left_out: 0, ...bare },
      { name: 'input', tokens: 3, turn_ids: [], left_out: 0, ...bare },
    ]);
  });
  it('quotes the newest turns that fit, in the order they were spoken, and says how many it left out', () => {
    const plan = planned(speaker, talk(10, 400), 'And then?');
    expect(section(plan, 'history')).toEqual({
      name: 'history',
      tokens: 400,
      turn_ids: [turnId(8), turnId(9)],
      left_out: 8,
      ...bare,
    });
  });
  it('leaves no gap: the first turn that does not fit ends the quotation', () => {
    const plan = planned(speaker, [exchange(0), exchange(1, 4_000), exchange(2)], 'And then?');
    expect(section(plan, 'history')).toMatchObject({ turn_ids: [turnId(2)], left_out: 2 });
  });
  it('does not put words into a mouth that was silent', () => {
    const silent = [exchange(0), { ...exchange(1), reply: ' \n' }, exchange(2)];
    expect(section(planned(speaker, silent, 'And then?'), 'history')).toMatchObject({
      turn_ids: [turnId(2)],
      left_out: 2,
    });
  });
  it('cannot be laid out where the message and the identity alone are over the budget', () => {
    expect(planned(speaker, [], 'x'.repeat(4 * (500 - 11)))).toBeDefined();
    expect(planned(speaker, talk(1), 'x'.repeat(4 * (500 - 11) + 1))).toBeUndefined();
  });
  it('has the digest of the request that is sent, whenever it is made again', () => {
    const plan = planned(speaker, talk(3), 'And then?');
    expect(planned({ ...speaker }, talk(3), 'And then?')?.request_digest).toBe(plan?.request_digest);
    // Never to change while the layout has its name: turns under way are checked against it.
    expect(plan?.request_digest).toBe('sha256:0ab0e6befffe6ef39fd64ade4e6c520a81fd03a26575d957b968c34fe63fc84e');
    for (const other of [
      planned(speaker, talk(2), 'And then?'),
      planned(speaker, talk(3), 'And now?'),
      planned({ ...speaker, max_tokens: 1 }, talk(3), 'And then?'),
      planned({ ...speaker, model: 'other' }, talk(3), 'And then?'),
      planned({ ...speaker, identity_prompt: '' }, talk(3), 'And then?'),
    ])
      expect(other?.request_digest).not.toBe(plan?.request_digest);
  });
  it('alternates, begins with what the quoted speaker asked, and ends with what is asked now', () => {
    expect(requestOf('You are Iris.', talk(3), [turnId(1), turnId(2)], 'And then?')).toEqual({
      system: 'You are Iris.',
      messages: [
        { role: 'user', content: exchange(1).text },
        { role: 'assistant', content: exchange(1).reply },
        { role: 'user', content: exchange(2).text },
        { role: 'assistant', content: exchange(2).reply },
        { role: 'user', content: 'And then?' },
      ],
    });
  });
  it('keeps within the budget, and leaves out no turn that would have fitted', () => {
    const chars = fc.integer({ min: 1, max: 900 });
    const history = fc.array(chars, { maxLength: 10 }).map((sizes) => sizes.map((size, n) => exchange(n, size)));
    fc.assert(
      fc.property(history, fc.integer({ min: 500, max: 2_000 }), chars, (turns, context_tokens, size) => {
        const plan = planned({ ...speaker, context_tokens }, turns, 'x'.repeat(size));
        if (plan === undefined) throw new Error('it fits');
        expect(ContextPlan.parse(plan)).toEqual(plan);
        const total = plan.sections.reduce((sum, { tokens }) => sum + tokens, 0);
        expect(total).toBeLessThanOrEqual(context_tokens);
        const quoted = section(plan, 'history')?.turn_ids ?? [];
        expect(quoted).toEqual(turns.slice(turns.length - quoted.length).map((each) => each.turn_id));
        const next = turns[turns.length - quoted.length - 1];
        if (next !== undefined)
          expect(total + estimatedTokens(next.text) + estimatedTokens(next.reply)).toBeGreaterThan(context_tokens);
      }),
    );
  });
});
