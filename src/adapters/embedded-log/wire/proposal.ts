import type { Proposal } from '../storage.ts';
import { readUuid } from './identifiers.ts';
import { bytesOf, eachField, Malformed, stringOf, type Value } from './protobuf.ts';

/** A proposed event, or undefined where its type or content type was not given. */
export type ProposalRead = Proposal | undefined;

/** The two properties EventStoreDB asks of every event. */
export const requiredProperties = ['type', 'content-type'] as const;

const nothing: Buffer = Buffer.alloc(0);

const readProperty = (value: Value): readonly [string, string] => {
  let [key, content] = ['', ''];
  eachField(bytesOf(value), (field, part) => {
    if (field === 1) key = stringOf(part);
    if (field === 2) content = stringOf(part);
  });
  return [key, content];
};

/** `ProposedMessage`, which is the same in Append and BatchAppend. */
export const readProposal = (value: Value): ProposalRead => {
  let id = '';
  let [type, contentType] = ['', ''];
  let [data, metadata] = [nothing, nothing];
  eachField(bytesOf(value), (field, content) => {
    if (field === 1) id = readUuid(content);
    if (field === 3) metadata = bytesOf(content);
    if (field === 4) data = bytesOf(content);
    if (field !== 2) return;
    const [key, property] = readProperty(content);
    if (key === 'type') type = property;
    if (key === 'content-type') contentType = property;
  });
  if (id === '') throw new Malformed('an event has no id');
  if (type === '' || contentType === '') return undefined;
  return { id, type, is_json: contentType === 'application/json', data, metadata };
};

/** What a proposal counts for against the limit of one append (eventstoredb.md 3.4). */
export const proposalBytes = ({ type, data, metadata }: Proposal): number =>
  data.length + metadata.length + 2 * type.length;
