import type { Storage } from '../storage.ts';
import type { WriteTarget } from '../wire/append.ts';
import { batchFailed, readBatchRequest, readCorrelation, type BatchRequest } from '../wire/batch-append.ts';
import { Malformed } from '../wire/protobuf.ts';
import { assemblies } from './assembly.ts';
import type { Call } from './call.ts';
import { flight } from './flight.ts';

const nowhere: WriteTarget = { stream: '', expected: 'any' };

/**
 * `Streams/BatchAppend`: many appends over one call, each with a correlation id, answered once and in any order. One bad
 * append never ends the call, because a client rejects everything it waits for when the call ends (eventstoredb.md 4.3).
 */
export const batchAppend = async (call: Call, storage: Storage): Promise<void> => {
  const incomplete = assemblies();
  const inFlight = flight(call, storage);
  const refuse = (correlation: string, message: string): void => {
    incomplete.drop(correlation);
    call.send(batchFailed(correlation, nowhere, { is: 'bad_request', message }));
  };
  const take = (request: BatchRequest): void => {
    const assembly = incomplete.add(request);
    if (!request.is_final) return;
    incomplete.drop(request.correlation);
    if (assembly === undefined) return refuse(request.correlation, 'an append has no options');
    return inFlight.launch(request.correlation, assembly);
  };
  for await (const bytes of call.messages) {
    try {
      take(readBatchRequest(bytes));
    } catch (error) {
      if (!(error instanceof Malformed)) throw error;
      refuse(readCorrelation(bytes), error.message);
    }
    await inFlight.room();
  }
  await inFlight.empty();
};
