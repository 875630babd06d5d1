/** Every limit of this surface, by name and with its unit. A deployment may set its own. */
export interface HttpLimits {
  /** A request body (interfaces 3.1). */
  readonly bodyBytesMax: number;
  /** Levels of arrays and objects in a body; nothing recursive ever sees a deeper one (assurance F55). */
  readonly jsonDepthMax: number;
  /** The request line and all header lines. */
  readonly headerBytesMax: number;
  /** From the first byte of a request to the end of its headers (assurance F96). */
  readonly headerMsMax: number;
  /** From the first byte of a request to the end of its body. */
  readonly receiveMsMax: number;
  /** From the whole request to its answer; an operation may set its own. */
  readonly answerMsMax: number;
  /** The same for an answer that is told piece by piece. */
  readonly streamedAnswerMsMax: number;
  /** An idle connection is kept a little longer than the minute after which proxies let go of theirs. */
  readonly idleMsMax: number;
  readonly connectionsMax: number;
  readonly connectionsPerAddressMax: number;
  /** Requests being answered at once, by kind; one more is refused with `overloaded` (assurance P19). */
  readonly queriesInFlightMax: number;
  readonly commandsInFlightMax: number;
  /** Answers that wait for a model. */
  readonly patientInFlightMax: number;
  /** Open event streams. */
  readonly streamsMax: number;
  readonly streamsPerPrincipalMax: number;
  /** What may stand unsent for one reader of an event stream before the next events are fetched for it. */
  readonly unsentBytesMax: number;
  /** A reader that takes nothing for so long is sent away with `slow` (assurance F92). */
  readonly stalledMsMax: number;
  readonly heartbeatMs: number;
  /** How long a read may wait for a position, and how long it does when the caller does not say. */
  readonly waitMsMax: number;
  readonly waitMsDefault: number;
  /** How long a command waits for the idempotency store before it goes on without. */
  readonly idempotencyMsMax: number;
  /** Principals whose quotas are remembered; the ones unseen for longest are forgotten. */
  readonly principalsMax: number;
  /** Ports tried, when the first is taken and the next free one will do. */
  readonly portsTriedMax: number;
}

export const httpLimits: HttpLimits = {
  bodyBytesMax: 1024 * 1024,
  jsonDepthMax: 32,
  headerBytesMax: 16 * 1024,
  headerMsMax: 10_000,
  receiveMsMax: 30_000,
  answerMsMax: 30_000,
  streamedAnswerMsMax: 600_000,
  idleMsMax: 72_000,
  connectionsMax: 10_000,
  connectionsPerAddressMax: 2_000,
  queriesInFlightMax: 512,
  commandsInFlightMax: 256,
  patientInFlightMax: 1_000,
  streamsMax: 1_000,
  streamsPerPrincipalMax: 32,
  unsentBytesMax: 256 * 1024,
  stalledMsMax: 30_000,
  heartbeatMs: 15_000,
  waitMsMax: 10_000,
  waitMsDefault: 2_000,
  idempotencyMsMax: 2_000,
  principalsMax: 10_000,
  portsTriedMax: 20,
};

/** How much a principal may ask for: so many requests within so many seconds, refilled evenly. */
export interface Quota {
  readonly requests: number;
  readonly seconds: number;
}

export type QuotaName = 'read' | 'write' | 'stream';

export const httpQuotas: Readonly<Record<QuotaName, Quota>> = {
  read: { requests: 60_000, seconds: 60 },
  write: { requests: 12_000, seconds: 60 },
  stream: { requests: 120, seconds: 60 },
};
