import { describe, expect, it } from 'vitest';
import { ProjectionFault } from '../../src/projections/fault.ts';
import { berthOf, inFront, laneOf, putOut, release, type Company } from '../../src/projections/following/lane.ts';
import { member } from '../../src/projections/folding/member.ts';
import { streams } from '../../src/projections/streams/streams.projection.ts';
import { jars } from './jars.ts';

const berth = (position: bigint, projection = jars()) => berthOf(member(projection, 'read', { position, epoch: 0 }));
const lane = (number: number, position: bigint, company: Company = 'welcome') =>
  laneOf(number, berth(position), company);

describe('a lane', () => {
  it('goes along with the one that is furthest, and of several with the oldest', () => {
    const [first, second, third] = [lane(1, 5n), lane(2, 9n), lane(3, 9n)];
    const all = [first, second, third];
    expect(all.map((each) => inFront(all, each)?.number)).toEqual([2, undefined, 2]);
  });

  it.each(['later', 'never'] as const)(
    'goes along with nobody where company is for %s, nor anybody with it',
    (company) => {
      const [front, behind] = [lane(1, 9n, company), lane(2, 5n)];
      expect(inFront([front, behind], behind)).toBeUndefined();
      const [ahead, slow] = [lane(1, 9n), lane(2, 5n, company)];
      expect(inFront([ahead, slow], slow)).toBeUndefined();
    },
  );

  it('lets go who asked to leave', async () => {
    const [leaving, staying] = [berth(5n), berth(5n, streams)];
    const both = { ...lane(1, 5n), berths: [leaving, staying] };
    leaving.withdrawn = true;
    release(both);
    await leaving.left.promise;
    expect(both.berths).toEqual([staying]);
  });

  it('puts out whom a fault is about, and goes on with the rest where nothing of it was done', async () => {
    const [guilty, innocent] = [berth(5n), berth(5n, streams)];
    const both = { ...lane(1, 5n), berths: [guilty, innocent] };
    const moved = new ProjectionFault('checkpoint_moved', 'somebody else moved jars', { about: ['jars'] });
    putOut(both, moved);
    await expect(guilty.left.promise).rejects.toBe(moved);
    expect(both.berths).toEqual([innocent]);
    expect(() => putOut(both, new Error('the database is away'))).toThrow('the database is away');

    const halfway = { ...lane(1, 5n), berths: [berth(5n), berth(6n, streams)] };
    expect(() => putOut(halfway, moved)).toThrow(moved);
  });
});
