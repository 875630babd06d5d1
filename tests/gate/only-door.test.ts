import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
const sources = readdirSync(join(root, 'src'), { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
  .map((entry) => join(entry.parentPath, entry.name))
  .map((path) => ({ path: relative(root, path), text: readFileSync(path, 'utf8') }));
const filesWith = (pattern: RegExp): readonly string[] =>
  sources
    .filter(({ text }) => pattern.test(text))
    .map(({ path }) => path)
    .toSorted();

/** Names that a file takes from the module of the gate's one function, by any way of importing it. */
const importsAuthorize = /from '[^']*\/authorize\.ts'|import\('[^']*\/authorize\.ts'\)/;

it('asks the gate in one place; who only says what it would say is named here (design 5)', () => {
  expect(sources.length).toBeGreaterThan(300);
  expect(filesWith(importsAuthorize)).toEqual([
    // Whether a grant is the agreement that the policy asks for.
    'src/commands/gate/grant-standing.ts',
    // Whether a policy would let anybody put another one in force.
    'src/commands/policies/lock-out.ts',
    'src/commands/policies/simulate.ts',
    'src/domain/gate/judge.ts',
  ]);
});

it('judges for directives and runs; who only asks what it would say is named here', () => {
  expect(filesWith(/import \{[^}]*\bjudge\b[^}]*\} from '[^']*\/judge\.ts'/)).toEqual([
    // What the gate would say of a call that nobody makes.
    'src/commands/capabilities/capabilities.operations.ts',
    'src/domain/directive/directive.judgement.ts',
    'src/domain/run/run.judgement.ts',
  ]);
});

it('calls capabilities in one place', () => {
  // An adapter may call what it is made of; nothing else speaks to a capability.
  const callers = filesWith(/\.(?:invoke|undo)\(|\b(?:invoke|undoing)\(own|= code\?\.undo\b/).filter(
    (path) => !path.startsWith('src/adapters/capabilities/'),
  );
  expect(callers).toEqual(['src/commands/runs/perform-call.ts']);
  const reached = filesWith(/\bregistry\.code\(|\bcode\.invoke\b|\.undo\?\.\(|\.happened\?\.\(/);
  expect(reached).toEqual(['src/commands/runs/perform-call.ts']);
});

it('begins runs from directives only', () => {
  expect(filesWith(/type: 'CreateRun'/).filter((path) => !path.startsWith('src/domain/run/'))).toEqual([
    'src/commands/directives/perform-directive.ts',
  ]);
});
