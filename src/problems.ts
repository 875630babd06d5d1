import type { Problem } from './domain/kernel/operation.ts';

interface Kind {
  readonly status: number;
  readonly title: string;
  /** What it means and what to do, for a person. */
  readonly help: string;
  readonly retryable?: boolean;
}

/**
 * Every problem that Acta can answer with, on any surface, by its stable code (RFC 9457; interfaces 3.2). A code that is
 * not here does not exist.
 */
export const problemKinds = {
  malformed_request: {
    status: 400,
    title: 'The request cannot be read',
    help: 'It is not well-formed HTTP or JSON, or nests deeper than 32 levels.',
  },
  validation_failed: {
    status: 400,
    title: 'The input is not valid',
    help: '`errors` names each field by a JSON pointer and says what is expected.',
  },
  idempotency_key_required: {
    status: 400,
    title: 'An Idempotency-Key is required',
    help: 'Send a key of your own with this request, and the same key when you send it again.',
  },
  unauthenticated: {
    status: 401,
    title: 'Who asks is not known',
    help: 'Send a valid key as `Authorization: Bearer …` or `X-AOS-Key`.',
  },
  insufficient_scope: {
    status: 403,
    title: 'The key does not allow this',
    help: '`scope` names the scope that is missing.',
  },
  four_eyes: {
    status: 403,
    title: 'Whoever asks cannot agree',
    help: 'Everyone who had a hand in asking is excluded: somebody else has to decide.',
  },
  person_required: {
    status: 403,
    title: 'This takes a person',
    help: 'Over MCP nobody decides about high or critical risk, and about less only as the policy says: use `acta approve`, or HTTP.',
  },
  role_missing: {
    status: 403,
    title: 'The key does not have the role',
    help: '`roles` names those that may decide.',
  },
  origin_not_allowed: {
    status: 403,
    title: 'This origin or host is not allowed',
    help: 'List the origin in ACTA_CORS_ORIGINS, or use the address the server listens on.',
  },
  not_found: {
    status: 404,
    title: 'There is no such thing',
    help: 'Check the path and the id; what was written a moment ago may need `Acta-Min-Position`.',
  },
  revision_not_found: {
    status: 404,
    title: 'The stream has no such revision',
    help: '`newest` is the last revision there is.',
  },
  method_not_allowed: {
    status: 405,
    title: 'The method is not allowed here',
    help: 'The `Allow` header lists those that are.',
  },
  not_acceptable: {
    status: 406,
    title: 'This cannot be answered in the form asked for',
    help: 'Ask for `application/json`.',
  },
  request_timeout: {
    status: 408,
    title: 'It took too long',
    help: 'A command may still have been done: send it again with the same Idempotency-Key.',
    retryable: true,
  },
  invalid_transition: {
    status: 409,
    title: 'This cannot follow what happened before',
    help: '`phase` is where it stands, `allowed` what may happen next.',
  },
  turn_running: {
    status: 409,
    title: 'A turn is already running in this session',
    help: 'A session has one turn at a time: wait for it, or cancel it.',
  },
  turn_not_running: { status: 409, title: 'This turn is not running', help: 'It has ended, or it never began.' },
  turn_not_completed: {
    status: 409,
    title: 'This turn was not completed',
    help: 'It runs still, failed or was canceled, or no turn was completed yet; name one that was answered.',
  },
  session_closed: { status: 409, title: 'The session is closed', help: 'Open a new one.' },
  agent_paused: { status: 409, title: 'The agent is paused', help: 'Resume it, or talk to another one.' },
  agent_stopped: {
    status: 409,
    title: 'The agent is stopped',
    help: 'A stopped agent does not work again; register another one.',
  },
  agent_retired: { status: 409, title: 'The agent is retired', help: 'It is kept for the record only.' },
  action_changed: {
    status: 409,
    title: 'It is not what you have read',
    help: 'Read it again: the digest that you sent belongs to something else.',
  },
  approval_closed: { status: 409, title: 'It is decided already', help: '`approval_status` says how it stands.' },
  step_not_waiting: {
    status: 409,
    title: 'The step does not wait for this',
    help: '`step_status` says where it stands.',
  },
  run_ended: {
    status: 409,
    title: 'The run has ended',
    help: 'What has ended stays as it is; propose another directive.',
  },
  budget_closed: {
    status: 409,
    title: 'The budget is closed',
    help: 'It limits nothing. Set it again: what was spent of it before goes on counting.',
  },
  already_exists: { status: 409, title: 'It exists already', help: 'Its id was taken by an earlier command.' },
  conflict: {
    status: 409,
    title: 'Others were faster, several times',
    help: 'Nothing was recorded. Send it again.',
    retryable: true,
  },
  operation_running: { status: 409, title: 'The same work is already under way', help: '`operation_id` names it.' },
  operation_ended: { status: 409, title: 'The operation has ended', help: 'There is nothing left to cancel.' },
  idempotency_in_progress: {
    status: 409,
    title: 'The same request is being answered',
    help: 'Ask again in a moment with the same key.',
    retryable: true,
  },
  stream_deleted: { status: 410, title: 'The stream was deleted', help: 'A tombstone stands in its place.' },
  outcome_known: {
    status: 409,
    title: 'The outcome is known already',
    help: 'A confidence is what was believed before; record another decision for what you believe now.',
  },
  decision_agreed: {
    status: 409,
    title: 'Somebody has agreed to it as it stands',
    help: 'What was agreed to under `approval_id` is not said otherwise: record a new decision, and link it with this one.',
  },
  agreement_needed: {
    status: 409,
    title: 'So it would need an agreement',
    help: '`needs_approval` says by which guardrails. Record a new decision that says it so: it is proposed, and somebody decides.',
  },
  person_needed: {
    status: 403,
    title: 'Only a person may do this',
    help: 'Whoever acts for themselves, an agent or a process, cannot: let a person with a key do it.',
  },
  too_many_threads: {
    status: 409,
    title: 'Too much is left open',
    help: 'Resolve some of the threads that are open; `threads_max` is how many there can be.',
  },
  too_many_censors: {
    status: 409,
    title: 'Too many censors are in force',
    help: 'Lift some of them; `censors_max` is how many an agent can have. Every one is looked at with every text.',
  },
  too_many_rows: {
    status: 400,
    title: 'That is more than one answer holds',
    help: 'Narrow the question.',
  },
  revision_conflict: {
    status: 412,
    title: 'It has changed since you looked',
    help: 'Read it again; `current_revision` is its newest revision.',
  },
  payload_too_large: { status: 413, title: 'The body is too large', help: '`bytes_max` is the limit.' },
  uri_too_long: { status: 414, title: 'The address is too long', help: 'Move long values into a body.' },
  unsupported_media_type: {
    status: 415,
    title: 'The body is not JSON',
    help: 'Send `Content-Type: application/json`.',
  },
  expectation_failed: {
    status: 417,
    title: 'The expectation cannot be met',
    help: 'The only one that is known is `100-continue`.',
  },
  unknown_parameter: {
    status: 422,
    title: 'There is no such parameter',
    help: '`nearest` is the closest one there is.',
  },
  wrong_id_kind: {
    status: 422,
    title: 'This is the id of something else',
    help: 'The id names another kind of thing than the path asks for.',
  },
  cursor_mismatch: {
    status: 422,
    title: 'The cursor belongs to another question',
    help: 'Start again without a cursor when the filter changes.',
  },
  position_beyond_log: {
    status: 422,
    title: 'The log has never been there',
    help: 'It is another log, or one that was restored from a backup: read it anew.',
  },
  against_itself: {
    status: 422,
    title: 'Nothing stands to itself as it does to others',
    help: 'Name another one than the one that is spoken of.',
  },
  guardrail_blocked: {
    status: 422,
    title: 'A guardrail forbids this decision',
    help: '`fired` says which and why. A new decision that was tried is on the record under `decision_id`, and is none; a change that was tried is not made.',
  },
  idempotency_mismatch: {
    status: 422,
    title: 'The key was used for another request',
    help: 'One key, one request: use a new key.',
  },
  unreadable_stream: {
    status: 422,
    title: 'The stream holds something this version cannot read',
    help: 'A newer version wrote it; nothing is decided on half of a history.',
  },
  if_match_required: {
    status: 428,
    title: 'If-Match is required',
    help: 'Say which revision you decided on: the ETag of what you read.',
  },
  rate_limited: { status: 429, title: 'Too many requests', help: '`Retry-After` says when to go on.', retryable: true },
  headers_too_large: { status: 431, title: 'The headers are too large', help: 'They hold at most 16 KiB.' },
  internal: {
    status: 500,
    title: 'Something is wrong inside',
    help: '`request_id` finds it in the logs. Nothing more is said here on purpose.',
  },
  not_implemented: {
    status: 501,
    title: 'This cannot be done here',
    help: 'The log server in use lacks the operation.',
  },
  model_disabled: {
    status: 503,
    title: 'No model is set',
    help: 'Set LLM_PROVIDER to `anthropic`, `openai`, `ollama` or `scripted`, and start again.',
  },
  censored: {
    status: 422,
    title: 'A censor stands against it',
    help: 'The turn names the censor; whoever may write memory can lift it, or say that it struck without cause.',
  },
  model_failed: {
    status: 502,
    title: 'The model did not answer',
    help: '`fault` is one of the bounded kinds; the failure is on the record.',
  },
  projection_behind: {
    status: 503,
    title: 'The read model has not got there yet',
    help: 'Ask again, wait longer, or accept what it has with `Prefer: handling=lenient`.',
    retryable: true,
  },
  read_model_unavailable: {
    status: 503,
    title: 'The read models are out of reach',
    help: 'Commands are still accepted; questions answer again once the database is back.',
    retryable: true,
  },
  artifact_unavailable: {
    status: 503,
    title: 'The artifact is out of reach',
    help: 'The store of blobs does not answer, or what it has is damaged: `fault` says which.',
    retryable: true,
  },
  log_unavailable: {
    status: 503,
    title: 'The log is out of reach',
    help: 'Nothing can be recorded now. Send it again later with the same Idempotency-Key.',
    retryable: true,
  },
  storage_full: {
    status: 507,
    title: 'There is no room left',
    help: 'Free some room on the disk of the log or of the read models; it goes on by itself.',
    retryable: true,
  },
  log_corrupt: {
    status: 500,
    title: 'The log does not match its own digests',
    help: 'Nothing of the damaged part is served. Restore it from a copy.',
  },
  not_ready: { status: 503, title: 'Not ready', help: '`reasons` says what is missing.', retryable: true },
  overloaded: { status: 503, title: 'Too much at once', help: 'Ask again after `Retry-After`.', retryable: true },
  shutting_down: { status: 503, title: 'The server is stopping', help: 'Ask again in a moment.', retryable: true },
} as const satisfies Readonly<Record<string, Kind>>;

export type ProblemCode = keyof typeof problemKinds;

/**
 * A refusal to say to a caller: its kind fixes status and title, the detail is about this one case, and `more` holds
 * further members of the problem document.
 */
export const problem = (
  code: ProblemCode,
  detail: string,
  particulars: Pick<Problem, 'retry_after_ms' | 'more'> = {},
): Problem => {
  const { status, title, retryable = false }: Kind = problemKinds[code];
  return { status, code, title, detail, retryable, ...particulars };
};
