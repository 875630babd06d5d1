import ivm from 'isolated-vm';
import { outOfMemory, programOf, threw, timedOut, type Asked, type ScriptEngine, type Told } from './script.engine.ts';

const bytesPerMebibyte = 1024 * 1024;

/**
 * V8 isolates of their own: full speed, no host object inside. It does not isolate from faults of V8 itself, which is why
 * it runs in a process that has nothing to lose.
 */
export const isolatedEngine = (): ScriptEngine => ({
  name: 'isolated-vm',
  run: async (asked: Asked): Promise<Told> => {
    const isolate = new ivm.Isolate({ memoryLimit: Math.max(8, Math.ceil(asked.memory_bytes / bytesPerMebibyte)) });
    const state = { late: false };
    // V8's own time limit covers a piece of synchronous work; this one, all of the script, its promises with it.
    const late = setTimeout(() => {
      state.late = true;
      if (!isolate.isDisposed) isolate.dispose();
    }, asked.timeout_ms);
    try {
      const context = await isolate.createContext();
      const limit = { timeout: asked.timeout_ms };
      const program = await context.eval(programOf(asked.code), { ...limit, reference: true });
      const json: unknown = await program.apply(undefined, [asked.input], {
        ...limit,
        result: { promise: true, copy: true },
      });
      return typeof json === 'string' ? { ok: true, json } : threw(new TypeError('the result is not JSON'));
    } catch (error) {
      if (state.late || ((error as Error | undefined)?.message ?? '').startsWith('Script execution timed out'))
        return timedOut(asked);
      return isolate.isDisposed ? outOfMemory(asked) : threw(error);
    } finally {
      clearTimeout(late);
      if (!isolate.isDisposed) isolate.dispose();
    }
  },
});
