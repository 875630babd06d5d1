import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sha256 } from '../../../src/domain/kernel/digest.ts';
import { artifactQueries } from '../../../src/projections/artifacts/artifacts.queries.ts';
import { artifacts } from '../../../src/projections/artifacts/artifacts.projection.ts';
import { eventIndex } from '../../../src/projections/events/event-index.projection.ts';
import { runs } from '../../../src/projections/runs/runs.projection.ts';
import { steps } from '../../../src/projections/runs/steps.projection.ts';
import { expectSameAgain, stage, story, type Stage } from './stories.ts';

const [answered, failed, ended] = [
  story('a turn that was answered'),
  story('a turn that was not'),
  story('a session that ended'),
];
const said = 'what only the log may hold';
const messages = { count: 3, roles: { user: 2, assistant: 1 }, chars: 41 };
const call = { provider: 'asked', model: 'asked-1', max_tokens: 1_024, temperature: null, messages };
const lost = { ...call, latency_ms: 60_000 };
const usage = { input_tokens: 10, output_tokens: 5, cache_read_tokens: 0, cache_write_tokens: 0 };

describe('calls of a model', () => {
  let on: Stage;
  beforeAll(async () => {
    on = await stage(
      [artifacts, eventIndex, runs, steps],
      [
        [
          answered,
          [
            answered.event('ModelCalled'),
            answered.event('ModelReplied', { text: said, usage, cost_micros: 2_500, call }),
          ],
        ],
        [
          failed,
          [
            failed.event('ModelRetryScheduled', { fault: 'rate_limited', call: lost }),
            // No model was asked, or nobody knows.
            failed.event('ModelFailed'),
          ],
        ],
        [
          ended,
          [
            ended.event('ReflectionRetryScheduled', { call: lost }),
            ended.event('SessionReflected', { text: said, usage, cost_micros: null, call }),
          ],
        ],
      ],
    );
  });
  afterAll(() => on.discard());

  const contentOf = async (artifact_id: unknown): Promise<Uint8Array> => {
    const { output } = await on.ask(artifactQueries[3], { artifact_id: String(artifact_id) });
    return output as unknown as Uint8Array;
  };

  it('are artifacts that hold numbers and names, and nothing that was said (D68, D69, D72)', async () => {
    const { output } = await on.ask(artifactQueries[0], {});
    const shown = [];
    for (const { type, artifact_id, digest, bytes } of output?.data ?? []) {
      const content = await contentOf(artifact_id);
      expect(`sha256:${sha256(content)}`).toBe(digest);
      expect(content.byteLength).toBe(bytes);
      const text = Buffer.from(content).toString();
      expect(text).not.toContain(said);
      shown.push({ type, ...(JSON.parse(text) as object) });
    }
    expect(shown).toMatchObject([
      { type: 'llm_usage', turn_id: null, total_tokens: 15, estimated_cost_usd: null },
      { type: 'llm_call', turn_id: null, status: 'succeeded', max_tokens: 1_024, messages },
      { type: 'llm_call', turn_id: null, status: 'failed', provider: 'asked', latency_ms: 60_000 },
      { type: 'llm_call', status: 'failed', error_type: 'rate_limited', ...lost },
      { type: 'llm_usage', input_tokens: 10, output_tokens: 5, total_tokens: 15, estimated_cost_usd: 0.0025 },
      {
        ...{ type: 'llm_call', status: 'succeeded', error_type: null, max_tokens: 1_024, temperature: null, messages },
        answer: { chars: said.length },
      },
    ]);
  });

  it('are the same when they are folded again', () => expectSameAgain(on, [artifacts]));
});
