import { readStreamName, type UuidForm } from './identifiers.ts';
import { boolOf, bytesOf, eachField, Malformed, numberOf, stringOf, type Value } from './protobuf.ts';

export type Place = number | 'start' | 'end';

/** A filter as it came; `window` and `interval` say how often a subscriber hears of its progress. */
export interface FilterRequest {
  readonly on: 'type' | 'stream';
  readonly regex: string | undefined;
  readonly prefixes: readonly string[];
  readonly window: number;
  readonly interval: number;
}

export type ReadSource =
  | { readonly of: 'stream'; readonly stream: string; readonly from: Place }
  | { readonly of: 'all'; readonly from: Place };

export interface ReadRequest {
  readonly source: ReadSource;
  readonly direction: 'forward' | 'backward';
  readonly resolveLinks: boolean;
  /** How many events at most, or `subscription`. */
  readonly count: number | 'subscription';
  readonly filter: FilterRequest | undefined;
  readonly uuidForm: UuidForm;
}

/** How many events are considered between two checkpoints where the client does not say. */
const windowDefault = 32;
const prefixesMax = 1000;

/** Numbers beyond 2^53 are what clients send for "the end". */
const place = (value: Value): Place => {
  const number = numberOf(value);
  return number === Number.MAX_SAFE_INTEGER ? 'end' : number;
};

const readStreamSource = (bytes: Buffer): ReadSource => {
  let stream: string | undefined;
  let from: Place = 'start';
  eachField(bytes, (field, value) => {
    if (field === 1) stream = readStreamName(value);
    if (field === 2) from = place(value);
    if (field === 3) from = 'start';
    if (field === 4) from = 'end';
  });
  if (stream === undefined) throw new Malformed('a read names no stream');
  return { of: 'stream', stream, from };
};

const readPosition = (bytes: Buffer): Place => {
  let [commit, prepare] = [0, 0];
  eachField(bytes, (field, value) => {
    if (field === 1) commit = numberOf(value);
    if (field === 2) prepare = numberOf(value);
  });
  if (prepare > commit) throw new Malformed('a prepare position lies behind its commit position');
  return place(commit);
};

const readAllSource = (bytes: Buffer): ReadSource => {
  let from: Place = 'start';
  eachField(bytes, (field, value) => {
    if (field === 1) from = readPosition(bytesOf(value));
    if (field === 2) from = 'start';
    if (field === 3) from = 'end';
  });
  return { of: 'all', from };
};

const readExpression = (
  bytes: Buffer,
): { readonly regex: string | undefined; readonly prefixes: readonly string[] } => {
  let regex: string | undefined;
  const prefixes: string[] = [];
  eachField(bytes, (field, value) => {
    if (field === 1) regex = stringOf(value);
    if (field !== 2) return;
    if (prefixes.length >= prefixesMax) throw new Malformed(`a filter has more than ${prefixesMax} prefixes`);
    prefixes.push(stringOf(value));
  });
  return { regex: regex === '' ? undefined : regex, prefixes };
};

const readFilter = (bytes: Buffer): FilterRequest => {
  let on: FilterRequest['on'] | undefined;
  let expression = readExpression(Buffer.alloc(0));
  let [window, multiplier] = [windowDefault, 1];
  eachField(bytes, (field, value) => {
    if (field === 1 || field === 2) {
      on = field === 1 ? 'stream' : 'type';
      expression = readExpression(bytesOf(value));
    }
    if (field === 3) window = Math.max(1, numberOf(value));
    if (field === 5) multiplier = Math.max(1, numberOf(value));
  });
  if (on === undefined) throw new Malformed('a filter says neither stream nor event type');
  return { on, ...expression, window, interval: window * multiplier };
};

const readUuidForm = (bytes: Buffer): UuidForm => {
  let form: UuidForm = 'string';
  eachField(bytes, (field) => {
    if (field === 1) form = 'structured';
  });
  return form;
};

const readOptions = (bytes: Buffer): ReadRequest => {
  let source: ReadSource | undefined;
  let direction: ReadRequest['direction'] = 'forward';
  let resolveLinks = false;
  let count: ReadRequest['count'] = 0;
  let filter: FilterRequest | undefined;
  let uuidForm: UuidForm = 'string';
  eachField(bytes, (field, value) => {
    if (field === 1) source = readStreamSource(bytesOf(value));
    if (field === 2) source = readAllSource(bytesOf(value));
    if (field === 3) direction = numberOf(value) === 1 ? 'backward' : 'forward';
    if (field === 4) resolveLinks = boolOf(value);
    if (field === 5) count = numberOf(value);
    if (field === 6) count = 'subscription';
    if (field === 7) filter = readFilter(bytesOf(value));
    if (field === 9) uuidForm = readUuidForm(bytesOf(value));
  });
  if (source === undefined) throw new Malformed('a read names neither a stream nor $all');
  return { source, direction, resolveLinks, count, filter, uuidForm };
};

/** `ReadReq`, in all its forms. */
export const readReadRequest = (bytes: Buffer): ReadRequest => {
  let request: ReadRequest | undefined;
  eachField(bytes, (field, value) => {
    if (field === 1) request = readOptions(bytesOf(value));
  });
  if (request === undefined) throw new Malformed('a read has no options');
  return request;
};
