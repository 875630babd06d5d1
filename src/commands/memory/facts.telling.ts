import * as E from 'fp-ts/lib/Either.js';
import { z } from 'zod';
import { fact, type FactCommand, type FactState } from '../../domain/fact/fact.decider.ts';
import { FactContent } from '../../domain/fact/fact.events.ts';
import { idInput } from '../../domain/kernel/id.input.ts';
import { derived, streamOf } from '../../domain/kernel/ids.ts';
import type { Answer, Call, Problem } from '../../domain/kernel/operation.ts';
import { tenantOf } from '../../domain/kernel/tenant.ts';
import { visible } from '../../domain/kernel/visible.ts';
import { ask, type CommandContext } from '../context.ts';
import type { Receipt } from '../execute.ts';
import { recall } from '../recall.ts';
import { problemOf } from '../refusals.ts';
import { learnFact, type Learned } from './learn-fact.ts';
import { absentIn, provenanceOf, SourceInput, taught, told } from './telling.ts';

export const FactView = z.object({
  fact_id: z.uuid(),
  status: z.string(),
  confidence: z.number(),
  confirmations: z.int(),
  superseded_by: z.uuid().nullable(),
  revision: z.int(),
});

/** A fact that was learned, or that was known and is confirmed. */
export const LearnedView = FactView.extend({
  confirmed: z.boolean(),
  warning: z
    .object({
      existing_fact_id: z.uuid(),
      existing_content: z.string(),
      similarity: z.number(),
      message: z.string(),
    })
    .nullable(),
});

const view = ({ state, revision }: Pick<Receipt<FactState>, 'state' | 'revision'>): z.infer<typeof FactView> => {
  const { fact_id: id, phase: status, confidence, confirmations, superseded_by } = state;
  return { fact_id: id, status, confidence, confirmations, superseded_by, revision };
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
  more: { readonly contradiction_of?: string; readonly supersedes?: string } = {},
): Promise<E.Either<Problem, Learned>> => {
  const absent = await absentIn(context, call, { agent_id, source });
  if (absent !== undefined) return E.left(absent);
  return await told(() => {
    const input = { ...given, agent_id, source: taught(source), ...more };
    return learnFact(context, input, provenanceOf(context, call));
  });
};

/** Why nothing can be said against a fact; undefined where it can. What this very call has done already is no reason. */
const inTheWay = async (
  { engine: { log, catalogue, remembered } }: CommandContext,
  { principal, command_id, if_match }: Call,
  id: string,
): Promise<Problem | undefined> => {
  const stream = streamOf('fact', id);
  const read = await told(() => recall<FactState, never>(log, catalogue, remembered, fact, stream));
  if (E.isLeft(read)) return read.left;
  const { last, state, tail, done: before } = read.right;
  if (last === undefined || tenantOf(last) !== principal.tenant) return problemOf({ reason: 'FactUnknown' });
  if (before.has(derived('against', command_id))) return undefined;
  if (if_match !== undefined && if_match !== tail.revision)
    return problemOf({ reason: 'StaleRevision', stream, given: if_match, current: tail.revision });
  const { phase } = state;
  return phase === 'current'
    ? undefined
    : problemOf({ reason: 'OutOfLifecycle', phase, step: 'FactSuperseded', allowed: ['FactForgotten'] });
};

/** Learns what stands against a fact, then says so of it: done twice under one command, it is done once. */
export const against = async (
  context: CommandContext,
  call: Call,
  given: Said,
  older: string,
  {
    cites,
    says,
  }: {
    readonly cites: 'contradiction_of' | 'supersedes';
    readonly says: (newer: string) => FactCommand;
  },
): Promise<Answer<z.infer<typeof LearnedView>> | Problem> => {
  const problem = await inTheWay(context, call, older);
  if (problem !== undefined) return problem;
  const newer = await learned(context, call, given, { [cites]: older });
  if (E.isLeft(newer)) return newer.left;
  const { if_match: _, ...rest } = call;
  const second = { ...rest, command_id: derived('against', call.command_id) };
  const outcome = await ask(context, second, fact, streamOf('fact', older), says(newer.right.fact_id));
  if (E.isLeft(outcome)) return outcome.left;
  return { ...learnedAnswer(newer.right), position: outcome.right.position };
};
