import type { AgentProfile } from './agent.events.ts';

export type AgentCommand =
  | { readonly type: 'RegisterAgent'; readonly agent_id: string; readonly profile: AgentProfile }
  | { readonly type: 'ReviseAgent'; readonly changes: Partial<AgentProfile> }
  | { readonly type: 'PauseAgent'; readonly reason: string }
  | { readonly type: 'ResumeAgent'; readonly reason: string }
  | { readonly type: 'StopAgent'; readonly reason: string; readonly running_session_ids: readonly string[] }
  | { readonly type: 'RetireAgent'; readonly reason: string; readonly running_session_ids?: readonly string[] };
