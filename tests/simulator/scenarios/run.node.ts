import * as E from 'fp-ts/lib/Either.js';
import { aggregates, type Aggregates } from '../../../src/commands/aggregates.ts';
import { approvalKind } from '../../../src/commands/approvals/perform-approval.ts';
import { directiveKind } from '../../../src/commands/directives/perform-directive.ts';
import { driver } from '../../../src/commands/drive.ts';
import { engine as engineOf, execute, type Engine } from '../../../src/commands/execute.ts';
import { follow } from '../../../src/commands/follow.ts';
import { planMaterials, proposalOf, type Gate } from '../../../src/commands/gate/propose.ts';
import { registry } from '../../../src/commands/gate/registry.ts';
import { react } from '../../../src/commands/react.ts';
import { recall } from '../../../src/commands/recall.ts';
import type { Keep } from '../../../src/commands/runs/artifacts.ts';
import { runKind } from '../../../src/commands/runs/perform-run.ts';
import { catalogue } from '../../../src/domain/catalogue.ts';
import type { DirectiveCommand } from '../../../src/domain/directive/directive.commands.ts';
import { directive } from '../../../src/domain/directive/directive.decider.ts';
import type { DirectiveContent } from '../../../src/domain/directive/directive.events.ts';
import { withStepArgs } from '../../../src/domain/directive/directive.state.ts';
import type { Action } from '../../../src/domain/gate/action.ts';
import type { GatePrincipal } from '../../../src/domain/gate/principal.ts';
import { covers, grant } from '../../../src/domain/grant/grant.decider.ts';
import { streamOf } from '../../../src/domain/kernel/ids.ts';
import { budgetsFrom } from '../../../src/wiring/gate/hints.ts';
import { noTelemetry } from '../../commands/engines.ts';
import { simulatedCapabilities } from '../world/capabilities.ts';
import { portsOf } from '../world/ports.ts';
import type { NodeMain, Stage } from '../world/stage.ts';
import { reactions } from './run.reactions.ts';
import type { Answer, Request } from './session.node.ts';

/** What a surface is asked that is more than one command: the node finds out what the gate is asked with. */
export type RunRequest =
  | (Request & { readonly ask?: undefined; readonly actor?: string })
  | {
      readonly ask: 'draft';
      readonly directive_id: string;
      readonly content: DirectiveContent;
      readonly propose: boolean;
      readonly principal: GatePrincipal;
      readonly command_id: string;
    }
  | {
      readonly ask: 'propose';
      readonly directive_id: string;
      readonly principal: GatePrincipal;
      readonly command_id: string;
    }
  | {
      readonly ask: 'amend';
      readonly directive_id: string;
      readonly step_id: string;
      readonly args: Action['args'];
      readonly by: string;
      readonly command_id: string;
    };

const graceMs = 10_000;
const tenant = 'default';

/** A grant out of those there are, if one covers: a hint, as the read model gives it. */
const grantsAmong =
  ({ log, catalogue: all, remembered, clock }: Engine, ids: readonly string[]): Gate['grantFor'] =>
  async (_, question) => {
    for (const id of ids) {
      const found = await recall(log, all, remembered, grant, streamOf('grant', id));
      if (E.isLeft(found)) continue;
      const { phase, terms, issued_by } = found.right.state;
      const now = new Date(clock.now()).toISOString();
      if (phase === 'live' && terms !== null && now < terms.expires_at && covers(terms, issued_by, question)) return id;
    }
    return null;
  };

const keeps: Keep = {
  artifact: () => Promise.reject(new Error('nothing is kept here')),
  result: (_, result) => Promise.resolve({ value: result ?? null, artifacts: [] }),
};

/** What a directive is told, with what the gate is asked with found in the log now. */
const directiveCommand = async (gate: Gate, request: Exclude<RunRequest, { ask?: undefined }>) => {
  const { log, catalogue: all, remembered, clock } = gate.engine;
  const at = new Date(clock.now()).toISOString();
  if (request.ask === 'draft') {
    const { directive_id, content, principal, propose } = request;
    const proposal = propose ? await proposalOf(gate, tenant, principal, content) : null;
    const origin = { kind: 'request' } as const;
    return { type: 'DraftDirective', directive_id, content, origin, issued_by: 'user:client', proposal } as const;
  }
  const found = await recall(log, all, remembered, directive, streamOf('directive', request.directive_id));
  if (E.isLeft(found) || found.right.state.content === null) return undefined;
  const { content, principal } = found.right.state;
  if (request.ask === 'propose')
    return {
      type: 'ProposeDirective',
      proposal: await proposalOf(gate, tenant, request.principal, content),
    } as const;
  if (principal === null) return undefined;
  const { step_id, args, by } = request;
  const { plan, scope } = withStepArgs(content, step_id, args);
  const materials = await planMaterials(gate, tenant, principal, scope, plan);
  return { type: 'AmendDirective', step_id, args, by, reason: 'better so', materials, at } as const;
};

const serveRuns =
  (gate: Gate, all: Aggregates, reach: (what: string) => void) =>
  async (asked: unknown): Promise<Answer> => {
    const request = asked as RunRequest;
    const { engine } = gate;
    const command = request.ask === undefined ? request.command : await directiveCommand(gate, request);
    const stream = request.ask === undefined ? request.stream : streamOf('directive', request.directive_id);
    const decider = all.get(stream.slice(0, stream.indexOf('-')))?.decider;
    if (command === undefined) return { ok: false, reason: 'DirectiveUnknown' };
    if (decider === undefined) throw new Error(`nobody decides for ${stream}`);
    const { command_id } = request;
    const provenance = { command_id, actor: 'user:client', tenant, correlation_id: command_id };
    const at = new Date(engine.clock.now()).toISOString();
    const timed = 'at' in command && command.at === '' ? { ...command, at } : command;
    const outcome = await execute(engine, decider, stream, timed as DirectiveCommand as never, provenance);
    if (E.isRight(outcome)) {
      const { again, revision, events } = outcome.right;
      reach(again ? 'command_done_before' : 'command_done');
      return { ok: true, again, revision, events: events.length };
    }
    const { reason = 'refused' } = outcome.left as { readonly reason?: string };
    reach(`refused.${reason}`);
    return { ok: false, reason };
  };

/** A node as the product wires it: it answers commands, drives directives, approvals and runs, follows the log, reacts. */
export const runNode =
  (stage: Stage, grants: readonly string[]): NodeMain =>
  (life) => {
    const { log, roster, clock, journal, outside } = portsOf(stage, life);
    const { world, weather, mutant } = stage;
    const engine = engineOf({ log, catalogue, clock, telemetry: noTelemetry });
    const codes = simulatedCapabilities(outside, world.chance, () => weather.healed);
    const gate: Gate = {
      engine,
      registry: registry(engine, () => codes),
      grantFor: grantsAmong(engine, grants),
      budgetsOf: budgetsFrom(engine),
      environment: 'development',
    };
    const all = mutant.aggregates?.(aggregates) ?? aggregates;
    const announce = () => Promise.resolve(undefined);
    const made = [directiveKind(engine), approvalKind(announce), runKind({ ...gate, keep: keeps })];
    const kinds = made.map((kind) => mutant.kind?.(kind) ?? kind);
    const drives = driver(engine, { roster, kinds, owner: life.name, journal });
    const ending = new AbortController();
    drives.start();
    const reacts = react(engine, all, reactions, journal);
    const following = follow(engine, { roster, driver: drives, kinds, react: reacts, journal }, ending.signal);
    void following.then((why) => why !== undefined && world.broken.push(`follow ended: ${why}`));
    return {
      serve: serveRuns(gate, all, world.reach),
      stop: async () => {
        ending.abort();
        await following;
        await drives.stop(graceMs);
      },
    };
  };
