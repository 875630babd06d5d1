import { describe, expect, it } from 'vitest';
import { citationsIn } from './promises.ts';
import {
  classesOnlyByDemand,
  noAnyRevision,
  noClock,
  plainFileNames,
  plainNames,
  shortFiles,
  shortFunctions,
  unitsLast,
  type Rule,
} from './rules.ts';

const at = (path: string, text = ''): { path: string; text: string } => ({ path, text });
const long = (lines: number): string => 'work();\n'.repeat(lines);

/** Each rule with texts it must object to, and texts it must let pass. */
const cases: readonly {
  name: string;
  rule: Rule;
  bad: readonly ReturnType<typeof at>[];
  good: readonly ReturnType<typeof at>[];
}[] = [
  { name: 'shortFiles', rule: shortFiles, bad: [at('a.ts', long(221))], good: [at('a.ts', long(220))] },
  {
    name: 'shortFunctions',
    rule: shortFunctions,
    bad: [at('a.ts', `const f = () => {\n${long(69)}};`), at('a.ts', `function f() {\n${long(69)}}`)],
    good: [at('a.ts', `const f = () => {\n${long(68)}};`)],
  },
  {
    name: 'plainFileNames',
    rule: plainFileNames,
    bad: [at('src/utils/a.ts'), at('src/index.ts'), at('src/adapters/common/x.ts'), at('src/AgentDecider.ts')],
    good: [at('src/domain/agent/agent.decider.ts'), at('src/adapters/embedded-log/group.ts')],
  },
  {
    name: 'plainNames',
    rule: plainNames,
    bad: [
      at('a.ts', 'interface TurnManager {}'),
      at('a.ts', 'const turnService = 1;'),
      at('a.ts', 'type AgentInfo = 1;'),
      at('a.ts', 'function handleTurn() {}'),
      at('a.ts', 'interface ITurn {}'),
    ],
    good: [
      at('a.ts', 'interface Turn { readonly data: string }'),
      at('a.ts', 'const f = () => { const data = 1; return data; };'),
    ],
  },
  {
    name: 'classesOnlyByDemand',
    rule: classesOnlyByDemand,
    bad: [at('a.ts', 'class Turn {}'), at('a.ts', 'export const Turn = class {};')],
    good: [at('a.ts', 'class LogError extends Error {}'), at('a.ts', 'class Own implements Dialect {}')],
  },
  {
    name: 'unitsLast',
    rule: unitsLast,
    bad: [
      at('a.ts', 'const MAX_TURNS = 5;'),
      at('a.ts', 'const maxTurns = 5;'),
      at('a.ts', 'const pollTimeout = 5 * 1000;'),
    ],
    good: [
      at('a.ts', 'const turnsMax = 5;'),
      at('a.ts', 'const pollMs = 5 * 1000;'),
      at('a.ts', "const timeout = 'soon';"),
    ],
  },
  {
    name: 'noClock',
    rule: noClock,
    bad: [at('src/domain/a.ts', 'const now = new Date();'), at('src/commands/a.ts', 'const now = Date();')],
    good: [
      at('src/domain/a.ts', 'const then = new Date(at);'),
      at('src/adapters/http/a.ts', 'const now = new Date();'),
    ],
  },
  {
    name: 'noAnyRevision',
    rule: noAnyRevision,
    bad: [at('src/commands/a.ts', "await log.append(stream, 'any', events);")],
    good: [
      at('src/ports.ts', "type Expected = number | 'any';"),
      at('src/adapters/http/a.ts', "append(stream, 'any', []);"),
    ],
  },
];

describe('the rules of tidiness', () => {
  for (const { name, rule, bad, good } of cases)
    it(`${name} objects to what it forbids, and to nothing else`, () => {
      for (const text of bad) expect(rule(text), JSON.stringify(text)).toHaveLength(1);
      for (const text of good) expect(rule(text), JSON.stringify(text)).toEqual([]);
    });

  it('read what a promise cites, and see the promise that cites nothing', () => {
    const { citations, bare } = citationsIn(
      [
        '| no | promise | test |',
        '|----|---------|------|',
        '| P1 | kept | `tests/a.test.ts` a retried append › is the same append<br>`tests/b.test.ts` b |',
        '| P2 | bare | none yet |',
      ].join('\n'),
    );
    expect(citations).toEqual([
      { line: 3, file: 'tests/a.test.ts', title: 'a retried append › is the same append' },
      { line: 3, file: 'tests/b.test.ts', title: 'b' },
    ]);
    expect(bare).toEqual([4]);
  });
});
