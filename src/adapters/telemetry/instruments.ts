/** What is measured. A name and its labels are an interface: dashboards and alerts are written against them. */
export interface Instrument {
  readonly name: string;
  readonly kind: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  /** A UCUM unit, as OpenTelemetry writes it. */
  readonly unit: string;
  /** Kinds of things, never ids of them (requirements D122). */
  readonly labels: readonly string[];
  /** Upper bounds of a histogram's buckets, ascending. */
  readonly buckets?: readonly number[];
  /** More combinations of label values than these are counted as `other`. */
  readonly seriesMax: number;
}

const seriesMaxUsual = 200;
/** Some hundred and fifty operations, by method and status. */
const seriesMaxRequests = 1_500;

/** From a tenth of a millisecond, which an append in process takes, to the five minutes a model may take. */
const seconds = [0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];

type Rest = Partial<Pick<Instrument, 'unit' | 'seriesMax'>>;

const counter = (name: string, help: string, labels: readonly string[] = [], rest: Rest = {}): Instrument => ({
  name,
  kind: 'counter',
  help,
  labels,
  unit: '1',
  seriesMax: seriesMaxUsual,
  ...rest,
});
const gauge = (name: string, help: string, labels: readonly string[] = [], rest: Rest = {}): Instrument => ({
  ...counter(name, help, labels, rest),
  kind: 'gauge',
});
const timing = (name: string, help: string, labels: readonly string[] = [], rest: Rest = {}): Instrument => ({
  ...counter(name, help, labels, { unit: 's', ...rest }),
  kind: 'histogram',
  buckets: seconds,
});

/** Every instrument there is: whatever is counted under another name is refused, and the refusal counted. */
export const instruments: readonly Instrument[] = [
  timing(
    'acta_http_request_duration_seconds',
    'From a request to the end of its answer; its count is how many there were.',
    ['operation', 'method', 'status'],
    { seriesMax: seriesMaxRequests },
  ),
  counter('acta_http_refusals_total', 'Requests refused, by the code of the problem.', ['code']),
  gauge('acta_http_in_flight', 'Requests being answered, by the kind of work.', ['lane']),
  gauge('acta_http_streams_open', 'Event streams that somebody follows.'),
  counter('acta_commands_total', 'Commands decided, by outcome.', ['command', 'outcome']),
  timing('acta_command_duration_seconds', 'From a command to its outcome.', ['command']),
  counter('acta_appends_total', 'Appends to the log, by outcome.', ['outcome']),
  timing('acta_append_duration_seconds', 'Time the log took for an append.'),
  counter('acta_events_appended_total', 'Events appended to the log.'),
  gauge('acta_appends_in_flight', 'Appends that the log has not answered yet.'),

  counter('acta_directives_total', 'Directives, by the status they came to.', ['status']),
  counter('acta_policy_evaluations_total', 'Verdicts of the gate.', ['verdict']),
  timing('acta_policy_evaluation_duration_seconds', 'From a step that is ready to what the gate is asked with.', []),
  counter('acta_approvals_total', 'Approvals requested, and how they ended.', ['ending']),
  counter('acta_runs_total', 'Runs that ended, by outcome.', ['outcome']),
  timing('acta_execution_duration_seconds', 'From the start of a run to its end.', ['outcome']),
  counter('acta_module_executions_total', 'Calls of capabilities, by how they ended.', ['module_name', 'status']),
  counter('acta_execution_failures_total', 'Steps that failed, by why.', ['failure_type']),
  counter('acta_turns_total', 'Turns that ended, by outcome.', ['outcome']),
  counter('acta_model_calls_total', 'Attempts to call a model, by outcome.', ['provider', 'outcome']),
  timing('acta_model_call_duration_seconds', 'From the call of a model to its outcome.', ['provider']),
  counter('acta_model_tokens_total', 'Tokens of models, by kind.', ['provider', 'kind'], { unit: '{token}' }),
  counter('acta_model_cost_micros_total', 'Cost of model calls in millionths of a US dollar.', ['provider']),
  counter('acta_embedding_calls_total', 'Requests for vectors, by outcome.', ['provider', 'outcome']),
  timing('acta_embedding_call_duration_seconds', 'From a request for vectors to its answer.', ['provider']),
  counter('acta_embedding_tokens_total', 'Tokens of texts that were embedded.', ['provider'], { unit: '{token}' }),
  counter('acta_embedding_cost_micros_total', 'Cost of vectors in millionths of a US dollar.', ['provider']),

  counter('acta_evaluation_traces_total', 'Ends of turns and runs shown to whoever evaluates.', ['outcome']),
  counter('acta_evaluation_scores_total', 'Answers to what was thought of them.', ['name', 'outcome']),
  counter('acta_evaluation_score_total', 'Sum of the scores that were answered, 0 to 1 each.', ['name']),

  counter('acta_process_steps_total', 'Steps of processes: recorded, or overtaken by somebody who was first.', [
    'process',
    'outcome',
  ]),
  counter('acta_process_effects_total', 'Effects performed for processes, by outcome.', ['process', 'kind', 'outcome']),
  timing('acta_process_step_duration_seconds', 'From what a step has led to until it is recorded.', ['process']),
  counter('acta_process_interruptions_total', 'Processes that stopped without an end.', ['process', 'cause']),
  gauge('acta_processes_running', 'Processes this node drives now.', ['process']),
  counter('acta_reactions_total', 'What events asked of other aggregates, by outcome.', ['reaction', 'outcome']),
  gauge('acta_follow_position', 'Position in the log up to which processes and reactions were told.'),

  counter('acta_projection_events_folded_total', 'Events folded into read models.', ['projection']),
  gauge('acta_projection_events_parked', 'Events that a read model could not fold and that wait.', ['projection']),
  timing(
    'acta_projection_batch_duration_seconds',
    'Time a read model took for its own part of a batch: folding and writing.',
    ['projection'],
  ),
  gauge('acta_projection_lag_events', 'Events the log is ahead of a read model.', ['projection']),
  gauge('acta_projection_lag_seconds', 'Age of the oldest event a read model has yet to fold.', ['projection'], {
    unit: 's',
  }),

  counter('acta_trace_spans_exported_total', 'Spans that reached the collector.'),
  counter('acta_trace_spans_dropped_total', 'Spans that did not.', ['reason']),
  counter('acta_journal_lines_dropped_total', 'Log lines that could not be written.'),
  counter('acta_telemetry_rejected_total', 'Measurements refused, and samples that failed.', ['reason']),

  gauge('acta_build_info', 'Always 1; the label is the version that runs.', ['version']),
  gauge('acta_start_time_seconds', 'When the process was started, in seconds since 1970.', [], { unit: 's' }),
  gauge('acta_resident_memory_bytes', 'Memory the process holds.', [], { unit: 'By' }),
  gauge('acta_heap_used_bytes', 'Memory that JavaScript objects take.', [], { unit: 'By' }),
  counter('acta_cpu_seconds_total', 'CPU time of the process, user and system.', [], { unit: 's' }),
  gauge('acta_event_loop_lag_seconds', 'How late timers were since the last look.', ['quantile'], { unit: 's' }),
  gauge('acta_event_loop_utilization_ratio', 'Share of time since the last look in which the event loop was busy.'),
];
