import { z } from 'zod';
import { Frame, framesOf } from '../../domain/cognition/frames.ts';
import { seededFrames } from '../../domain/cognition/frames.seeded.ts';
import { idInput } from '../../domain/kernel/id.input.ts';
import { missing, query } from '../queries.ts';
import { instant } from '../shown.ts';

/** A frame in the form of a selection (requirements N114, R9), and how often the agent took it. */
const FrameShown = z.object({
  frame_id: z.string(),
  frame_name: z.string(),
  confidence: z.number().nullable(),
  match_method: z.string().nullable(),
  ...Frame.omit({ frame_id: true, name: true }).shape,
  usage_count: z.int(),
  last_used: instant.nullable(),
});

const listFrames = query({
  name: 'list_frames',
  kind: 'query',
  summary: 'The frames in which an agent thinks, the one that wins ties first',
  description:
    'Of the default agent, where none is named. `confidence` and `match_method` belong to a turn: here they are null.',
  scope: 'memory:read',
  input: z.strictObject({ agent_id: idInput('agent').optional() }),
  output: z.object({ frames: z.array(FrameShown) }),
  reads: 'frame_uses',
  http: { method: 'GET', path: '/frames', tag: 'memory' },
  cli: 'frames list',
  mcp: { tool: 'list_frames', read_only: true, destructive: false, idempotent: true },
  problems: ['not_found'],
  examples: [{ title: 'Of the default agent', input: {} }],
  run: async ({ ask, default_agent_id }, { agent_id = default_agent_id }, { principal: { tenant } }) => {
    const [agent, uses] = await ask((db) =>
      Promise.all([
        db
          .selectFrom('agents')
          .select('frames')
          .where('agent_id', '=', agent_id)
          .where('tenant', '=', tenant)
          .executeTakeFirst(),
        db.selectFrom('frame_uses').selectAll().where('agent_id', '=', agent_id).where('tenant', '=', tenant).execute(),
      ]),
    );
    if (agent === undefined) return missing('agent', agent_id);
    const used = new Map(uses.map((use) => [use.frame_id, use]));
    const frames = framesOf(seededFrames, agent.frames ?? [])
      .toSorted((a, b) => b.precedence - a.precedence)
      .map(({ frame_id, name: frame_name, ...frame }) => ({
        ...frame,
        ...{ frame_id, frame_name, confidence: null, match_method: null },
        usage_count: used.get(frame_id)?.uses ?? 0,
        last_used: used.get(frame_id)?.last_used ?? null,
      }));
    return { output: { frames } };
  },
});

export const cognitionQueries = [listFrames] as const;
