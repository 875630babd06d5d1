/** A hundred turns under way when the process is killed: how long after the next start all of them have ended. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { report, scratch } from './measure.ts';
import { ask, serve } from './server.ts';

const processes = 100;
const rounds = 3;

const script = (chunk_delay_ms: number) => ({
  about: 'Says the same, slowly or at once.',
  rules: [],
  otherwise: { text: 'This was said after all.', chunks: 5, chunk_delay_ms },
});

const recovered: number[] = [];
const started: number[] = [];
for (let round = 0; round < rounds; round += 1) {
  const folder = scratch('restart');
  const file = join(folder, 'script.json');
  const env = { LLM_PROVIDER: 'scripted', ACTA_SCRIPT: file };
  writeFileSync(file, JSON.stringify(script(60_000)));
  const doomed = await serve(folder, env);
  const sessions = await Promise.all(
    Array.from({ length: processes }, () => ask<{ session_id: string }>(`${doomed.url}/sessions`, {})),
  );
  await Promise.all(
    sessions.map(({ session_id }) => ask(`${doomed.url}/sessions/${session_id}/turns`, { message: 'go on' })),
  );
  const running = async (url: string): Promise<number> =>
    (await ask<{ turns: { completed: number } }>(`${url}/status`)).turns.completed;
  await doomed.end('SIGKILL');

  writeFileSync(file, JSON.stringify(script(0)));
  const began = performance.now();
  const server = await serve(folder, env);
  started.push(server.startMs);
  while ((await running(server.url)) < processes) await new Promise((resolve) => setTimeout(resolve, 5));
  recovered.push(performance.now() - began);
  await server.end('SIGTERM');
}
const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
report('restart', [
  { what: `from process start until it listens, after kill -9, ms, median of ${rounds}`, value: median(started) },
  { what: `from process start until ${processes} turns have ended and can be read, ms`, value: median(recovered) },
]);
