import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Model, ModelFault, ModelRequest } from '../../src/ports.ts';

export interface ModelUnderTest {
  readonly model: Model;
  /** What it does with a plain question: answer it, or fail in this way whatever it is asked. */
  readonly does: 'answers' | ModelFault;
  readonly close?: () => Promise<void>;
}

const frozen = <T>(value: T): T => {
  if (typeof value === 'object' && value !== null) for (const member of Object.values(value)) frozen(member);
  return Object.freeze(value);
};

export const question: ModelRequest = frozen({
  model: '',
  system: 'You are Iris.',
  messages: [{ role: 'user', content: 'Good morning' }],
  max_tokens: 256,
});

/** What every `Model` promises its caller (`src/ports.ts`). */
export const modelContract = (name: string, make: () => Promise<ModelUnderTest>): void => {
  describe(`${name}, as a model`, () => {
    let under: ModelUnderTest;
    beforeAll(async () => {
      under = await make();
    });
    afterAll(() => under.close?.());
    const ask = (request = question, signal = new AbortController().signal, onText?: (delta: string) => void) =>
      under.model.complete(request, { signal, ...(onText === undefined ? {} : { onText }) });

    it('names its provider and the model it would use', () => {
      expect(under.model.provider).toMatch(/^[a-z][a-z0-9_-]*$/);
      expect(under.model.default_model).not.toBe('');
    });

    it('answers, or says in one of five ways why not', async () => {
      const outcome = await ask();
      expect(outcome.ok ? 'answers' : outcome.fault).toBe(under.does);
      if (!outcome.ok) {
        expect(outcome.message).not.toBe('');
        expect(outcome.retryable).toBe(false);
      }
    });

    it('gives an outcome that survives JSON unchanged', async () => {
      const outcome = await ask();
      expect(JSON.parse(JSON.stringify(outcome))).toEqual(outcome);
    });

    it('counts what was used in whole numbers, and its price in whole micro-units or not at all', async () => {
      const outcome = await ask();
      if (!outcome.ok) return;
      const { usage, cost_micros, latency_ms, provider, model } = outcome.reply;
      const counts = [...Object.values(usage), latency_ms, cost_micros ?? 0];
      expect(counts.every((count) => Number.isInteger(count) && count >= 0)).toBe(true);
      expect(provider).toBe(under.model.provider);
      expect(model).not.toBe('');
    });

    it('streams exactly the text it answers with', async () => {
      let heard = '';
      const outcome = await ask(question, undefined, (delta) => (heard += delta));
      const texts = outcome.ok ? outcome.reply.blocks : [];
      expect(heard).toBe(texts.map((block) => (block.type === 'text' ? block.text : '')).join(''));
    });

    it('is not broken by a listener that throws', async () => {
      const outcome = await ask(question, undefined, () => {
        throw new Error('listener');
      });
      expect(outcome.ok ? 'answers' : outcome.fault).toBe(under.does);
    });

    it('does nothing for a call that was cancelled before it began', async () => {
      const outcome = await ask(question, AbortSignal.abort());
      if (under.does !== 'answers') return expect(outcome).toMatchObject({ ok: false, fault: under.does });
      expect(outcome).toMatchObject({ ok: false, fault: 'timeout', retryable: false });
    });

    it('refuses a request that says nothing or may not be answered', async () => {
      const fault = under.does === 'answers' ? 'invalid_request' : under.does;
      expect(await ask({ ...question, messages: [] })).toMatchObject({ ok: false, fault, retryable: false });
      expect(await ask({ ...question, max_tokens: 0 })).toMatchObject({ ok: false, fault, retryable: false });
    });
  });
};
