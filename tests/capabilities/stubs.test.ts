import { describe, expect, it } from 'vitest';
import { stubCapabilities } from '../../src/adapters/capabilities/stubs/stubs.ts';
import { CapabilitySpec } from '../../src/domain/capability/capability.spec.ts';
import { riskViolations } from '../../src/domain/capability/risk.rules.ts';
import type { ArtifactDraft } from '../../src/ports.ts';
import { callOf, named } from './calls.ts';

const capabilities = stubCapabilities();
const run = async (id: string, args: unknown) => {
  const emitted: ArtifactDraft[] = [];
  const stub = named(capabilities, id);
  const accepted = stub.accepts(args);
  if (!accepted.ok) throw new Error(accepted.message);
  const outcome = await stub.invoke(callOf(accepted.args, {}, emitted));
  const artifacts = emitted.map(({ type, content }) => [type, JSON.parse(String(content))]);
  return { outcome, artifacts };
};
const by = { call_key: 'key-1', principal: 'agent:iris' };

describe('the stubs', () => {
  it('obey the rules of risk', () => {
    expect(capabilities.map(({ spec }) => spec.capability_id)).toEqual(['noop', 'echo', 'fail_intentionally']);
    for (const { spec } of capabilities) {
      expect(CapabilitySpec.parse(spec)).toEqual(spec);
      expect(riskViolations(spec)).toEqual([]);
    }
  });
  it('do nothing, and say so', async () => {
    const { outcome, artifacts } = await run('noop', { message: 'hello' });
    expect(outcome).toMatchObject({
      ok: true,
      result: { message: 'hello', artifact: expect.stringMatching(/^artifact:/) },
    });
    expect(artifacts).toEqual([['noop_executed', { ...by, message: 'hello' }]]);
  });
  it('echo what they are given', async () => {
    const payload = { a: [1, null, 'x'] };
    const { outcome, artifacts } = await run('echo', { payload });
    expect(outcome).toMatchObject({ ok: true, result: { payload } });
    expect(artifacts).toEqual([['echo_result', { ...by, echoed_payload: payload }]]);
  });
  it('fail as asked: orderly, or thrown', async () => {
    const orderly = await run('fail_intentionally', { message: 'no' });
    expect(orderly.outcome).toMatchObject({ ok: false, fault: 'failed', message: 'no', happened: 'no' });
    expect(orderly.artifacts).toEqual([['intentional_failure', { ...by, failure_mode: 'failure', message: 'no' }]]);
    const thrown = await run('fail_intentionally', { failure_mode: 'throw' });
    expect(thrown.outcome).toMatchObject({ ok: false, fault: 'internal', happened: 'unknown' });
    expect(thrown.artifacts).toEqual([['intentional_failure', expect.objectContaining({ failure_mode: 'throw' })]]);
  });
  it('know no other way to fail', () => {
    expect(named(capabilities, 'fail_intentionally').accepts({ failure_mode: 'explode' })).toMatchObject({ ok: false });
  });
});
