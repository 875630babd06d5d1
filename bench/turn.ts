/** What a turn costs beside its model: context, censors and recording, with 10,000 facts to remember. */
import { writeFileSync } from 'node:fs';
import { openEmbeddedLog } from '../src/adapters/embedded-log/event-log.ts';
import { chainStart, recorded } from '../src/commands/record.ts';
import { readConfig } from '../src/config.ts';
import { catalogue } from '../src/domain/catalogue.ts';
import { FactLearned } from '../src/domain/fact/fact.events.ts';
import { derived, streamOf } from '../src/domain/kernel/ids.ts';
import { defaultAgentId as agent_id } from '../src/wiring/default-agent.ts';
import { startNode, type ActaNode } from '../src/wiring.ts';
import { report, scratch, type Row } from './measure.ts';
import { paraphrasing, sharing } from './recall.pairs.ts';

const factsMax = Number(process.env['FACTS'] ?? 10_000);
const turnsMax = Number(process.env['TURNS'] ?? 100);
const rounds = 3;
const words = [...sharing, ...paraphrasing].flatMap(([, text]) => text.split(' '));
const sentence = (n: number): string =>
  Array.from({ length: 12 }, (_, k) => words[(n * 7_919 + k * 104_729 + n * k * 31) % words.length]).join(' ');

const nothing = { session_id: null, turn_id: null, episode_id: null, decision_id: null };
const remembered = async (folder: string): Promise<void> => {
  const log = await openEmbeddedLog({ folder: `${folder}/log` });
  const remember = async (n: number): Promise<void> => {
    const fact_id = derived('bench fact', n);
    const event = FactLearned({
      ...{
        fact_id,
        agent_id,
        content: `${sentence(n)} ${n}`,
        category: null,
        subject: null,
        confidence: 0.9,
        tags: [],
      },
      ...{
        source: { kind: 'taught', label: 'bench', ...nothing },
        contradiction_of: null,
        supersedes: null,
        by: 'user:bench',
      },
    });
    const meta = { actor: 'user:bench', tenant: 'default', correlation_id: fact_id, command_id: fact_id };
    const stream = streamOf('fact', fact_id);
    const { stored } = recorded(catalogue, stream, { revision: -1, link: chainStart }, [event], meta);
    await log.append(stream, 'no_stream', stored);
  };
  for (let at = 0; at < factsMax; at += 64)
    await Promise.all(Array.from({ length: Math.min(64, factsMax - at) }, (_, k) => remember(at + k)));
  await log.close();
};

/** A model that answers at once, whatever is said: what is left is the turn's own. */
const script = (folder: string): string => {
  const file = `${folder}/script.json`;
  writeFileSync(file, JSON.stringify({ rules: [], otherwise: { text: 'So it is.' } }));
  return file;
};

const started = async (folder: string, provider: string): Promise<ActaNode & { readonly url: string }> => {
  const environment = {
    ...{
      ACTA_DATA: folder,
      PORT: '0',
      LLM_PROVIDER: 'scripted',
      ACTA_LOG_LEVEL: 'error',
      EMBEDDING_PROVIDER: provider,
    },
    ...{ ACTA_QUOTAS: 'off', ACTA_SCRIPT: script(folder) },
  };
  const read = readConfig(environment, folder);
  if (!read.ok) throw new Error(JSON.stringify(read.faults));
  const node = await startNode(read.config);
  if (node.url === undefined) throw new Error('it answers nobody');
  return { ...node, url: node.url };
};

const json = async (url: string, body: object): Promise<{ readonly session_id: string }> => {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
  return (await response.json()) as { readonly session_id: string };
};

/** So many facts, from one end to the other, are looked for by their meaning before the clock starts. */
const samplesMax = 40;

interface Found {
  readonly items: readonly { readonly channels: readonly { readonly name: string }[] }[];
}

/** Waits until what is remembered has its vectors: each of the samples is then found by its meaning. */
const embedded = async (url: string): Promise<void> => {
  for (let sample = 0; sample < samplesMax;) {
    const n = Math.floor((sample * (factsMax - 1)) / (samplesMax - 1));
    const asked = { query: `${sentence(n)} ${n}`, limit: 1, memory_type: 'facts' };
    const { items } = (await json(`${url}/recall`, asked)) as unknown as Found;
    if (items[0]?.channels.some(({ name }) => name === 'vector')) sample += 1;
    else await new Promise((resolve) => setTimeout(resolve, 500));
  }
};

const percentile = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;

const measured = async (
  url: string,
  ask: (n: number) => string,
): Promise<{ readonly p50: number; readonly p99: number }> => {
  const took: number[] = [];
  let session_id: string | undefined;
  for (let n = 0; n < turnsMax; n += 1) {
    // A session of ten turns, as people have them.
    if (n % 10 === 0) session_id = undefined;
    const began = performance.now();
    const said = await json(`${url}/chat`, { message: ask(n), ...(session_id === undefined ? {} : { session_id }) });
    took.push(performance.now() - began);
    session_id = said.session_id;
  }
  const sorted = took.toSorted((one, other) => one - other);
  return { p50: percentile(sorted, 0.5), p99: percentile(sorted, 0.99) };
};

for (const provider of ['noop', 'hashed']) {
  const folder = scratch(`turn-${provider}`);
  await remembered(folder);
  const node = await started(folder, provider);
  if (provider !== 'noop') await embedded(node.url);
  const rows: Row[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    const plain = await measured(node.url, (n) => `hm ${round} ${n}`);
    const recalling = await measured(node.url, (n) => `what of ${sentence(n * 13 + round).slice(0, 60)}?`);
    rows.push(
      { what: `round ${round}: a turn that recalls nothing by words, p50 ms`, value: plain.p50 },
      { what: `round ${round}: a turn that recalls, p50 ms`, value: recalling.p50 },
      { what: `round ${round}: a turn that recalls, p99 ms`, value: recalling.p99 },
    );
  }
  report(`a turn over HTTP without the model's time, ${factsMax} facts, embeddings: ${provider}`, rows);
  await node.stop(1_000);
}
