import { defineConfig } from 'vitest/config';
import { campaigns } from './vitest.config.ts';

/** The long ones, one file at a time: each of them keeps both cores busy by itself. */
export default defineConfig({
  test: { include: campaigns, testTimeout: 600_000, hookTimeout: 60_000, maxWorkers: 1, reporters: ['default'] },
});
