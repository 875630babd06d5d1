import * as E from 'fp-ts/lib/Either.js';
import { z } from 'zod';
import { episode, type EpisodeCommand } from '../../domain/episode/episode.decider.ts';
import { EpisodeContent, EpisodeOutcome, Lessons, Surprise, Usefulness } from '../../domain/episode/episode.events.ts';
import { idInput } from '../../domain/kernel/id.input.ts';
import { derived, streamOf } from '../../domain/kernel/ids.ts';
import type { Answer, Call, Problem } from '../../domain/kernel/operation.ts';
import { visible } from '../../domain/kernel/visible.ts';
import { ask, command, type CommandContext } from '../context.ts';
import { endingOperations } from './endings.ts';
import { absentIn, problems, scope, tag } from './telling.ts';

const episode_id = idInput('episode');
const exampleId = '0198d7a0-0000-7000-8000-000000000022';

const EpisodeView = z.object({
  episode_id: z.uuid(),
  status: z.string(),
  outcome: z.string(),
  duration_ms: z.int().nullable(),
  revision: z.int(),
});

const done = async (
  context: CommandContext,
  call: Call,
  id: string,
  asked: EpisodeCommand,
): Promise<Answer<z.infer<typeof EpisodeView>> | Problem> => {
  const outcome = await ask(context, call, episode, streamOf('episode', id), asked, { guarded: true });
  if (E.isLeft(outcome)) return outcome.left;
  const { state, revision, position } = outcome.right;
  const { phase: status, end, duration_ms } = state;
  return {
    output: { episode_id: id, status, outcome: end?.outcome ?? 'ongoing', duration_ms, revision },
    revision,
    position,
  };
};

const now = ({ engine }: CommandContext): string => new Date(engine.clock.now()).toISOString();

const { title, summary, detail, frame, trigger, participants, tags } = EpisodeContent.shape;

const startEpisode = command({
  name: 'start_episode',
  kind: 'command',
  summary: 'Begin an episode: something goes on that is worth remembering as a whole',
  scope,
  input: z.strictObject({
    agent_id: idInput('agent').optional(),
    session_id: idInput('session').nullable().default(null),
    summary: visible(summary),
    title: title.default(null),
    detail: detail.default(null),
    frame: frame.default(null),
    trigger: trigger.default(null),
    participants: participants.default([]),
    tags: tags.default([]),
  }),
  output: EpisodeView,
  http: { method: 'POST', path: '/episodes', tag },
  cli: 'episodes start',
  problems: ['not_found'],
  examples: [
    {
      title: 'A lamp that broke twice',
      input: {
        ...{ session_id: null, title: null, detail: null, frame: 'support', trigger: 'user_message' },
        ...{ summary: 'A customer reports the second broken lamp in a month.', participants: ['customer'], tags: [] },
      },
    },
  ],
  run: async (context, { agent_id = context.default_agent_id, ...said }, call) => {
    const absent = await absentIn(context, call, { agent_id, session_id: said.session_id });
    if (absent !== undefined) return absent;
    const id = derived('episode', call.command_id);
    const { actor: by } = call.principal;
    const asked: EpisodeCommand = { type: 'StartEpisode', episode_id: id, agent_id, ...said, at: now(context), by };
    const answer = await done(context, call, id, asked);
    return 'output' in answer ? { ...answer, status: 201, location: `/episodes/${id}` } : answer;
  },
});

const endEpisode = command({
  name: 'end_episode',
  kind: 'command',
  summary: 'End an episode: how it went, and what was learned',
  scope,
  input: z.strictObject({
    episode_id,
    outcome: EpisodeOutcome,
    lessons: Lessons.default([]),
    surprise: Surprise.default(null),
  }),
  output: EpisodeView,
  http: { method: 'POST', path: '/episodes/{episode_id}/end', tag },
  cli: 'episodes end',
  problems,
  examples: [
    {
      title: 'It went well',
      input: { episode_id: exampleId, outcome: 'success', lessons: ['Pack lamps upright.'], surprise: 0.4 },
    },
  ],
  run: (context, { episode_id: id, ...said }, call) =>
    done(context, call, id, { type: 'EndEpisode', ...said, at: now(context), by: call.principal.actor }),
});

const linkDecision = command({
  name: 'link_episode_decision',
  kind: 'command',
  summary: 'Say that a decision was made in an episode',
  scope,
  input: z.strictObject({ episode_id, decision_id: idInput('decision') }),
  output: EpisodeView,
  http: { method: 'POST', path: '/episodes/{episode_id}/decisions', tag },
  cli: 'episodes decided',
  problems,
  examples: [{ title: 'By id', input: { episode_id: exampleId, decision_id: '0198d7a0-0000-7000-8000-000000000018' } }],
  run: async (context, { episode_id: id, decision_id }, call) =>
    (await absentIn(context, call, { decision_id })) ??
    (await done(context, call, id, { type: 'LinkDecision', decision_id, by: call.principal.actor })),
});

const linkProcedure = command({
  name: 'link_episode_procedure',
  kind: 'command',
  summary: 'Say that a procedure was followed in an episode, and what it was good for',
  scope,
  input: z.strictObject({ episode_id, procedure_id: idInput('procedure'), effectiveness: Usefulness }),
  output: EpisodeView,
  http: { method: 'POST', path: '/episodes/{episode_id}/procedures', tag },
  cli: 'episodes followed',
  problems,
  examples: [
    {
      title: 'It helped',
      input: { episode_id: exampleId, procedure_id: '0198d7a0-0000-7000-8000-000000000023', effectiveness: 'helped' },
    },
  ],
  run: async (context, { episode_id: id, procedure_id, effectiveness }, call) =>
    (await absentIn(context, call, { procedure_id })) ??
    (await done(context, call, id, { type: 'LinkProcedure', procedure_id, effectiveness, by: call.principal.actor })),
});

const ended = endingOperations(
  {
    ...{ noun: 'episode', plural: 'episodes', id: episode_id, view: EpisodeView, done },
    example: { id: exampleId, reason: 'recorded twice' },
  },
  [
    {
      name: 'retract_episode',
      verb: 'retract',
      asked: (why) => ({ type: 'DeactivateEpisode' as const, ...why }),
      summary: 'Recall an episode no more; it is kept',
    },
    {
      name: 'forget_episode',
      verb: 'forget',
      asked: (why) => ({ type: 'ForgetEpisode' as const, ...why }),
      summary: 'Forget an episode: no read model holds what it said',
    },
  ],
);

export const episodeOperations = [startEpisode, endEpisode, linkDecision, linkProcedure, ...ended] as const;
