import { newQuickJSWASMModule, type QuickJSContext, type QuickJSHandle } from 'quickjs-emscripten';
import { stackBytesMax } from './limits.ts';
import { outOfMemory, programOf, threw, timedOut, type Asked, type ScriptEngine, type Told } from './script.engine.ts';

/** Between two looks at the clock. */
const jobsPerLookMax = 1_000;

const faultOf = (thrown: unknown, asked: Asked, deadline: number): Told => {
  const { name, message } = (thrown ?? {}) as { readonly name?: unknown; readonly message?: unknown };
  if (Date.now() >= deadline) return timedOut(asked);
  if (name === 'InternalError' && message === 'out of memory') return outOfMemory(asked);
  return threw(thrown);
};

const settled = (context: QuickJSContext, promise: QuickJSHandle, asked: Asked, deadline: number): Told => {
  for (;;) {
    const state = context.getPromiseState(promise);
    if (state.type === 'fulfilled') return { ok: true, json: state.value.consume((text) => context.getString(text)) };
    if (state.type === 'rejected') {
      const thrown: unknown = state.error.consume((error): unknown => context.dump(error));
      return faultOf(thrown, asked, deadline);
    }
    const ran = context.runtime.executePendingJobs(jobsPerLookMax);
    if (ran.error !== undefined) {
      const thrown: unknown = ran.error.consume((error): unknown => context.dump(error));
      return faultOf(thrown, asked, deadline);
    }
    // Nothing is left to do and the promise waits still: it would wait for ever.
    if (Date.now() >= deadline || ran.value === 0) return timedOut(asked);
  }
};

const evaluated = (context: QuickJSContext, asked: Asked, deadline: number): Told => {
  const made = context.evalCode(programOf(asked.code), 'script.js');
  if (made.error !== undefined)
    return faultOf(
      made.error.consume((error): unknown => context.dump(error)),
      asked,
      deadline,
    );
  const called = made.value.consume((program) =>
    context.newString(asked.input).consume((input) => context.callFunction(program, context.undefined, input)),
  );
  if (called.error !== undefined)
    return faultOf(
      called.error.consume((error): unknown => context.dump(error)),
      asked,
      deadline,
    );
  return called.value.consume((promise) => settled(context, promise, asked, deadline));
};

/**
 * An interpreter in WebAssembly: no addon, about twenty times slower. Faults of the interpreter end at the borders of its
 * memory. After one (and it has some when its memory ran out) the process is spent.
 */
export const quickjsEngine = async (): Promise<ScriptEngine> => {
  const quickjs = await newQuickJSWASMModule();
  return {
    name: 'quickjs',
    run: async (asked) => {
      const deadline = Date.now() + asked.timeout_ms;
      const runtime = quickjs.newRuntime();
      try {
        runtime.setMemoryLimit(asked.memory_bytes);
        runtime.setMaxStackSize(stackBytesMax);
        runtime.setInterruptHandler(() => Date.now() >= deadline);
        const context = runtime.newContext();
        const told = evaluated(context, asked, deadline);
        context.dispose();
        runtime.dispose();
        return told;
      } catch (error) {
        return { ok: false, fault: 'failed', message: `the interpreter gave up: ${String(error)}`, spent: true };
      }
    },
  };
};
