import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { turns, waitMsMax } from '../../src/adapters/postgres/turns.ts';

describe('turns at the one connection', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('are taken together by single statements, and alone by a transaction, first come, first served', async () => {
    const { shared, exclusive } = turns();
    const order: string[] = [];
    const note = (name: string, turn: ReturnType<typeof shared>) =>
      turn.then((leave) => {
        order.push(name);
        return leave;
      });
    const first = note('single 1', shared());
    const second = note('single 2', shared());
    const alone = note('transaction', exclusive());
    const third = note('single 3', shared());
    const leave2 = await second;
    expect(order).toEqual(['single 1', 'single 2']);
    (await first)();
    leave2();
    leave2();
    const end = await alone;
    expect(order).toEqual(['single 1', 'single 2', 'transaction']);
    end();
    await third;
    expect(order).toEqual(['single 1', 'single 2', 'transaction', 'single 3']);
  });

  it('are refused to whoever has waited too long, and the next one is not held up by it', async () => {
    const { shared, exclusive } = turns();
    const leave = await shared();
    const transaction = exclusive();
    const refused = transaction.catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(waitMsMax - 1);
    const behind = shared();
    await vi.advanceTimersByTimeAsync(1);
    expect(await refused).toMatchObject({ fault: 'timeout' });
    (await behind)();
    leave();
    await expect(exclusive()).resolves.toBeTypeOf('function');
  });
});
