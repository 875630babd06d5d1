import { categoryOf } from '../../domain/kernel/ids.ts';
import type { CalibrationNote } from '../../domain/cognition/lines.ts';
import type { Memory } from '../../ports.memory.ts';
import type { Engine } from '../execute.ts';
import type { Gate } from '../gate/propose.ts';

/** What an agent thinks with. */
export interface Mind {
  readonly engine: Engine;
  readonly gate: Gate;
  readonly memory: Memory;
  /** Where the newest thing stands that was remembered through this node: what is recalled next waits for it, shortly. */
  readonly newest: () => bigint | undefined;
  /** How well an agent's confidences came true; null where too little is known. */
  readonly calibration: (tenant: string, agent_id: string) => Promise<CalibrationNote | null>;
}

const remembered: ReadonlySet<string> = new Set(['decision', 'fact', 'procedure', 'episode', 'censor']);

/**
 * Listens for what is recorded through this node in streams of these categories. What a caller teaches and asks for at once is found,
 * and a turn before which nothing was taught waits for no read model; what another node has recorded a moment ago may be
 * missed, and the position that was searched says so.
 */
export const newestOf = (
  { appended }: Pick<Engine, 'appended'>,
  categories: ReadonlySet<string> = remembered,
): (() => bigint | undefined) => {
  let newest: bigint | undefined;
  appended.add((stream, events) => {
    const position = events.at(-1)?.position;
    if (position !== undefined && categories.has(categoryOf(stream))) newest = position;
  });
  return () => newest;
};
