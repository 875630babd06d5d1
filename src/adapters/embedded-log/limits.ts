/** Every bound of the embedded log, in one place. A full queue refuses, a longer name is invalid, a cache forgets. */

export const streamNameBytesMax = 1024;
export const typeBytesMax = 1024;
export const eventsPerAppendMax = 10_000;
export const streamsPerAppendMax = 256;

/** Appends that wait for a group commit. Beyond either bound the store refuses with `unavailable`. */
export const queueAppendsMax = 16_384;
export const queueBytesMax = 64 * 1024 * 1024;

/** What travels in one transaction; the rest waits for the next. */
export const groupAppendsMax = 1024;
export const groupBytesMax = 8 * 1024 * 1024;

/** Event ids remembered for retries with `any` and `stream_exists`, which are idempotent for recent ids only. */
export const recentIdsMax = 50_000;
export const headsMax = 100_000;

/** The newest events, kept for readers that follow the log live. */
export const tailEventsMax = 4096;
export const tailBytesMax = 16 * 1024 * 1024;

/** What one synchronous read looks at, and the bytes after which it ends: a reader must not starve the writer. */
export const pageEventsMax = 1024;
export const pageBytesMax = 1024 * 1024;

/** Events verified before the store opens, newest first. The scrub verifies the rest, and all of them once a day. */
export const verifiedAtOpenEventsMax = 100_000;
export const scrubSliceEventsMax = 500;
export const scrubPauseMs = 50;
export const scrubRoundMs = 24 * 60 * 60 * 1000;

/** Pages written to the WAL before it is copied into the database, in a quiet moment and at the latest. */
export const checkpointPages = 1_000;
export const checkpointPagesMax = 4_000;

export const regexLengthMax = 256;
/** What one page of names may cost in a regex, of the thread's own time, before its reader is refused. */
export const regexMsMax = 50;
export const regexTriesMax = 6;
export const regexVerdictsMax = 20_000;

/** Questions to the log's thread that wait for an answer, in all. */
export const questionsMax = 20_000;
