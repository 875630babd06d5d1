import { isProblem, type Call, type Problem } from '../../../domain/kernel/operation.ts';
import { problem } from '../../../problems.ts';
import { idempotencyKey, ifMatch } from '../intake/conditions.ts';
import { callOf, occasionOf, perform, send, type Exchange } from './exchange.ts';
import { fingerprintOf, isWorthKeeping, once, unkept, type Permission } from './once.ts';
import type { KeptAnswer } from '../../../ports.ts';
import { keptRefusal, outgoingOf } from './outgoing.ts';
import { say } from './respond.ts';
import { replayAsStream, streamAnswer, wantsStream } from './answer.stream.ts';

/** The permission to do a command: under its key, or without one, and then nothing is kept. */
const permissionFor = async <Context>({
  surface: { options, limits },
  route: { operation, method },
  request,
  caller,
}: Exchange<Context>): Promise<Permission | Problem> => {
  const key = idempotencyKey(request.headers);
  if (!key.ok) return key.problem;
  if (key.value === undefined)
    return operation.keyed === true
      ? problem('idempotency_key_required', `${operation.name} is not done without a key`)
      : unkept(options.clock.id());
  const failed = (error: unknown): void =>
    options.journal.warn('idempotency_unavailable', { request_id: request.id, error: String(error) });
  return once(
    { store: options.idempotency, waitMsMax: limits.idempotencyMsMax, failed },
    caller.who,
    key.value,
    fingerprintOf(method, request.url, request.body),
  );
};

/** What is kept of an answer that holds a secret: that there was one. */
const withoutSecret = <Context>(exchange: Exchange<Context>, location: string | undefined): KeptAnswer =>
  keptRefusal(
    problem('already_exists', 'this was done before; its answer held a secret, which is shown once and was not kept', {
      more: location === undefined ? {} : { links: [{ rel: 'result', href: location }] },
    }),
    occasionOf(exchange),
  );

const performCommand = async <Context>(
  exchange: Exchange<Context>,
  input: unknown,
  call: Call,
  settle: Permission['settle'],
): Promise<Problem | undefined> => {
  const { surface, route } = exchange;
  if (wantsStream(route, exchange.request, input)) return streamAnswer(exchange, input, call, settle);
  const answer = await perform(exchange, input, call);
  if (isProblem(answer)) {
    await settle(isWorthKeeping(answer) ? keptRefusal(answer, occasionOf(exchange)) : undefined);
    return answer;
  }
  const outgoing = outgoingOf(route, answer, surface.options.check_outputs);
  await settle(route.operation.sensitive === true ? withoutSecret(exchange, answer.location) : outgoing);
  send(exchange, outgoing);
  return undefined;
};

/** Does a command, once for each key, or says why not. What was answered is kept before it is sent. */
export const answerCommand = async <Context>(
  exchange: Exchange<Context>,
  input: unknown,
): Promise<Problem | undefined> => {
  const { surface, route, request, caller } = exchange;
  const { operation } = route;
  const revision = ifMatch(request.headers);
  if (!revision.ok) return revision.problem;
  if (operation.guarded === true && revision.value === undefined)
    return problem('if_match_required', `${operation.name} wants the ETag of what it changes`);
  const permission = await permissionFor(exchange);
  if (isProblem(permission)) return permission;
  const { command_id, replay, degraded, settle } = permission;
  if (degraded) say(request, 'Acta-Degraded', 'idempotency');
  if (replay !== undefined) {
    say(request, 'Idempotency-Replayed', 'true');
    if (wantsStream(route, exchange.request, input) && replay.status < 300) replayAsStream(exchange, replay);
    else send(exchange, replay);
    return undefined;
  }
  surface.options.journal.info('command', {
    request_id: request.id,
    operation: operation.name,
    actor: caller.principal.actor,
    command_id,
  });
  try {
    return await performCommand(exchange, input, callOf(exchange, command_id, revision.value), settle);
  } catch (error) {
    await settle(undefined);
    throw error;
  }
};
