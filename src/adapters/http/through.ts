import { AsyncLocalStorage } from 'node:async_hooks';
import type { OverMcp } from '../../domain/kernel/operation.ts';

// Beside the request and not in it: what stands in a header, any caller could have written.
const store = new AsyncLocalStorage<OverMcp | undefined>();

/** Asks as what came through another protocol; asked inside, for what is only promised here would begin elsewhere. */
export const through = <T>(over_mcp: OverMcp | undefined, ask: () => PromiseLike<T>): Promise<T> =>
  store.run(over_mcp, async () => await ask());

/** What the request that is being answered came through; undefined for HTTP itself. */
export const cameThrough = (): OverMcp | undefined => store.getStore();
