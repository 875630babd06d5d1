import pg from 'pg';

const textArray: number = 1009;
const textArrays = pg.types.getTypeParser(textArray) as (text: string) => unknown;
const identity = (text: string): string => text;
const int8 = 20;
const int8Array = 1016;
const date = 1082;
const dateArray = 1182;
const timestamp = 1114;
const timestampArray = 1115;
const timestamptz = 1184;
const timestamptzArray = 1185;

const utc = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(?:\.(\d+))?\+00$/;

/**
 * `2026-01-02 03:04:05.6+00` as `2026-01-02T03:04:05.600Z`; sessions are in UTC. What RFC 3339 cannot say (`infinity`,
 * years before 1 or after 9999) stays as Postgres wrote it.
 */
export const rfc3339 = (text: string): string => {
  const [, day, time, fraction = ''] = utc.exec(text) ?? [];
  return day === undefined ? text : `${day}T${time}.${fraction.padEnd(3, '0')}Z`;
};

/** Postgres writes every array alike: as one of texts, whose elements then have the type's own form. */
const elements =
  <T>(parse: (text: string) => T) =>
  (text: string): unknown =>
    (textArrays(text) as readonly (string | null)[]).map((element) => (element === null ? null : parse(element)));

const parsers: ReadonlyMap<number, (text: string) => unknown> = new Map<number, (text: string) => unknown>([
  [int8, BigInt],
  [int8Array, elements(BigInt)],
  [date, identity],
  [dateArray, elements(identity)],
  [timestamp, identity],
  [timestampArray, elements(identity)],
  [timestamptz, rfc3339],
  [timestamptzArray, elements(rfc3339)],
]);

/** How Postgres' values become JavaScript's (`src/schema.ts`): given to each client, so that nothing global is changed. */
export const values: pg.CustomTypesConfig = {
  getTypeParser: (oid, format): unknown => parsers.get(oid) ?? pg.types.getTypeParser(oid, format),
};
