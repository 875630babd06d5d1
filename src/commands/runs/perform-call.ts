import type { Failure } from '../../domain/kernel/process.ts';
import type { Callee } from '../../domain/gate/action.ts';
import type { CallEnd, Emitted } from '../../domain/run/run.commands.ts';
import type { InvokeEffect, UndoEffect } from '../../domain/run/run.process.ts';
import type { Capability, Invocation, Invoked } from '../../ports.ts';
import type { Engine } from '../execute.ts';
import type { Perform, Performed } from '../flights.ts';
import type { Registry } from '../gate/registry.ts';
import type { Matter } from '../record.ts';
import type { Keep } from './artifacts.ts';
import { launches } from './launches.ts';

export interface CallParts {
  readonly engine: Engine;
  readonly registry: Registry;
  /** Keeps what a capability emits, and results that are too large for an event. */
  readonly keep: Keep;
}

const ended = (end: CallEnd): Performed => ({ ok: true, result: end });
const unknown = (why: string): Performed => ended({ kind: 'unknown', why, artifacts: [] });
const failed = (failure: Failure): Performed => ended({ kind: 'failed', ...failure, cost_micros: 0, artifacts: [] });

/** What may be done again although it may have been done before (assurance 1.3). */
const repeatable: ReadonlySet<Callee['effect_class']> = new Set(['read', 'natural', 'keyed']);

interface Call {
  readonly effect: InvokeEffect | UndoEffect;
  readonly matter: Matter;
  readonly tenant: string;
  readonly signal: AbortSignal;
}

const principalOf = ({ principal }: InvokeEffect | UndoEffect): string =>
  principal === null ? 'user:nobody' : `${principal.type}:${principal.id}`;

/** A call within its time; what comes later is not waited for, and what it did nobody knows. */
const withinTime = async (
  work: (signal: AbortSignal) => Promise<Invoked>,
  timeout_ms: number,
  signal: AbortSignal,
): Promise<Invoked> => {
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(), timeout_ms);
  const late = new Promise<Invoked>((resolve) => {
    const leave = (): void =>
      resolve({
        ok: false,
        fault: 'timeout',
        message: `it took more than ${timeout_ms} ms`,
        retryable: true,
        happened: 'unknown',
      });
    limit.signal.addEventListener('abort', leave, { once: true });
  });
  try {
    return await Promise.race([work(AbortSignal.any([signal, limit.signal])), late]);
  } finally {
    clearTimeout(timer);
  }
};

/** What an answer means for a call of this class: a failure that may have happened is unknown, unless it may be repeated. */
const endOf = async (
  invoked: Invoked,
  callee: Callee,
  artifacts: readonly Emitted[],
  keep: Keep,
  tenant: string,
): Promise<CallEnd> => {
  if (invoked.ok) {
    const { result, undo, cost_micros = callee.cost_micros } = invoked;
    const kept = await keep.result(tenant, result);
    return {
      kind: 'succeeded',
      result: kept.value,
      ...(undo === undefined ? {} : { own: undo }),
      cost_micros,
      artifacts: [...artifacts, ...kept.artifacts],
    };
  }
  const { fault: code, message, retryable, happened, retry_after_ms } = invoked;
  if (happened === 'unknown' && !repeatable.has(callee.effect_class))
    return { kind: 'unknown', why: `${code}: ${message}`, artifacts };
  const waits = retry_after_ms === undefined ? {} : { retry_after_ms };
  const cost_micros = happened === 'unknown' ? callee.cost_micros : 0;
  return { kind: 'failed', code, message, retryable, ...waits, cost_micros, artifacts };
};

const performing = ({ keep }: CallParts, { effect, matter, tenant, signal }: Call, callee: Callee) => {
  const artifacts: Emitted[] = [];
  const invocation: Omit<Invocation, 'signal' | 'args'> = {
    key: effect.call_key,
    tenant,
    principal: principalOf(effect),
    matter,
    emit: async (draft) => {
      const ref = await keep.artifact(tenant, draft);
      artifacts.push({ type: draft.type, ...ref });
      return ref;
    },
  };
  return async (work: (invocation: Omit<Invocation, 'args'>) => Promise<Invoked>): Promise<CallEnd> => {
    const invoked = await withinTime((within) => work({ ...invocation, signal: within }), callee.timeout_ms, signal);
    return await endOf(invoked, callee, artifacts, keep, tenant);
  };
};

const missing = (capability_id: string): Failure => ({
  code: 'disabled',
  message: `this node has no code for ${capability_id}`,
  retryable: true,
});

/** Asks the other side what became of a call that an earlier life intended, and calls only where it was not done. */
const askedFirst = async (code: Capability, invocation: Invocation): Promise<Invoked | undefined> => {
  const found = await code.happened?.(invocation);
  return found?.done === true ? { ok: true, result: found.result } : undefined;
};

/**
 * The one place where capabilities are called. An intent of an earlier life of this node, or of another one, may have led to
 * a call: what may be repeated is called again under the same key, what can be asked about is asked about, and what can do
 * neither is left to a person (assurance 1.3). The same goes for a call that this life began and lost sight of.
 */
export const calls = (parts: CallParts): { invoke: Perform<InvokeEffect>; undo: Perform<UndoEffect> } => {
  const { engine, registry } = parts;
  const begun = launches();

  const carried = async (call: Call, callee: Callee, args: unknown, again: boolean): Promise<Performed> => {
    const code = registry.code(callee.capability_id);
    if (code === undefined) return failed(missing(callee.capability_id));
    const { effect_class } = callee;
    if (again && effect_class !== 'queryable' && !repeatable.has(effect_class))
      return unknown('the call may have been made before this node, or this life of it, took over');
    // Arguments of a compensation are filled in when it is needed, and parsed then, like all others.
    const accepted = code.accepts(args);
    if (!accepted.ok) return failed({ code: 'invalid_arguments', message: accepted.message, retryable: false });
    const end = await performing(
      parts,
      call,
      callee,
    )(async (invocation) => {
      const whole = { ...invocation, args: accepted.args };
      const before = again && effect_class === 'queryable' ? await askedFirst(code, whole) : undefined;
      if (before !== undefined) return before;
      return await code.invoke(whole);
    });
    return ended(end);
  };

  const invoke: Perform<InvokeEffect> = async (effect, { tenant, signal, matter }) => {
    const first = begun.note(effect.key);
    const again = effect.life !== engine.life || !first;
    return await carried({ effect, matter, tenant, signal }, effect.callee, effect.action.args, again);
  };

  const undo: Perform<UndoEffect> = async (effect, { tenant, signal, matter }) => {
    const first = begun.note(effect.key);
    const call = { effect, matter, tenant, signal };
    const again = effect.life !== engine.life || !first;
    if (effect.undo.by === 'nothing')
      return failed({ code: 'irreversible', message: effect.undo.why, retryable: false });
    if (effect.undo.by === 'compensation')
      return await carried(call, effect.undo.callee, effect.undo.action.args, again);
    const { capability_id, own } = effect.undo;
    const code = registry.code(capability_id);
    const undoing = code?.undo;
    if (code === undefined || undoing === undefined) return failed(missing(capability_id));
    const { version, effect_class: _, ...limits } = { ...code.spec };
    const callee = {
      capability_id,
      version,
      effect_class: 'natural' as const,
      timeout_ms: limits.timeout_ms,
      cost_micros: 0,
    };
    return ended(await performing(parts, call, callee)((invocation) => undoing(own, { ...invocation, args: null })));
  };

  return { invoke, undo };
};
