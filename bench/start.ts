/** How long a start takes, and what memory it holds then: with an empty folder, and with one that has been used. */
import { readFileSync } from 'node:fs';
import { report, scratch, type Row } from './measure.ts';
import { ask, serve } from './server.ts';

const rounds = 5;

/** After a start what it took is given back; so long until the memory is what a server keeps. */
const settlingMs = 5_000;

const statusMb = (pid: number, field: 'VmRSS' | 'VmHWM'): number => {
  const [, kb = '0'] = new RegExp(`${field}:\\s+(\\d+) kB`).exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kb) / 1024;
};
const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;

const cold: number[] = [];
const warm: number[] = [];
const peak: number[] = [];
const settled: number[] = [];
for (let round = 0; round < rounds; round += 1) {
  const folder = scratch('start');
  const first = await serve(folder);
  cold.push(first.startMs);
  await first.end('SIGTERM');
  const second = await serve(folder);
  warm.push(second.startMs);
  await ask(`${second.url}/health`);
  await new Promise((resolve) => setTimeout(resolve, settlingMs));
  peak.push(statusMb(second.pid, 'VmHWM'));
  settled.push(statusMb(second.pid, 'VmRSS'));
  await second.end('SIGTERM');
}
const rows: Row[] = [
  { what: 'a first start, until it listens, ms', value: median(cold) },
  { what: 'a later start, until it listens, ms', value: median(warm) },
  { what: 'resident memory while starting, at most, MiB', value: median(peak) },
  { what: `resident memory ${settlingMs / 1_000} s later, MiB`, value: median(settled) },
];
report('start', rows);
