import { z } from 'zod';
import type { Capability } from '../../../ports.ts';
import { capability, type Call } from '../define.ts';
import { failure } from '../failure.ts';

const Message = z.string().max(1_000);

/** Which call it was stands in the artifact itself, so that it can be understood alone (requirements D72). */
const emitted = (type: string, call: Call, content: Readonly<Record<string, unknown>>) =>
  call.emit({
    type,
    media_type: 'application/json',
    content: JSON.stringify({ call_key: call.key, principal: call.principal, ...content }),
  });

const stub = {
  operation: 'read',
  risk: { justification: 'It does nothing but leave an artifact that says so.' },
  tags: ['stub'],
} as const;

const noop = (): Capability =>
  capability({
    ...stub,
    capability_id: 'noop',
    name: 'Do nothing',
    description: 'Does nothing, succeeds, and leaves the artifact noop_executed.',
    parameters: z.strictObject({ message: Message.default('nothing was done') }),
    result: z.object({ message: z.string(), artifact: z.string() }),
    invoke: async ({ message }, call) => {
      const { uri } = await emitted('noop_executed', call, { message });
      return { ok: true, result: { message, artifact: uri } };
    },
  });

const echo = (): Capability =>
  capability({
    ...stub,
    capability_id: 'echo',
    name: 'Echo',
    description: 'Answers with its payload, and leaves the artifact echo_result.',
    parameters: z.strictObject({ payload: z.json() }),
    result: z.object({ payload: z.json(), artifact: z.string() }),
    invoke: async ({ payload }, call) => {
      const { uri } = await emitted('echo_result', call, { echoed_payload: payload });
      return { ok: true, result: { payload, artifact: uri } };
    },
  });

const failIntentionally = (): Capability =>
  capability({
    ...stub,
    capability_id: 'fail_intentionally',
    name: 'Fail on purpose',
    description:
      'Fails in an orderly way, or throws, as asked; leaves the artifact intentional_failure before it does.',
    parameters: z.strictObject({
      failure_mode: z.enum(['failure', 'throw']).default('failure'),
      message: Message.default('it failed on purpose'),
    }),
    result: z.never(),
    invoke: async ({ failure_mode, message }, call) => {
      await emitted('intentional_failure', call, { failure_mode, message });
      if (failure_mode === 'throw') throw new Error(message);
      return failure('failed', message);
    },
  });

/** Three capabilities to try a runtime with (requirements D50, D65–D67). */
export const stubCapabilities = (): readonly Capability[] => [noop(), echo(), failIntentionally()];
