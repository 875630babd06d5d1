import { noGate } from '../../support/no.gate.ts';
import { noMemory } from '../../support/no.memory.ts';
import * as E from 'fp-ts/lib/Either.js';
import { aggregates } from '../../../src/commands/aggregates.ts';
import { driver } from '../../../src/commands/drive.ts';
import { engine as engineOf, execute, type Engine } from '../../../src/commands/execute.ts';
import { follow } from '../../../src/commands/follow.ts';
import { output } from '../../../src/commands/output.ts';
import { react } from '../../../src/commands/react.ts';
import { newestOf } from '../../../src/commands/cognition/mind.ts';
import { sessionKind } from '../../../src/commands/sessions/perform-turn.ts';
import { catalogue } from '../../../src/domain/catalogue.ts';
import { categoryOf } from '../../../src/domain/kernel/ids.ts';
import { cancelTurnsOfStoppedAgent } from '../../../src/domain/reactions/cancel-turns-of-stopped-agent.reaction.ts';
import { noTelemetry } from '../../commands/engines.ts';
import { portsOf } from '../world/ports.ts';
import type { NodeMain, Stage } from '../world/stage.ts';

/** A command as a client sends it; its id is the same each time it is sent. */
export interface Request {
  readonly stream: string;
  readonly command: { readonly type: string };
  readonly command_id: string;
}

export type Answer =
  | { readonly ok: true; readonly again: boolean; readonly revision: number; readonly events: number }
  | { readonly ok: false; readonly reason: string };

const graceMs = 10_000;

/** Answers commands as a node's surfaces do: in the product's own engine. */
export const serveWith =
  (engine: Engine, reach: (what: string) => void) =>
  async (request: unknown): Promise<Answer> => {
    const { stream, command, command_id } = request as Request;
    const decider = aggregates.get(categoryOf(stream))?.decider;
    if (decider === undefined) throw new Error(`nobody decides for ${stream}`);
    const provenance = { command_id, actor: 'user:client', tenant: 'default', correlation_id: command_id };
    const outcome = await execute(engine, decider, stream, command as never, provenance);
    if (E.isRight(outcome)) {
      const { again, revision, events } = outcome.right;
      reach(again ? 'command_done_before' : 'command_done');
      return { ok: true, again, revision, events: events.length };
    }
    const { reason = 'refused' } = outcome.left as { readonly reason?: string };
    reach(`refused.${reason}`);
    return { ok: false, reason };
  };

/** A node as the product wires it: it answers commands, drives sessions, follows the log, reacts. */
export const sessionNode =
  (stage: Stage): NodeMain =>
  (life) => {
    const { log, roster, clock, journal, model } = portsOf(stage, life);
    const engine = engineOf({ log, catalogue, clock, telemetry: noTelemetry });
    const mind = {
      engine,
      gate: noGate(engine),
      memory: noMemory,
      newest: newestOf(engine),
      calibration: () => Promise.resolve(null),
    };
    const real = sessionKind(mind, { model, spoken: output() });
    const kinds = [stage.mutant.kind?.(real) ?? real];
    const drives = driver(engine, { roster, kinds, owner: life.name, journal });
    const ending = new AbortController();
    drives.start();
    const reacts = react(engine, aggregates, [cancelTurnsOfStoppedAgent], journal);
    const following = follow(engine, { roster, driver: drives, kinds, react: reacts, journal }, ending.signal);
    void following.then((why) => why !== undefined && stage.world.broken.push(`follow ended: ${why}`));
    return {
      serve: serveWith(engine, stage.world.reach),
      stop: async () => {
        ending.abort();
        await following;
        await drives.stop(graceMs);
      },
    };
  };
