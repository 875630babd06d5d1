import type { Stage } from './stage.ts';
import { fair, linkNames } from './weather.ts';

const holdMs = { least: 10_000, most: 60_000 };
const outageMs = { least: 500, most: 20_000 };
const clogMs = { least: 500, most: 12_000 };
/** A clock that is off by more keeps others waiting for longer than healing may take; that is what leases and waits are. */
const jumpMsMax = 240_000;
const graceMsMax = 20_000;

/** Kills, stops, cuts and jumps, as the seed has it, until `healAt`; then nothing goes wrong any more. */
export const chaos = (stage: Stage, healAt: number): void => {
  const { world, weather, nodes } = stage;
  const { chance, reach, now } = world;
  const { kills, stops, gracefulStops, outages, clogs, jumps, drift } = weather.swarm;
  const anyNode = () => chance.pick([...nodes.values()]);
  const until = ({ least, most }: { readonly least: number; readonly most: number }): number =>
    Math.min(healAt, now() + chance.between(least, most));

  const again = (everyMs: number, label: string, happen: () => void): void => {
    if (everyMs === 0) return;
    const ms = chance.between(Math.ceil(everyMs / 2), everyMs);
    if (now() + ms >= healAt) return;
    const strike = (): void => {
      happen();
      again(everyMs, label, happen);
    };
    world.after(ms, label, strike, world.nobody);
  };

  again(kills, 'kill', () => void stage.die(anyNode().life));
  again(stops, 'sigstop', () => {
    const { life } = anyNode();
    if (!life.alive) return;
    life.heldUntil = until(holdMs);
    reach('node_held');
  });
  again(gracefulStops, 'sigterm', () => {
    const { life, hands } = anyNode();
    if (!life.alive || hands === undefined) return;
    const gone = (): void => {
      if (life.alive) reach('stopped_gracefully');
      stage.die(life);
    };
    const stop = (): void => void hands.stop().then(gone, (error: unknown) => void world.broken.push(String(error)));
    world.after(0, 'stopping', stop, life);
    world.after(graceMsMax, 'sigkill', () => void stage.die(life), world.nobody);
  });
  again(outages, 'outage', () => {
    const link = chance.pick(linkNames);
    weather.downUntil[link] = until(outageMs);
    reach(`outage.${link}`);
  });
  again(clogs, 'clog', () => {
    weather.cloggedUntil.set(`${anyNode().name}>${chance.pick(linkNames)}`, until(clogMs));
  });
  again(jumps, 'jump', () => {
    const { name } = anyNode();
    const ahead = chance.between(-jumpMsMax, jumpMsMax);
    weather.ahead.set(name, ahead);
    reach(ahead < 0 ? 'clock_back' : 'clock_ahead');
  });
  if (drift !== 0) {
    const { name } = anyNode();
    const drifts = (): void => {
      if (weather.healed) return;
      const ahead = (weather.ahead.get(name) ?? 0) + drift * 1_000;
      weather.ahead.set(name, Math.max(-jumpMsMax, Math.min(jumpMsMax, ahead)));
      reach('clock_drifted');
      world.after(1_000, 'drift', drifts, world.nobody);
    };
    world.after(1_000, 'drift', drifts, world.nobody);
  }
  const heal = (): void => {
    weather.swarm = fair;
    weather.healed = true;
    weather.ahead.clear();
    weather.cloggedUntil.clear();
    for (const link of linkNames) weather.downUntil[link] = 0;
  };
  world.after(healAt - now(), 'healed', heal, world.nobody);
};
