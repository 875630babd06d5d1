import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Problem } from '../../../domain/kernel/operation.ts';
import { problem } from '../../../problems.ts';

/** What is being answered: kinds of work have room each of their own, so that neither starves another. */
export const lanes = ['query', 'command', 'patient'] as const;
export type Lane = (typeof lanes)[number];

/** One request being answered. */
export interface Flight {
  /** Its place in the list of all that are aloft. */
  at: number;
  readonly lane: Lane;
  readonly ms: number;
  readonly due: number;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  /** Ends the work: the time is up, or the server has to stop. */
  readonly controller: AbortController;
}

const endedBy = (refusal: Problem): Error => new Error(refusal.detail, { cause: refusal });

/** Why a flight was ended, in the words of the catalogue. */
export const reasonOf = ({ reason }: AbortSignal): Problem => (reason as { readonly cause: Problem }).cause;

const checkEveryMsMax = 500;

/**
 * Counts what is being answered, refuses more than there is room for, and ends what takes too long or has to stop. One
 * look at all of them twice a second costs less than a timer for each. `late` answers a request whose time is up; `told`
 * hears at each look how many there are.
 */
export const flights = (
  room: Readonly<Record<Lane, number>>,
  shortestMs: number,
  late: (request: FastifyRequest, reply: FastifyReply, refusal: Problem) => void,
  told: (counts: Readonly<Record<Lane, number>>) => void,
) => {
  const counts: Record<Lane, number> = { query: 0, command: 0, patient: 0 };
  const aloft: Flight[] = [];

  const check = (): void => {
    const now = performance.now();
    told(counts);
    for (const { due, ms, request, reply, controller } of [...aloft]) {
      if (due > now || controller.signal.aborted) continue;
      const refusal = problem('request_timeout', `the answer was not ready within ${ms} ms`);
      late(request, reply, refusal);
      controller.abort(endedBy(refusal));
    }
  };
  const checking = setInterval(check, Math.min(checkEveryMsMax, Math.ceil(shortestMs / 2)));
  checking.unref();

  return {
    /** How many are being answered. */
    aloft: (): number => aloft.length,
    hasRoom: (lane: Lane): boolean => counts[lane] < room[lane],
    /** Counts one more, which may take so long. */
    begin: (lane: Lane, ms: number, request: FastifyRequest, reply: FastifyReply): Flight => {
      counts[lane] += 1;
      const due = performance.now() + ms;
      const flight: Flight = { at: aloft.length, lane, ms, due, request, reply, controller: new AbortController() };
      aloft.push(flight);
      return flight;
    },
    end: (flight: Flight): void => {
      const { at, lane } = flight;
      const last = aloft.pop();
      if (last !== undefined && last !== flight) {
        aloft[at] = last;
        last.at = at;
      }
      counts[lane] -= 1;
    },
    /** Ends whatever is still being answered: the server stops, and its grace is over. */
    abortAll: (): void => {
      const error = endedBy(problem('shutting_down', 'the server stops, and could not wait for this'));
      for (const { controller } of [...aloft]) controller.abort(error);
    },
    /** Looks no more; called when nothing is aloft. */
    close: (): void => clearInterval(checking),
  };
};

export type Flights = ReturnType<typeof flights>;
