import { describe, expect, it } from 'vitest';
import { agent } from '../../src/domain/agent/agent.decider.ts';
import {
  AgentPaused,
  AgentRegistered,
  AgentResumed,
  AgentRetired,
  AgentRevised,
  AgentStopped,
} from '../../src/domain/agent/agent.events.ts';
import { specification } from '../support/specification.ts';

const agent_id = '0198d7a4-2c1e-7b3a-9f04-6d1a52c7e0b1';
const session_id = '6f0f6a0e-54a5-5e52-8a53-0c9b2f1f7d10';
const profile = {
  name: 'Iris',
  description: '',
  identity_prompt: 'You are Iris.',
  model: null,
  max_tokens: 1_024,
  context_tokens: 8_000,
  capabilities: [],
  scope: 'development',
};
const registered = AgentRegistered({ agent_id, ...profile });
const paused = AgentPaused({ agent_id, reason: 'rest' });
const resumed = AgentResumed({ agent_id, reason: '' });
const stopped = AgentStopped({ agent_id, reason: 'enough', running_session_ids: [session_id] });
const retired = AgentRetired({ agent_id, reason: 'old' });

const register = { type: 'RegisterAgent', agent_id, profile } as const;
const pause = { type: 'PauseAgent', reason: 'rest' } as const;
const resume = { type: 'ResumeAgent', reason: '' } as const;
const stop = { type: 'StopAgent', reason: 'enough', running_session_ids: [session_id] } as const;
const retire = { type: 'RetireAgent', reason: 'old' } as const;
const revise = { type: 'ReviseAgent', changes: { name: 'Front desk' } } as const;

const { given } = specification(agent);
const outOf = (phase: string, step: string, ...allowed: readonly string[]) =>
  ({ reason: 'OutOfLifecycle', phase, step, allowed }) as const;
const whilePaused = ['AgentRevised', 'AgentResumed', 'AgentStopped', 'AgentRetired'] as const;

describe('an agent', () => {
  it('is registered once', () => {
    given().when(register).records(registered);
    given(registered)
      .when(register)
      .refuses(outOf('active', 'AgentRegistered', 'AgentRevised', 'AgentPaused', 'AgentStopped', 'AgentRetired'));
  });
  it.each([pause, resume, stop, retire, revise])('that nobody registered is unknown to $type', (command) => {
    given().when(command).refuses({ reason: 'AgentUnknown' });
  });
  it('is revised in what really differs, and in nothing where nothing does', () => {
    given(registered)
      .when({ type: 'ReviseAgent', changes: { name: 'Front desk', max_tokens: 1_024 } })
      .records(AgentRevised({ agent_id, changes: { name: 'Front desk' } }));
    given(registered)
      .when({ type: 'ReviseAgent', changes: { name: 'Iris', model: null } })
      .records();
    given(registered, AgentRevised({ agent_id, changes: { name: 'Front desk' } }))
      .when(revise)
      .records();
  });
  it('keeps its other traits when one is revised', () => {
    const { state } = given(registered, AgentRevised({ agent_id, changes: { name: 'Front desk' } }));
    expect(state.profile).toEqual({ ...profile, name: 'Front desk' });
  });
  it('is paused and resumed, each once', () => {
    given(registered).when(pause).records(paused);
    given(registered, paused).when(pause).records();
    given(registered, paused).when(resume).records(resumed);
    given(registered).when(resume).records();
    given(registered, paused, resumed).when(pause).records(paused);
  });
  it('may be revised while it is paused', () => {
    given(registered, paused)
      .when(revise)
      .records(AgentRevised({ agent_id, changes: { name: 'Front desk' } }));
    expect(given(registered, paused, AgentRevised({ agent_id, changes: {} })).state.phase).toBe('paused');
    given(registered, paused)
      .when(register)
      .refuses(outOf('paused', 'AgentRegistered', ...whilePaused));
  });
  it('is stopped for good, and tells which sessions were running', () => {
    given(registered).when(stop).records(stopped);
    given(registered, paused).when(stop).records(stopped);
    given(registered, stopped).when(stop).records();
    given(registered, stopped)
      .when(resume)
      .refuses(outOf('stopped', 'AgentResumed', 'AgentRetired'));
    given(registered, stopped)
      .when(pause)
      .refuses(outOf('stopped', 'AgentPaused', 'AgentRetired'));
    given(registered, stopped)
      .when(revise)
      .refuses(outOf('stopped', 'AgentRevised', 'AgentRetired'));
  });
  it('is retired once, from wherever it stands, and nothing follows', () => {
    for (const past of [[registered], [registered, paused], [registered, stopped]])
      given(...past)
        .when(retire)
        .records(retired);
    given(registered, retired).when(retire).records();
    given(registered)
      .when({ ...retire, running_session_ids: [session_id] })
      .records(AgentRetired({ agent_id, reason: 'old', running_session_ids: [session_id] }));
    for (const [command, step] of [
      [pause, 'AgentPaused'],
      [resume, 'AgentResumed'],
      [stop, 'AgentStopped'],
      [revise, 'AgentRevised'],
    ] as const)
      given(registered, retired).when(command).refuses(outOf('retired', step));
  });
});
