/** A session of 10,000 events, folded from the log by a process that has just started. */
import { agent } from '../src/domain/agent/agent.decider.ts';
import { catalogue } from '../src/domain/catalogue.ts';
import { derived, streamOf } from '../src/domain/kernel/ids.ts';
import type { SessionEvent } from '../src/domain/session/session.events.ts';
import { session } from '../src/domain/session/session.decider.ts';
import { engine } from '../src/commands/execute.ts';
import { memory, recall } from '../src/commands/recall.ts';
import { chainStart, recorded } from '../src/commands/record.ts';
import { openEmbeddedLog } from '../src/adapters/embedded-log/event-log.ts';
import { worldClock } from '../src/wiring/world.ts';
import { sessionOf } from './session.events.ts';
import { report, scratch, silentTelemetry } from './measure.ts';

const eventsMax = 10_000;
const folder = scratch('resume');
const session_id = derived('bench session');
const stream = streamOf('session', session_id);

let log = await openEmbeddedLog({ folder });
const provenance = { actor: 'user:bench', tenant: 'default', correlation_id: derived('bench') };
let tail = { revision: -1, link: chainStart };
let batch: SessionEvent[] = [];
for (const event of sessionOf(session_id, eventsMax)) {
  batch.push(event);
  if (batch.length < 500) continue;
  const share = recorded(catalogue, stream, tail, batch, {
    ...provenance,
    command_id: derived('batch', tail.revision),
  });
  await log.append(stream, tail.revision < 0 ? 'no_stream' : tail.revision, share.stored);
  ({ tail } = share);
  batch = [];
}
await log.close();

const took: number[] = [];
for (let round = 0; round < 7; round += 1) {
  log = await openEmbeddedLog({ folder });
  const core = engine({ log, catalogue, clock: worldClock, telemetry: silentTelemetry });
  await recall(core.log, core.catalogue, core.remembered, agent, streamOf('agent', session_id));
  const began = performance.now();
  await recall(core.log, core.catalogue, memory(), session, stream);
  took.push(performance.now() - began);
  await log.close();
}
const sorted = took.toSorted((a, b) => a - b);
report('resume', [
  {
    what: `resuming a session of ${eventsMax} events, median of ${took.length}, ms`,
    value: sorted[sorted.length >> 1] ?? 0,
  },
  { what: 'the first time, with cold code, ms', value: took[0] ?? 0 },
]);
