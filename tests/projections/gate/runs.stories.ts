import { story, type Story } from './stories.ts';

const names = {
  pending: [],
  running: ['RunStarted'],
  waiting_approval: ['RunStarted', 'StepJudged', 'StepApprovalRequested'],
  waiting_input: ['RunStarted', 'StepJudged', 'StepIntended', 'StepOutcomeUnknown'],
  paused: ['RunStarted', 'RunPaused'],
  stopping: ['RunStarted', 'StepIntended', 'RunCancelRequested'],
  rolling_back: ['RunStarted', 'StepIntended', 'StepSucceeded', 'RunTimedOut', 'RollbackStarted', 'UndoIntended'],
  completed: ['RunStarted', 'StepJudged', 'StepIntended', 'StepSucceeded', 'StepSkipped', 'RunCompleted'],
  failed: ['RunStarted', 'StepJudged', 'StepIntended', 'StepFailed', 'RunFailed'],
  canceled: ['RunStarted', 'RunPaused', 'RunCancelRequested', 'StepSkipped', 'RunCanceled'],
} as const;

/** A run that was asked about, changed, agreed to, tried twice, lost sight of, found again and undone. */
export const eventful = [
  ...([
    'RunStarted',
    'StepJudged',
    'StepApprovalRequested',
    'StepApprovalEnded',
    'StepAmended',
    'StepJudged',
    'StepApprovalRequested',
  ] as const),
  ...([
    'StepApprovalEnded',
    'StepJudged',
    'StepCleared',
    'StepIntended',
    'StepRetryScheduled',
    'StepRetryDue',
  ] as const),
  ...([
    'StepIntended',
    'StepOutcomeUnknown',
    'StepOutcomeResolved',
    'StepSucceeded',
    'RunPaused',
    'RunResumed',
  ] as const),
  ...(['RunTimedOut', 'RollbackStarted', 'UndoIntended', 'UndoSucceeded', 'RunFailed'] as const),
];

const stepStories = {
  waiting: ['RunStarted'],
  asked: ['StepApprovalRequested'],
  cleared: ['StepCleared'],
  intended: ['StepCleared', 'StepIntended'],
  backing_off: ['StepIntended', 'StepRetryScheduled'],
  succeeded: ['StepIntended', 'StepSucceeded'],
  failed: ['StepIntended', 'StepFailed'],
  unknown: ['StepIntended', 'StepOutcomeUnknown'],
  undone: ['StepIntended', 'StepSucceeded', 'RollbackStarted', 'UndoIntended', 'UndoSucceeded'],
  undo_failed: ['StepIntended', 'StepSucceeded', 'RollbackStarted', 'UndoFailed'],
} as const;

const told = (name: string, types: readonly string[], first: readonly string[] = ['RunCreated']) => {
  const own = story(name);
  return [
    own,
    [...first, ...types].map((type, n, all) =>
      own.event(type, type === 'StepApprovalEnded' && all[n + 1] === 'StepAmended' ? { ending: 'superseded' } : {}),
    ),
  ] as const;
};

export const runOf = (own: Story): string => own.idOf('RunCreated', 'run_id');
export const agentOf = (own: Story): string => {
  const { principal } = own.event('RunCreated').data as { readonly principal: { readonly id: string } };
  return principal.id;
};
/** A run in each of its states. */
export const shown = Object.entries(names).map(([status, types]) => told(status, types));
export const busy = told('eventful', eventful, ['DirectiveDrafted', 'RunCreated']);
/** A run whose first step is in each of a step's states. */
export const stepped = Object.entries(stepStories).map(([status, types]) => told(`step ${status}`, types));
