import { z } from 'zod';
import { capability } from '../../src/adapters/capabilities/define.ts';
import type { Capability } from '../../src/ports.ts';

/** A capability of high risk; whoever watches `turned` sees every call of it, and every undoing. */
export const vault = (turned: (line: string) => void, description = 'Turns the key of the vault.'): Capability =>
  capability({
    capability_id: 'vault.turn',
    name: 'Turn the key',
    description,
    operation: 'write',
    risk: { level: 'high', justification: 'What is in the vault is dear.' },
    effect_class: 'unkeyed',
    parameters: z.strictObject({ mark: z.string().max(1_000) }),
    result: z.object({ mark: z.string() }),
    invoke: ({ mark }) => {
      turned(`turned ${mark}`);
      return { ok: true, result: { mark }, undo: { mark } };
    },
    undo: {
      record: z.object({ mark: z.string() }),
      run: ({ mark }) => {
        turned(`undone ${mark}`);
        return { ok: true, result: null };
      },
    },
  });
