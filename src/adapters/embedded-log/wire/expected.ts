import type { Expected } from '../../../ports.ts';
import { messageField, numberOf, varintField, type Value } from './protobuf.ts';

/** Which field of a oneof stands for which expectation; the numbers differ from message to message. */
export interface ExpectedFields {
  readonly revision: number;
  readonly no_stream: number;
  readonly any: number;
  readonly stream_exists: number;
}

/** What this field says is expected, or undefined where it is another field. */
export const readExpected = (fields: ExpectedFields, field: number, value: Value): Expected | undefined => {
  switch (field) {
    case fields.revision:
      return numberOf(value);
    case fields.no_stream:
      return 'no_stream';
    case fields.any:
      return 'any';
    case fields.stream_exists:
      return 'stream_exists';
    default:
      return undefined;
  }
};

export const expectedField = (fields: ExpectedFields, expected: Expected): Buffer =>
  typeof expected === 'number' ? varintField(fields.revision, expected) : messageField(fields[expected]);

/** EventStoreDB's numbers for what was expected, as its error trailers have them. */
export const expectedVersion = (expected: Expected): number => {
  switch (expected) {
    case 'no_stream':
      return -1;
    case 'any':
      return -2;
    case 'stream_exists':
      return -4;
    default:
      return expected;
  }
};
