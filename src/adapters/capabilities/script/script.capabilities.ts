import { z } from 'zod';
import type { Capability, CapabilityFault, Ran, ScriptSandbox } from '../../../ports.ts';
import { capability } from '../define.ts';
import { failure } from '../failure.ts';

const sourceCharsMax = 65_536;
const timeoutMsDefault = 1_000;
const timeoutMsMax = 10_000;
/** For what waits for a free process, beside the script's own time. */
const waitMsMax = 20_000;
const memoryBytesMax = 64 * 1024 * 1024;

const faults: Readonly<Record<Extract<Ran, { ok: false }>['fault'], CapabilityFault>> = {
  timeout: 'timeout',
  memory: 'limit_exceeded',
  too_large: 'limit_exceeded',
  failed: 'failed',
};

/** Where a sandbox was found, it; else why not. */
export interface ScriptSettings {
  readonly sandbox: ScriptSandbox | undefined;
  readonly reason?: string | undefined;
}

/** `js.eval`: computes with JavaScript that can reach nothing. Without a sandbox it is there, and disabled (assurance S56). */
export const scriptCapabilities = ({ sandbox, reason }: ScriptSettings): readonly Capability[] => [
  capability({
    capability_id: 'js.eval',
    name: 'Evaluate JavaScript',
    description:
      'Runs the body of an async JavaScript function of one parameter, input, and answers what it returns as JSON. It reaches nothing: no files, no network, no clock events, no memory of earlier calls.',
    operation: 'execute',
    risk: { level: 'medium', justification: 'code of unknown origin runs, in a sandbox from which it reaches nothing' },
    side_effects: { reversible: true, scope: 'local', description: 'none: it computes' },
    effect_class: 'read',
    timeout_ms: timeoutMsMax + waitMsMax,
    tags: ['js', 'compute'],
    parameters: z.strictObject({
      source: z.string().min(1).max(sourceCharsMax),
      input: z.json().optional(),
      timeout_ms: z.int().min(1).max(timeoutMsMax).optional(),
    }),
    result: z.strictObject({ value: z.json() }),
    invoke: async ({ source, input = null, timeout_ms = timeoutMsDefault }, { signal }) => {
      if (sandbox === undefined) return failure('disabled', reason ?? 'there is no sandbox');
      const ran = await sandbox.run(source, input, { timeout_ms, memory_bytes: memoryBytesMax }, signal);
      // The same script would fail the same way again.
      if (!ran.ok) return failure(faults[ran.fault], ran.message, { retryable: false });
      return { ok: true, result: { value: z.json().parse(ran.value) } };
    },
    ...(sandbox === undefined ? { unavailable: reason ?? 'there is no sandbox for scripts' } : {}),
  }),
];
