import { expect, it } from 'vitest';
import { operations } from '../../src/wiring/operations.ts';

const rows = operations.map(
  ({ name, kind, summary, scope, http, ...rest }) =>
    `| ${http.method} | \`${http.path}\` | ${summary} | ${kind} | ${scope ?? 'anyone'} | ${'cli' in rest && rest.cli !== undefined ? `\`acta ${rest.cli}\`` : ''} | \`${name}\` |`,
);

const page = [
  '# Operations',
  '',
  'Everything that can be asked of a server, read from the list that every surface is read from. A running server serves',
  'the whole of it at `/openapi.json`, and as pages at `/docs`; `GET /events/stream` follows the log.',
  '',
  '| method | path | does | kind | scope | command line | name |',
  '|---|---|---|---|---|---|---|',
  ...rows,
  '',
].join('\n');

/** A change of the interface is a change of this page: `npm test -- tests/system/reference -u` writes it anew. */
it('every operation is in the reference', async () => {
  await expect(page).toMatchFileSnapshot('../../docs/reference/operations.md');
});

it('no two operations share a name, a verb or an address', () => {
  const told = operations.flatMap(({ name, http, ...rest }) => [
    name,
    `${http.method} ${http.path}`,
    ...('cli' in rest && rest.cli !== undefined ? [`acta ${rest.cli}`] : []),
  ]);
  expect(new Set(told).size).toBe(told.length);
});
