import { defineConfig } from 'vitest/config';

/** Minutes of chance, of killed processes, and of disks and servers that fail: `npm run campaigns`, and CI (assurance 4.9). */
export const campaigns = [
  'tests/simulator/simulator.test.ts',
  'tests/crash-harness/*.test.ts',
  'tests/hostile-model/*.test.ts',
  'tests/storage-lab/*.test.ts',
  'tests/*/{crash,crashes}.test.ts',
  'tests/system/{log-end,log-loss,rolled-back,outages,full-disk}.test.ts',
  'tests/system/gate/{abuse,grand-unified,hostile,stale-approvals,w70-w77}.test.ts',
  'tests/commands/drive.faults.test.ts',
  'tests/eventstoredb/faults.test.ts',
  'tests/mcp/fuzz.test.ts',
  'tests/projections/outage.test.ts',
  'tests/postgres/embedded.test.ts',
];

export default defineConfig({
  test: {
    include: ['tests/**/*.test.ts'],
    exclude: [...campaigns, 'node_modules/**'],
    // Two busy cores: the embedded PostgreSQL needs some seconds to start, a cold one ten.
    testTimeout: 30_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
    reporters: ['default'],
  },
});
