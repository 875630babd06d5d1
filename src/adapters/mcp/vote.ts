import { randomUUID } from 'node:crypto';
import {
  CLIENT_CAPABILITIES_META_KEY,
  CLIENT_INFO_META_KEY,
  ProtocolError,
  ProtocolErrorCode,
  createRequestStateCodec,
  inputRequired,
  inputResponse,
  type InputRequiredResult,
  type RequestStateCodec,
  type ServerContext,
} from '@modelcontextprotocol/server';
import { digest } from '../../domain/kernel/digest.ts';
import type { OverMcp } from '../../domain/kernel/operation.ts';
import type { Asking } from '../../ports.ts';
import { addressOf, type Arguments } from './arguments.ts';
import { mcpLimits } from './limits.ts';
import { Answer, questionOf, requestIn, type Request } from './question.ts';
import { visitOf, type Ask } from './visit.ts';

/** What travels with a question to the client and back, sealed: who answers, and to what, cannot be changed on the way. */
export interface Asked {
  readonly question_id: string;
  /** The whole call that the question is about. */
  readonly call: string;
  readonly approval_id: string;
  /** Of the request that was shown. */
  readonly revision: number;
  readonly action_digest: string;
}

const minuteS = 60;

/** Seals questions for ten minutes, each for the one key that is asked. */
export const sealed = (key: string): RequestStateCodec<Asked> =>
  createRequestStateCodec<Asked>({
    key,
    ttlSeconds: mcpLimits.answerMinutesMax * minuteS,
    bind: ({ http }) => {
      const { principal } = visitOf(http?.authInfo);
      return `${principal.tenant}\n${principal.actor}`;
    },
  });

/** What a client of the newer revision says of itself with each request; nothing for an older one. */
const saidOf = ({ envelope }: ServerContext['mcpReq'], key: string): Readonly<Record<string, unknown>> => {
  const { [key]: said } = (envelope ?? {}) as Readonly<Record<string, unknown>>;
  return typeof said === 'object' && said !== null ? (said as Record<string, unknown>) : {};
};

/** Who a call comes from, as far as a program's own word goes. */
export const programOf = (request: ServerContext['mcpReq']): OverMcp => {
  const { name } = saidOf(request, CLIENT_INFO_META_KEY);
  return {
    client: typeof name === 'string' ? name.slice(0, mcpLimits.clientCharsMax).toWellFormed() : null,
    asked: false,
  };
};

/** Clients of the newer revision that can show a form; one that names no kind of question can (MCP 2026-07-28, elicitation). */
const canAsk = (request: ServerContext['mcpReq']): boolean => {
  const { elicitation } = saidOf(request, CLIENT_CAPABILITIES_META_KEY);
  if (typeof elicitation !== 'object' || elicitation === null) return false;
  return 'form' in elicitation || Object.keys(elicitation).length === 0;
};

const stranger = (): never => {
  throw new ProtocolError(ProtocolErrorCode.InvalidParams, 'this answers another question');
};

const formsFor: ReadonlySet<string> = new Set(['low', 'medium']);

/** Whether a person at the client could decide: what cannot count, or would be refused anyway, is asked of nobody. */
const isWorthAsking = (request: Request, { action_digest, revision }: Arguments, actor: string): boolean =>
  request.status === 'open' &&
  formsFor.has(request.risk_level) &&
  request.terms.over_mcp !== 'never' &&
  !request.requested_by.chain.includes(actor) &&
  request.action_digest === action_digest &&
  String(request.revision) === String(revision);

/** What a vote becomes: a question for the person at the client, a vote to cast, or a prompt that was dismissed. */
export type Vote =
  | { readonly ask: InputRequiredResult }
  | { readonly cast: Arguments; readonly over_mcp: OverMcp }
  | { readonly dismissed: Asking };

export interface Voter {
  readonly actor: string;
  readonly ask: Ask;
}

const questioned = async (
  codec: RequestStateCodec<Asked>,
  context: ServerContext,
  request: Request,
  given: Arguments,
): Promise<Vote> => {
  const { approval_id, revision, action_digest } = request;
  const call = digest(given);
  const state: Asked = { question_id: randomUUID(), call, approval_id, revision, action_digest };
  return {
    ask: inputRequired({
      inputRequests: {
        decision: inputRequired.elicit({ message: questionOf(request, given), requestedSchema: Answer }),
      },
      requestState: await codec.mint(state, context),
    }),
  };
};

/** What somebody said to a question that was put to them; undefined where the client brought no answer that can be read. */
const answered = (asked: Asked, given: Arguments, { mcpReq }: ServerContext, over_mcp: OverMcp): Vote | undefined => {
  if (asked.call !== digest(given)) return stranger();
  const said = inputResponse(mcpReq.inputResponses, 'decision');
  if (said.kind !== 'elicit') return undefined;
  const { approval_id, revision, action_digest } = asked;
  if (said.action !== 'accept') {
    const path = `/approvals/${encodeURIComponent(approval_id)}/dismissals`;
    return { dismissed: { method: 'POST', path, body: { answer: said.action }, over_mcp } };
  }
  const answer = Answer.safeParse(said.content);
  if (!answer.success) return undefined;
  // A question is answered once: sent again, the answer is the same call; another answer is refused.
  const cast = {
    ...given,
    ...answer.data,
    revision,
    action_digest,
    idempotency_key: `mcp-answer-${asked.question_id}`,
  };
  return { cast, over_mcp: { ...over_mcp, asked: true } };
};

/**
 * A call of `approval_decide` on its way to becoming a vote (interfaces 4.5). Where the client can show a form to a person, they are asked, and
 * what they say is the vote, whatever the call said; where it cannot, the call is passed on as it came, and the policy says whether
 * such a vote counts.
 */
export const voteOf = async (
  codec: RequestStateCodec<Asked>,
  context: ServerContext,
  given: Arguments,
  { actor, ask }: Voter,
): Promise<Vote> => {
  const over_mcp = programOf(context.mcpReq);
  const asIs: Vote = { cast: given, over_mcp };
  const asked = context.mcpReq.requestState<Asked>();
  const said = asked === undefined ? undefined : answered(asked, given, context, over_mcp);
  if (said !== undefined) return said;
  if (!canAsk(context.mcpReq)) return asIs;
  const { approval_id } = given;
  const address = addressOf({ http: { method: 'GET', path: '/approvals/{approval_id}', tag: '' } }, { approval_id });
  if ('missing' in address) return asIs;
  const { status, body } = await ask({ method: 'GET', path: address.path });
  if (status !== 200) return asIs;
  const request = requestIn(body);
  return isWorthAsking(request, given, actor) ? await questioned(codec, context, request, given) : asIs;
};
