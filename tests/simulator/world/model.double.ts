import { reflectionPrompt } from '../../../src/domain/cognition/reflection.ts';
import type { Model, ModelOutcome, ModelReply, ModelRequest, ReplyBlock } from '../../../src/ports.ts';
import type { Stage } from './stage.ts';
import type { Generation } from './world.ts';

const talkMs = { least: 20, most: 4_000 };
const hangMs = 60_000;
const longCharsMax = 90_000;

/** What a hostile model sends: calls that nobody offered, text that does not fit, bodies made to break a parser. */
const hostile = (stage: Stage): readonly ReplyBlock[] => {
  const { chance } = stage.world;
  const inputs: readonly unknown[] = [
    {},
    null,
    JSON.parse('{"__proto__":{"polluted":true},"constructor":{"prototype":{}}}'),
    { path: '../../etc/passwd', n: -0, big: 1e300 },
    'x'.repeat(chance.between(1, 40_000)),
    Array.from({ length: chance.between(1, 200) }, (_, n) => n),
  ];
  const calls = Array.from({ length: chance.between(1, 4) }, (_, n): ReplyBlock => ({
    type: 'tool_use',
    id: `call-${n}`,
    name: chance.pick(['shell', 'approve', 'stop_agent', '']),
    input: chance.pick(inputs),
  }));
  const text = chance.pick(['', '   ', '\u0000\u202e', '\ud800 alone', 'y'.repeat(chance.below(longCharsMax))]);
  return [{ type: 'text', text }, ...calls];
};

const replyOf = (stage: Stage, blocks: readonly ReplyBlock[], latency_ms: number): ModelReply => ({
  provider: 'simulated',
  is_language_model: false,
  model: 'simulated-1',
  blocks,
  stop_reason: blocks.length > 1 ? 'tool_use' : 'end_turn',
  usage: { input_tokens: 10, output_tokens: 5, cache_read_tokens: 0, cache_write_tokens: 0 },
  cost_micros: stage.world.chance.happens(0.1) ? null : 7,
  latency_ms,
});

const failed = (
  fault: 'provider_error' | 'timeout' | 'invalid_request',
  retryable: boolean,
  retry_after_ms?: number,
): ModelOutcome => ({
  ok: false,
  fault,
  message: `the model answers ${fault}`,
  retryable,
  ...(retry_after_ms === undefined ? {} : { retry_after_ms }),
});

interface Coming {
  readonly ms: number;
  readonly outcome: ModelOutcome;
  readonly said?: string;
  readonly dies?: 'before' | 'after';
}

const coming = (stage: Stage): Coming => {
  const { world, weather } = stage;
  const { chance, reach } = world;
  const { swarm } = weather;
  const { busy, hangs, cut, hostile: hostility } = swarm.model;
  const calls = swarm.calls.model;
  const ms = chance.between(talkMs.least, talkMs.most) * swarm.slow.model;
  const met = (what: string, come: Coming): Coming => {
    reach(`model_${what}`);
    return come;
  };
  if (weather.downUntil.model > world.now() || chance.happens(calls.fails))
    return met('down', { ms: 5, outcome: failed('provider_error', true) });
  if (chance.happens(busy)) {
    const after = chance.happens(0.5) ? chance.between(10, 70_000) : undefined;
    return met('busy', { ms: 30, outcome: failed('provider_error', true, after) });
  }
  if (chance.happens(hangs)) return met('hangs', { ms: hangMs, outcome: failed('timeout', true) });
  if (chance.happens(calls.lost)) return met('no_answer', { ms: 10_000, outcome: failed('timeout', true) });
  if (chance.happens(cut)) return met('cut', { ms, outcome: failed('provider_error', true), said: 'half of wh' });
  if (chance.happens(calls.diesBefore)) return { ms, outcome: failed('timeout', false), dies: 'before' };
  if (chance.happens(hostility)) {
    if (chance.happens(0.2)) return met('refuses', { ms, outcome: failed('invalid_request', false) });
    return met('hostile', { ms, outcome: { ok: true, reply: replyOf(stage, hostile(stage), ms) }, said: 'ha' });
  }
  const text = `answer ${chance.below(1_000)}`;
  const outcome: ModelOutcome = { ok: true, reply: replyOf(stage, [{ type: 'text', text }], ms) };
  return chance.happens(calls.diesAfter) ? { ms, outcome, dies: 'after' } : { ms, outcome, said: text };
};

/** A turn's text names the turn, so that the ledger can say for which turn a call was made. */
const turnOf = ({ messages }: ModelRequest): string => {
  const texts = messages.flatMap(({ content }) => (typeof content === 'string' ? [content] : []));
  return texts.findLast((text) => text.startsWith('turn '))?.split(' ')[1] ?? '';
};

/** What is asked at the end of a session belongs to no turn; the newest that it quotes says which session it was. */
const isReflection = ({ messages }: ModelRequest): boolean => messages.at(-1)?.content === reflectionPrompt;

/** A model as a life of a node meets it. Every call that is really made stands in the ledger, under its turn. */
export const modelDouble = (stage: Stage, life: Generation): Model => {
  const { world, log } = stage;
  const complete: Model['complete'] = (request, { signal, onText }) =>
    new Promise((resolve) => {
      const aborted = (): void => resolve(failed('timeout', false));
      if (signal.aborted) {
        aborted();
        return;
      }
      const key = turnOf(request);
      const { name: node, number: generation, bornAfter } = life;
      const [after, at, moment] = [log.head(), world.now(), world.moment()];
      world.ledger.push({
        ...{ key, what: isReflection(request) ? 'reflection' : 'model', effect_class: 'natural', at, node, generation },
        ...{ bornAfter, after, moment, applied: true },
      });
      signal.addEventListener('abort', aborted);
      const { ms, outcome, said, dies } = coming(stage);
      if (dies !== undefined) {
        const perish = (): void => {
          if (stage.die(life)) world.reach(`died_${dies}.model`);
        };
        world.after(dies === 'before' ? 1 : ms, `model dies ${dies}`, perish, world.nobody);
      }
      const speak = (): void => onText?.(said ?? '');
      if (said !== undefined) world.after(Math.ceil(ms / 2), `model ${key} speaks`, speak, life);
      world.after(ms, `model ${key} ${outcome.ok ? 'replied' : outcome.fault}`, () => resolve(outcome), life);
    });
  return { provider: 'simulated', default_model: 'simulated-1', cost_micros_max: () => 0, complete };
};
