/** Every bound of the EventStoreDB adapter, in one place. */

/** How long one call may take before its outcome counts as unknown (assurance F22, F24). */
export const callMsMax = 10_000;
/** How long a read may be silent before it counts as lost. A subscription may be silent for ever. */
export const readSilenceMsMax = 10_000;
/** Events handed over at once. */
export const batchMax = 500;
/** How often a call follows a "not leader" answer, which says that nothing was written. */
export const leaderAttemptsMax = 3;
/** How long the server may leave a ping unanswered; with the client's ping every 10 s a dead line shows within 15 s. */
export const pingMsMax = 5_000;
/** How long the last calls may take to end when the log is closed. */
export const closeMsMax = 2_000;
