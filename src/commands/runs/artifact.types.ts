interface ArtifactType {
  readonly type: string;
  readonly producer: string;
  readonly phase: string;
  readonly trigger: string;
  readonly retention: 'permanent';
}

const permanent = { retention: 'permanent' } as const;

/**
 * The closed list of what may be kept as an artifact (requirements D60–D71). What is not here cannot be emitted. Those of the
 * gate and of runs are events of their own, shown as artifacts by the read model; capabilities emit the others.
 */
export const artifactTypes: readonly ArtifactType[] = [
  {
    type: 'policy_evaluation',
    producer: 'gate',
    phase: 'proposed',
    trigger: 'DirectiveJudged, StepJudged, UndoJudged',
    ...permanent,
  },
  { type: 'execution_start', producer: 'run', phase: 'running', trigger: 'RunStarted', ...permanent },
  { type: 'execution_checkpoint', producer: 'run', phase: 'running', trigger: 'StepSucceeded', ...permanent },
  {
    type: 'execution_end',
    producer: 'run',
    phase: 'ended',
    trigger: 'RunCompleted, RunFailed, RunCanceled',
    ...permanent,
  },
  { type: 'module_execution', producer: 'run', phase: 'running', trigger: 'StepSucceeded, StepFailed', ...permanent },
  {
    type: 'llm_call',
    producer: 'session',
    phase: 'running',
    trigger:
      'ModelReplied, ModelRetryScheduled, ModelFailed, SessionReflected, ReflectionRetryScheduled, ReflectionFailed',
    ...permanent,
  },
  { type: 'llm_usage', producer: 'session', phase: 'running', trigger: 'ModelReplied, SessionReflected', ...permanent },
  { type: 'noop_executed', producer: 'noop', phase: 'running', trigger: 'a call', ...permanent },
  { type: 'echo_result', producer: 'echo', phase: 'running', trigger: 'a call', ...permanent },
  { type: 'intentional_failure', producer: 'fail_intentionally', phase: 'running', trigger: 'a call', ...permanent },
  { type: 'file', producer: 'any capability', phase: 'running', trigger: 'a call', ...permanent },
  { type: 'result', producer: 'run', phase: 'running', trigger: 'a result too large for an event', ...permanent },
];

const names = new Set(artifactTypes.map(({ type }) => type));

export const isArtifactType = (type: string): boolean => names.has(type);
