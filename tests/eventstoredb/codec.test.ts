import { createRequire } from 'node:module';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { tombstoneRevision, type StoredRecord } from '../../src/adapters/embedded-log/storage.ts';
import { appendRefused, appendSucceeded, readAppendRequest } from '../../src/adapters/embedded-log/wire/append.ts';
import { batchFailed, batchSucceeded, readBatchRequest } from '../../src/adapters/embedded-log/wire/batch-append.ts';
import { soleLeader, supportedMethods } from '../../src/adapters/embedded-log/wire/cluster.ts';
import { Malformed } from '../../src/adapters/embedded-log/wire/protobuf.ts';
import { readReadRequest } from '../../src/adapters/embedded-log/wire/read-request.ts';
import { checkpointReached, streamNotFound } from '../../src/adapters/embedded-log/wire/read-response.ts';
import { eventFrame } from '../../src/adapters/embedded-log/wire/recorded-event.ts';
import type * as GossipMessages from '@eventstore/db-client/generated/gossip_pb.js';
import type * as FeatureMessages from '@eventstore/db-client/generated/serverfeatures_pb.js';
import type * as Messages from '@eventstore/db-client/generated/streams_pb.js';
import type * as SharedMessages from '@eventstore/db-client/generated/shared_pb.js';

/** The official classes, to whom our codec has to be understandable. */
const require = createRequire(import.meta.url);
const official = require('@eventstore/db-client/generated/streams_pb.js') as typeof Messages;
const { UUID, StreamIdentifier, WrongExpectedVersion, Empty } =
  require('@eventstore/db-client/generated/shared_pb.js') as typeof SharedMessages;
const { ClusterInfo } = require('@eventstore/db-client/generated/gossip_pb.js') as typeof GossipMessages;
const { SupportedMethods } = require('@eventstore/db-client/generated/serverfeatures_pb.js') as typeof FeatureMessages;

const uuid = fc.uuid();
const name = fc.string({ unit: 'binary', minLength: 1, maxLength: 60 }).filter((text) => text.isWellFormed());
const bytes = fc.uint8Array({ maxLength: 300 });
const position = fc.oneof(fc.nat(), fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER - 1 }));

const record: fc.Arbitrary<StoredRecord> = fc.record({
  position,
  stream: name,
  revision: fc.oneof(position, fc.constant(tombstoneRevision)),
  id: uuid,
  type: name,
  created_us: fc.integer({ min: 0, max: 4e15 }),
  is_json: fc.boolean(),
  data: bytes,
  metadata: bytes,
});

const identifier = (stream: string) => {
  const identifier = new StreamIdentifier();
  identifier.setStreamName(Uint8Array.from(Buffer.from(stream)));
  return identifier;
};
const idOf = (text: string) => {
  const id = new UUID();
  id.setString(text);
  return id;
};

describe('an event on the wire', () => {
  it('is what the official client reads', () => {
    fc.assert(
      fc.property(record, fc.option(record), (event, link) => {
        const frame = eventFrame({ event, link: link ?? undefined }, 'string');
        expect(frame.readUInt32BE(1)).toBe(frame.length - 5);
        const read = official.ReadResp.deserializeBinary(frame.subarray(5)).getEvent()!;
        expect(read.getCommitPosition()).toBe(String((link ?? event).position));
        expect(read.hasLink()).toBe(link !== null);
        const found = read.getEvent()!;
        expect(found.getId()?.getString()).toBe(event.id);
        expect(Buffer.from(found.getStreamIdentifier()!.getStreamName_asU8()).toString()).toBe(event.stream);
        const revision = event.revision === tombstoneRevision ? '9223372036854775807' : String(event.revision);
        expect(found.getStreamRevision()).toBe(revision);
        expect([found.getPreparePosition(), found.getCommitPosition()]).toEqual(Array(2).fill(String(event.position)));
        const properties = Object.fromEntries(found.getMetadataMap().toArray());
        expect(properties).toEqual({
          type: event.type,
          'content-type': event.is_json ? 'application/json' : 'application/octet-stream',
          created: `${event.created_us}0`,
        });
        expect(Buffer.from(found.getData_asU8()).equals(event.data)).toBe(true);
        expect(Buffer.from(found.getCustomMetadata_asU8()).equals(event.metadata)).toBe(true);
      }),
    );
  });

  it('carries its id in halves for those who ask for that', () => {
    fc.assert(
      fc.property(record, (event) => {
        const frame = eventFrame({ event, link: undefined }, 'structured');
        const id = official.ReadResp.deserializeBinary(frame.subarray(5)).getEvent()!.getEvent()!.getId()!;
        const half = (text: string): string => BigInt.asUintN(64, BigInt(text)).toString(16).padStart(16, '0');
        const { mostSignificantBits, leastSignificantBits } = id.getStructured()!.toObject();
        expect(half(mostSignificantBits) + half(leastSignificantBits)).toBe(event.id.replaceAll('-', ''));
      }),
    );
  });
});

describe('an append on the wire', () => {
  const proposal = fc.record({ id: uuid, type: name, is_json: fc.boolean(), data: bytes, metadata: bytes });
  const expected = fc.oneof(position, fc.constantFrom('no_stream' as const, 'any' as const, 'stream_exists' as const));

  it('of many in one stream is what the official client wrote', () => {
    fc.assert(
      fc.property(
        uuid,
        name,
        expected,
        fc.array(proposal, { maxLength: 4 }),
        fc.boolean(),
        (id, stream, what, events, last) => {
          const request = new official.BatchAppendReq();
          const options = new official.BatchAppendReq.Options();
          options.setStreamIdentifier(identifier(stream));
          if (typeof what === 'number') options.setStreamPosition(String(what));
          else
            ({
              no_stream: () => options.setNoStream(new Empty()),
              any: () => options.setAny(new Empty()),
              stream_exists: () => options.setStreamExists(new Empty()),
            })[what]();
          request.setCorrelationId(idOf(id));
          request.setOptions(options);
          request.setIsFinal(last);
          for (const event of events) {
            const message = new official.BatchAppendReq.ProposedMessage();
            message.setId(idOf(event.id));
            message.getMetadataMap().set('type', event.type);
            message
              .getMetadataMap()
              .set('content-type', event.is_json ? 'application/json' : 'application/octet-stream');
            message.setData(event.data);
            message.setCustomMetadata(event.metadata);
            request.addProposedMessages(message);
          }
          const read = readBatchRequest(Buffer.from(request.serializeBinary()));
          expect(read).toMatchObject({ correlation: id, is_final: last, target: { stream, expected: what } });
          const asBytes = events.map((event) => ({
            ...event,
            data: Buffer.from(event.data),
            metadata: Buffer.from(event.metadata),
          }));
          expect(read.proposals).toEqual(asBytes);
        },
      ),
    );
  });

  it('may carry its ids in halves', () => {
    fc.assert(
      fc.property(uuid, (id) => {
        const request = new official.BatchAppendReq();
        const halves = new UUID();
        const structured = new UUID.Structured();
        const signed = (hex: string): string => BigInt.asIntN(64, BigInt(`0x${hex}`)).toString();
        structured.setMostSignificantBits(signed(id.replaceAll('-', '').slice(0, 16)));
        structured.setLeastSignificantBits(signed(id.replaceAll('-', '').slice(16)));
        halves.setStructured(structured);
        request.setCorrelationId(halves);
        expect(readBatchRequest(Buffer.from(request.serializeBinary())).correlation).toBe(id);
      }),
    );
  });

  it('is answered in words the official client has', () => {
    const target = { stream: 'strøm', expected: 3 } as const;
    const success = official.BatchAppendResp.deserializeBinary(
      batchSucceeded('6ba7b810-9dad-11d1-80b4-00c04fd430c8', target, 0, 7),
    );
    expect(success.hasError()).toBe(false);
    expect(success.getSuccess()!.toObject()).toMatchObject({ currentRevision: '0', position: { commitPosition: '7' } });
    const failed = official.BatchAppendResp.deserializeBinary(
      batchFailed('6ba7b810-9dad-11d1-80b4-00c04fd430c8', target, {
        is: 'wrong_expected_version',
        expected: 3,
        actual: 0,
      }),
    );
    const details = failed.getError()!.getDetails()!;
    expect(details.getTypeName()).toBe('event_store.client.WrongExpectedVersion');
    const wrong = WrongExpectedVersion.deserializeBinary(details.getValue_asU8());
    expect([wrong.getCurrentStreamRevision(), wrong.hasCurrentStreamRevision()]).toEqual(['0', true]);
    expect(wrong.getExpectedStreamPosition()).toBe('3');
  });

  it('of nothing to a stream that is not there is answered by the word for that', () => {
    const target = { stream: 'nobody', expected: 'any' } as const;
    const batch = batchSucceeded('6ba7b810-9dad-11d1-80b4-00c04fd430c8', target, -1, 7);
    const answers = [
      official.AppendResp.deserializeBinary(appendSucceeded(-1, 7)).getSuccess()!,
      official.BatchAppendResp.deserializeBinary(batch).getSuccess()!,
    ];
    for (const answer of answers) expect([answer.hasNoStream(), answer.hasCurrentRevision()]).toEqual([true, false]);
  });

  it('in a call of its own is answered by what is there, also where that is nothing', () => {
    const refused = (actual: number | 'no_stream') =>
      official.AppendResp.deserializeBinary(appendRefused('stream_exists', actual)).getWrongExpectedVersion()!;
    expect(refused(0).hasCurrentRevision()).toBe(true);
    expect(refused('no_stream').hasCurrentNoStream()).toBe(true);
    expect(refused(0).hasExpectedStreamExists()).toBe(true);
    const appended = official.AppendResp.deserializeBinary(appendSucceeded(0, 12)).getSuccess()!;
    expect([appended.getCurrentRevision(), appended.getPosition()!.getPreparePosition()]).toEqual(['0', '12']);
  });
});

describe('small answers', () => {
  it('are what the official client reads', () => {
    const read = (message: Buffer) => official.ReadResp.deserializeBinary(message);
    expect(read(checkpointReached(9)).getCheckpoint()!.toObject()).toEqual({
      commitPosition: '9',
      preparePosition: '9',
    });
    const missing = read(streamNotFound('größe')).getStreamNotFound()!.getStreamIdentifier()!;
    expect(Buffer.from(missing.getStreamName_asU8()).toString()).toBe('größe');
    const cluster = soleLeader('6ba7b810-9dad-11d1-80b4-00c04fd430c8', { host: 'localhost', port: 2113 }, 1e12);
    expect(ClusterInfo.deserializeBinary(cluster).toObject().membersList).toMatchObject([
      { state: 8, isAlive: true, httpEndPoint: { address: 'localhost', port: 2113 }, timeStamp: '10000000000000000' },
    ]);
    const features = supportedMethods([{ service: 's', method: 'm', features: ['a', 'b'] }], '24.10.0');
    expect(SupportedMethods.deserializeBinary(features).toObject()).toEqual({
      methodsList: [{ serviceName: 's', methodName: 'm', featuresList: ['a', 'b'] }],
      eventStoreServerVersion: '24.10.0',
    });
  });
});

describe('a message from nobody knows whom', () => {
  it.each([
    ['a read', readReadRequest],
    ['an append', readAppendRequest],
    ['an append of many', readBatchRequest],
  ] as const)('is understood as %s or refused, and nothing else', (_, read) => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (message) => {
        try {
          read(Buffer.from(message));
        } catch (error) {
          expect(error).toBeInstanceOf(Malformed);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
