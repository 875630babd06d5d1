import type { Ran, ScriptSandbox } from '../../ports.ts';
import {
  childrenMax,
  codeCharsMax,
  inputCharsMax,
  memoryBytesMax,
  memoryBytesMin,
  timeoutMsMax,
  waitingMax,
} from './limits.ts';
import { scriptChild, type ScriptChild } from './script.child.ts';
import { engineNames, inWords, type Asked, type EngineName, type Told } from './script.engine.ts';

/** A sandbox that was really tried, or why there is none; without one what needs it is disabled, never run bare. */
export type Attempt<Sandbox> =
  { readonly sandbox: Sandbox; readonly reason?: undefined } | { readonly sandbox: undefined; readonly reason: string };

const clamp = (value: number, min: number, max: number): number => Math.round(Math.min(Math.max(value, min), max));

const answerOf = (told: Told): Ran => {
  if (!told.ok) return { ok: false, fault: told.fault, message: told.message };
  try {
    return { ok: true, value: JSON.parse(told.json) as unknown };
  } catch {
    return { ok: false, fault: 'failed', message: 'the result is not JSON' };
  }
};

/** The input as JSON text; throws on what JSON cannot say. */
const askedOf = (code: string, input: unknown, limits: { timeout_ms: number; memory_bytes: number }): Asked => ({
  code,
  input: JSON.stringify(input) ?? 'null',
  timeout_ms: clamp(limits.timeout_ms, 1, timeoutMsMax),
  memory_bytes: clamp(limits.memory_bytes, memoryBytesMin, memoryBytesMax),
});

/** Processes, each lent to one call at a time. */
const lending = (engine: EngineName, first: readonly ScriptChild[]) => {
  const idle: ScriptChild[] = [...first];
  const all = new Set<ScriptChild>(first);
  const waiting: (() => void)[] = [];
  let starting = 0;
  let closed = false;

  const borrow = async (signal: AbortSignal): Promise<ScriptChild | string> => {
    for (;;) {
      if (closed) return 'the sandbox is closed';
      if (signal.aborted) return 'the script was stopped before it began';
      const free = idle.pop();
      if (free?.alive() === true) return free;
      if (free !== undefined) all.delete(free);
      else if (all.size + starting < childrenMax) {
        starting += 1;
        const started = await scriptChild(engine).finally(() => (starting -= 1));
        if (typeof started === 'string') return started;
        if (closed) started.kill();
        else all.add(started);
        if (!closed) return started;
      } else {
        if (waiting.length >= waitingMax) return 'too many scripts wait already';
        await new Promise<void>((resolve) => {
          waiting.push(resolve);
          signal.addEventListener('abort', () => resolve(), { once: true });
        });
      }
    }
  };
  const giveBack = (child: ScriptChild): void => {
    if (child.alive() && !closed) idle.push(child);
    else all.delete(child);
    waiting.shift()?.();
  };
  const close = (): void => {
    closed = true;
    for (const child of all) child.kill();
    for (const wake of waiting.splice(0)) wake();
  };
  return { borrow, giveBack, close };
};

const sandboxOf = (engine: EngineName, first: readonly ScriptChild[]): ScriptSandbox => {
  const children = lending(engine, first);
  return {
    name: engine,
    run: async (code, input, limits, signal) => {
      let asked: Asked;
      try {
        asked = askedOf(code, input, limits);
      } catch (error) {
        return { ok: false, fault: 'failed', message: inWords(error) };
      }
      if (code.length > codeCharsMax)
        return { ok: false, fault: 'too_large', message: `the script is beyond ${codeCharsMax} characters` };
      if (asked.input.length > inputCharsMax)
        return { ok: false, fault: 'too_large', message: `the input is beyond ${inputCharsMax} characters` };
      const child = await children.borrow(signal);
      if (typeof child === 'string') return { ok: false, fault: signal.aborted ? 'timeout' : 'failed', message: child };
      const told = await child.ask(asked, signal);
      children.giveBack(child);
      return answerOf(told);
    },
    close: async () => children.close(),
  };
};

/** The engine that ran when it was tried. What this machine can do does not change while a process lives: it is tried once. */
let standing: EngineName | undefined;

/**
 * Runs JavaScript that can reach nothing (assurance 3.1): the body of an async function of `input`, whose `return` is the
 * result. Every call has a new world; JSON goes in and comes out. The engine is isolated-vm, else QuickJS in WebAssembly,
 * whichever really ran when tried; both run in processes of their own, without environment.
 *
 * It does not isolate from faults of the engine: isolated-vm shares V8 with its process. That process may read files and,
 * on Node 24, reach the network; what escaped from an engine would be there.
 */
export const scriptSandbox = async (engines: readonly EngineName[] = engineNames): Promise<Attempt<ScriptSandbox>> => {
  if (standing !== undefined && engines.includes(standing)) return { sandbox: sandboxOf(standing, []) };
  const reasons: string[] = [];
  for (const engine of engines) {
    const child = await scriptChild(engine);
    if (typeof child === 'string') {
      reasons.push(`${engine}: ${child}`);
      continue;
    }
    const probe = { code: 'return input + 1;', input: '1', timeout_ms: 5_000, memory_bytes: memoryBytesMin * 2 };
    const told = await child.ask(probe, new AbortController().signal);
    if (told.ok && told.json === '2') {
      if (engines === engineNames) standing = engine;
      return { sandbox: sandboxOf(engine, [child]) };
    }
    child.kill();
    reasons.push(`${engine}: ${told.ok ? 'it computes wrongly' : told.message}`);
  }
  return { sandbox: undefined, reason: `no engine can run scripts here (${reasons.join('; ')})` };
};
