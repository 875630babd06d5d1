import { approvalProcess, type AnnounceEffect } from '../../domain/approval/approval.process.ts';
import type { Failure } from '../../domain/kernel/process.ts';
import type { Perform } from '../flights.ts';
import { kind, type Kind } from '../kind.ts';

/** Tells an address that somebody has to decide. Bounded in time; undefined where it was told. */
export type Announce = (effect: AnnounceEffect, tenant: string, signal: AbortSignal) => Promise<Failure | undefined>;

const announceBy =
  (announce: Announce): Perform<AnnounceEffect> =>
  async (effect, { tenant, signal }) => {
    const failure = await announce(effect, tenant, signal);
    return failure === undefined ? { ok: true, result: null } : { ok: false, failure };
  };

/** The approval's clock joined with what announces it. */
export const approvalKind = (announce: Announce): Kind =>
  kind('approval', 'approval', approvalProcess, { announce: announceBy(announce) });
