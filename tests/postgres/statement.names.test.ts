import { sql } from 'kysely';
import { describe, expect, it, onTestFinished } from 'vitest';
import { statementNames } from '../../src/adapters/postgres/statement.names.ts';
import { databases } from '../support/databases.ts';

describe('the names of statements', () => {
  it('are given to what is sent often, and given anew when a plan is outdated', () => {
    const { nameOf, renew } = statementNames();
    expect([nameOf('select 1'), nameOf('select 1')]).toEqual([undefined, undefined]);
    const name = nameOf('select 1');
    expect(name).toBeDefined();
    expect(nameOf('select 1')).toBe(name);
    renew('select 1');
    expect([nameOf('select 1'), nameOf('select 1'), nameOf('select 1')].at(-1)).not.toBe(name);
  });
});

describe.each(await databases())('a question asked often on $name', ({ open }) => {
  it('is answered by the table that is there now, when one with other columns has taken its place', async () => {
    const fresh = await open();
    onTestFinished(fresh.discard);
    const { db, background } = fresh.database;
    const ask = async () => (await sql<object>`select * from swapped`.execute(db)).rows;
    await sql`create table swapped (a int)`.execute(background);
    await sql`insert into swapped values (1)`.execute(background);
    for (let times = 0; times < 5; times += 1) expect(await ask()).toEqual([{ a: 1 }]);
    await sql`alter table swapped add column b text default 'new'`.execute(background);
    expect(await ask()).toEqual([{ a: 1, b: 'new' }]);
  });
});
