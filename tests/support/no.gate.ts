import type { Engine } from '../../src/commands/execute.ts';
import type { Gate } from '../../src/commands/gate/propose.ts';
import { registry } from '../../src/commands/gate/registry.ts';

/** A gate with nothing behind it: for sessions whose agents are offered no tools. */
export const noGate = (engine: Engine): Gate => ({
  engine,
  registry: registry(engine, () => new Map()),
  grantFor: () => Promise.resolve(null),
  budgetsOf: () => Promise.resolve([]),
  environment: 'test',
});
