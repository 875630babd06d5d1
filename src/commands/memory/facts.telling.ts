import * as E from 'fp-ts/lib/Either.js';
import { z } from 'zod';
import { fact, type FactCommand, type FactState } from '../../domain/fact/fact.decider.ts';
import { FactContent, type FactEvent, type NewerFact } from '../../domain/fact/fact.events.ts';
import { idInput } from '../../domain/kernel/id.input.ts';
import { derived, streamOf } from '../../domain/kernel/ids.ts';
import type { Answer, Call, Problem } from '../../domain/kernel/operation.ts';
import { tenantOf } from '../../domain/kernel/tenant.ts';
import { visible } from '../../domain/kernel/visible.ts';
import { once } from '../../domain/memory/words.ts';
import { problem } from '../../problems.ts';
import { ask, type CommandContext } from '../context.ts';
import type { Receipt } from '../execute.ts';
import { recall, type Recollection } from '../recall.ts';
import { learnOrConfirm, learnFact, placeOf, type Learned, type Place } from './learn-fact.ts';
import { absentIn, provenanceOf, SourceInput, taught, told } from './telling.ts';

export const FactView = z.object({
  fact_id: z.uuid(),
  status: z.string(),
  confidence: z.number(),
  confirmations: z.int(),
  superseded_by: z.uuid().nullable(),
  episode_id: z.uuid().nullable().meta({
    description:
      'The episode it was learned in. It keeps what was said there when the fact is forgotten: forget it, too.',
  }),
  revision: z.int(),
});

/** A fact that was learned, or that was known and is confirmed. */
export const LearnedView = FactView.extend({
  confirmed: z.boolean(),
  warning: z
    .object({
      existing_fact_id: z.uuid(),
      similarity: z.number(),
      message: z.string(),
    })
    .nullable(),
});

const view = ({ state, revision }: Pick<Receipt<FactState>, 'state' | 'revision'>): z.infer<typeof FactView> => {
  const { fact_id: id, phase: status, confidence, confirmations, superseded_by, episode_id } = state;
  return { fact_id: id, status, confidence, confirmations, superseded_by, episode_id, revision };
};

export const done = async (
  context: CommandContext,
  call: Call,
  id: string,
  asked: FactCommand,
): Promise<Answer<z.infer<typeof FactView>> | Problem> => {
  const outcome = await ask(context, call, fact, streamOf('fact', id), asked, { guarded: true });
  if (E.isLeft(outcome)) return outcome.left;
  const { revision, position } = outcome.right;
  return { output: view(outcome.right), revision, position };
};

const { content, category, subject, confidence, tags } = FactContent.shape;
export const said = {
  agent_id: idInput('agent').optional(),
  content: visible(content),
  category: category.default(null),
  subject: subject.default(null),
  confidence: confidence.default(1),
  tags: tags.default([]),
  source: SourceInput.optional(),
};
export type Said = z.output<z.ZodObject<typeof said>>;

export const learnedAnswer = ({
  confirmed,
  warning,
  position,
  ...known
}: Learned): Answer<z.infer<typeof LearnedView>> => {
  const created = confirmed ? {} : { status: 201 as const, location: `/facts/${known.fact_id}` };
  return { output: { ...view(known), confirmed, warning }, revision: known.revision, position, ...created };
};

export const learned = async (
  context: CommandContext,
  call: Call,
  { agent_id = context.default_agent_id, source, ...given }: Said,
): Promise<E.Either<Problem, Learned>> => {
  const absent = await absentIn(context, call, { agent_id, source });
  if (absent !== undefined) return E.left(absent);
  return await told(() => {
    const input = { ...given, agent_id, source: taught(source) };
    return learnFact(context, input, provenanceOf(context, call));
  });
};

/** What is said of the older fact: by which one, and what that says where it is yet to be learned. */
type Against = (fact_id: string, newer: NewerFact | null) => FactCommand;

interface Older {
  /** Whose fact it is; '' where there is none, which its own stream will say. */
  readonly holder: string;
  /** What this very call has said of it already; undefined where it has said nothing. */
  readonly before: FactEvent | undefined;
}

const olderFact = async (
  { engine: { log, catalogue, remembered } }: CommandContext,
  { command_id, tenant }: { readonly command_id: string; readonly tenant: string },
  id: string,
): Promise<E.Either<Problem, Older>> => {
  const read = await told(() => recall<FactState, FactEvent>(log, catalogue, remembered, fact, streamOf('fact', id)));
  return E.map(({ state, done, last }: Recollection<FactState>): Older => {
    const before = done.get(command_id)?.[0] as FactEvent | undefined;
    return { holder: last !== undefined && tenantOf(last) === tenant ? state.agent_id : '', before };
  })(read);
};

/** The fact that an event names as the one that was said against its own, and whether it is learned with it. */
const namedBy = (event: FactEvent | undefined): Place | undefined => {
  if (event?.type !== 'FactSuperseded' && event?.type !== 'FactContradicted') return undefined;
  const fact_id = event.type === 'FactSuperseded' ? event.data.superseded_by : event.data.by_fact_id;
  return { fact_id, held: event.data.newer === null, warning: null };
};

/**
 * Says something against a fact. The older fact is the one that decides, on the revision that the caller saw, and its event
 * holds the newer one: refused, nothing is on the record, and from then on the newer one is learned by this call, by the same
 * one asked again, or by the reaction `learn_newer_facts`, once (decision 0017).
 */
export const against = async (
  context: CommandContext,
  call: Call,
  { agent_id: named, source, ...given }: Said,
  older: string,
  { cites, says }: { readonly cites: 'contradiction_of' | 'supersedes'; readonly says: Against },
): Promise<Answer<z.infer<typeof LearnedView>> | Problem> => {
  const command_id = derived('against', call.command_id);
  const known = await olderFact(context, { command_id, tenant: call.principal.tenant }, older);
  if (E.isLeft(known)) return known.left;
  const { holder, before } = known.right;
  // What takes a fact's place is known by whoever knew the fact.
  const agent_id = holder === '' ? (named ?? context.default_agent_id) : holder;
  if (named !== undefined && named !== agent_id)
    return problem('validation_failed', 'the fact is not this agent’s: what is said against it is learned by its own', {
      more: { errors: [{ pointer: '#/agent_id', code: 'invalid', message: 'leave it out' }] },
    });
  const absent = await absentIn(context, call, { agent_id, source });
  if (absent !== undefined) return absent;
  const provenance = provenanceOf(context, call);
  const content = { ...given, agent_id, source: taught(source) };
  const input = { ...content, [cites]: older };
  const found = await told(async () => E.right(namedBy(before) ?? (await placeOf(context, input, provenance))));
  if (E.isLeft(found)) return found.left;
  const place = found.right;
  const asked = says(place.fact_id, place.held ? null : { ...content, tags: once(content.tags) });
  const guard = { guarded: true };
  const outcome = await ask(context, { ...call, command_id }, fact, streamOf('fact', older), asked, guard);
  if (E.isLeft(outcome)) return outcome.left;
  const newer = await told(() => learnOrConfirm(context, place, input, provenance));
  return E.isLeft(newer) ? newer.left : learnedAnswer(newer.right);
};
