import type { FastifyReply, FastifyRequest, HookHandlerDoneFunction } from 'fastify';
import { isProblem, permits, type Principal, type Problem } from '../../../domain/kernel/operation.ts';
import { problem } from '../../../problems.ts';
import { say } from '../answers/respond.ts';
import { credentialOf } from './credential.ts';
import type { Lane } from '../answers/flights.ts';
import type { QuotaName } from '../limits.ts';
import { doorkeeper, isLoopback } from './origin.ts';
import type { Caller, Surface } from '../surface.ts';

type Hook = (request: FastifyRequest, reply: FastifyReply, done: HookHandlerDoneFunction) => void;

const requestIdForm = /^[\x21-\x7e]{1,64}$/;

/** The caller's own id of a request, if it is one (requirements A25): printable, and at most 64 characters. */
export const requestIdOf = (headers: Readonly<Record<string, string | readonly string[] | undefined>>) => {
  const given = headers['request-id'] ?? headers['x-request-id'];
  return typeof given === 'string' && requestIdForm.test(given) ? given : undefined;
};

const shuttingDownRetryMs = 2_000;

/**
 * What every request passes first, known address or not: it gets its id, and is refused while the server stops, from
 * where it may not come, or because its size or address shows at once that it cannot be answered.
 */
export const threshold = <Context>(surface: Surface<Context>): Hook => {
  const { options, limits } = surface;
  const door = doorkeeper({ keyless: options.keyless, origins: options.cors_origins ?? [] });

  const objection = (request: FastifyRequest, reply: FastifyReply): Problem | 'preflight' | undefined => {
    const { raw } = request;
    if (surface.closing) {
      say(request, 'Connection', 'close');
      return problem('shutting_down', 'the server is being stopped', { retry_after_ms: shuttingDownRetryMs });
    }
    const turnedAway = door(request, reply);
    if (turnedAway !== undefined) return turnedAway;
    if (request.is404) return problem('not_found', 'no operation has this address; /openapi.json lists them');
    if (Number(raw.headers['content-length'] ?? 0) > limits.bodyBytesMax)
      return problem('payload_too_large', `a body holds at most ${limits.bodyBytesMax} bytes`, {
        more: { bytes_max: limits.bodyBytesMax },
      });
    return raw.url?.includes('%00') === true
      ? problem('malformed_request', 'an address cannot hold U+0000')
      : undefined;
  };

  return (request, reply, done) => {
    request.said = ['Request-Id', request.id, 'X-Request-ID', request.id, 'X-Content-Type-Options', 'nosniff'];
    const objected = objection(request, reply);
    if (objected === undefined) done();
    else if (objected !== 'preflight') surface.refuse(request, reply, objected);
  };
};

const anonymous: Caller = {
  principal: { actor: 'anonymous', tenant: 'default', scopes: [] },
  who: 'anonymous',
  key: undefined,
};

const nearby = { loopback: true } as const;
const elsewhere = { loopback: false } as const;

const unknown = (): Problem => problem('unauthenticated', 'no valid key came with the request');

/** What an address asks of whoever wants something there. */
export interface Terms {
  readonly scope: string | null;
  /** Without a scope, yet only for whom a key makes known. */
  readonly known?: boolean;
  readonly quota: QuotaName;
  readonly lane?: Lane;
}

/**
 * What a request for a known address passes before its body is read: there is room, the key is valid and covers the
 * operation, and its quota is not used up. Wrong keys are counted by the address they come from. What anyone may ask
 * (health, version) is never counted.
 */
export const entrance = <Context>(
  surface: Surface<Context>,
  { scope, known = scope !== null, quota, lane }: Terms,
): Hook => {
  const { options, quotas, flights } = surface;

  /** Takes one request from a quota; the refusal where there is none left. */
  const spend = (name: QuotaName, who: string, request: FastifyRequest): Problem | undefined => {
    const standing = quotas?.[name](who, options.clock.now());
    if (standing === undefined) return undefined;
    say(request, 'RateLimit', standing.limit);
    say(request, 'RateLimit-Policy', standing.policy);
    const { allowed, policy, retry_after_ms } = standing;
    return allowed ? undefined : problem('rate_limited', `the quota is ${policy}`, { retry_after_ms });
  };

  const admit = (
    answer: Principal | Problem,
    key: string | undefined,
    request: FastifyRequest,
  ): Problem | undefined => {
    if (isProblem(answer)) {
      if (answer.status !== 401) return answer;
      return spend('read', `address:${request.raw.socket.remoteAddress ?? ''}`, request) ?? unknown();
    }
    if (scope !== null && !permits(answer.scopes, scope))
      return problem('insufficient_scope', `this needs the scope ${scope}`, { more: { scope } });
    const who = `${answer.tenant}/${answer.actor}`;
    request.caller = { principal: answer, who, key };
    return spend(quota, who, request);
  };

  return (request, reply, done) => {
    if (lane !== undefined && !flights.hasRoom(lane)) {
      const busy = problem('overloaded', 'as much is being answered as can be', { retry_after_ms: 1_000 });
      return surface.refuse(request, reply, busy);
    }
    if (!known) {
      request.caller = anonymous;
      return done();
    }
    const pass = (answer: Principal | Problem): void => {
      const refusal = admit(answer, shown.key, request);
      if (refusal === undefined) done();
      else surface.refuse(request, reply, refusal);
    };
    const shown = credentialOf(request.headers);
    if (!shown.plausible) return pass(unknown());
    const answer = options.authenticate(shown.key, isLoopback(request.raw) ? nearby : elsewhere);
    if (!(answer instanceof Promise)) return pass(answer);
    answer.then(pass, (error: unknown) => surface.refuse(request, reply, surface.explained(request, error)));
    return undefined;
  };
};
