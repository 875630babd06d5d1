import * as E from 'fp-ts/lib/Either.js';
import { z } from 'zod';
import { canonical, sha256 } from '../../domain/kernel/digest.ts';
import { idInput } from '../../domain/kernel/id.input.ts';
import type { Problem } from '../../domain/kernel/operation.ts';
import { BlobError } from '../../ports.ts';
import { problem } from '../../problems.ts';
import { eventById, storedOf } from '../events/events.queries.ts';
import { missing, query, type QueryContext } from '../queries.ts';
import type { ArtifactRow } from './artifacts.projection.ts';
import { modelCallRecord } from './model-call.ts';

const exampleId = '0198d7a0-0000-7000-8000-000000000016';

const notKept = (artifact_id: string, why: string): Problem =>
  problem('not_found', `what artifact ${artifact_id} was is not kept here: ${why}`);

/**
 * What an event is as an artifact, in the canonical form that its digest was taken of: of the gate and of runs their data, of a
 * model's call what was not said in it.
 */
const ofEvent = async (
  context: QueryContext,
  { artifact_id, event_id, tenant, type }: ArtifactRow,
): Promise<Uint8Array | Problem> => {
  const row = await context.ask((db) => eventById.first(db, event_id, tenant));
  const stored = row === undefined ? undefined : await storedOf(context, row);
  if (stored === undefined) return notKept(artifact_id, 'its stream no longer shows the event');
  const read = context.catalogue.read(stored);
  if (E.isLeft(read)) return notKept(artifact_id, 'its event cannot be read');
  return Buffer.from(canonical(modelCallRecord(read.right, type) ?? read.right.data));
};

/** What a capability has left, from the store of blobs. */
const ofStore = async (
  { blobs }: QueryContext,
  { artifact_id, tenant, uri }: ArtifactRow,
): Promise<Uint8Array | Problem> => {
  try {
    return await blobs.get(tenant, uri);
  } catch (error) {
    if (!(error instanceof BlobError)) throw error;
    const { fault, message } = error;
    return fault === 'not_found'
      ? notKept(artifact_id, 'the store does not have it')
      : problem('artifact_unavailable', message, { more: { fault } });
  }
};

/** The bytes of an artifact, which are what its digest says or are not served at all (requirements D74). */
export const getArtifactContent = query({
  name: 'get_artifact_content',
  kind: 'query',
  summary: 'The bytes of an artifact, as they were left; `Repr-Digest` says what they must be',
  scope: 'runs:read',
  input: z.strictObject({ artifact_id: idInput('artifact') }),
  output: z.instanceof(Uint8Array),
  bytes: true,
  reads: 'artifacts',
  http: { method: 'GET', path: '/artifacts/{artifact_id}/content', tag: 'artifacts' },
  problems: ['not_found', 'artifact_unavailable'],
  examples: [{ title: 'By id', input: { artifact_id: exampleId } }],
  run: async (context, { artifact_id }, { principal: { tenant } }) => {
    const row = await context.ask((db) =>
      db
        .selectFrom('artifacts')
        .selectAll()
        .where('artifact_id', '=', artifact_id)
        .where('tenant', '=', tenant)
        .executeTakeFirst(),
    );
    if (row === undefined) return missing('artifact', artifact_id);
    // What an event is itself is read from the log; what a capability left lies in the store.
    const isEvent = row.uri === `artifact://local/${row.event_id}`;
    const bytes = await (isEvent ? ofEvent(context, row) : ofStore(context, row));
    if (!(bytes instanceof Uint8Array)) return bytes;
    const digest = sha256(bytes);
    if (`sha256:${digest}` !== row.digest)
      return problem('artifact_unavailable', 'what is there is not what was left: its digest is another', {
        more: { fault: 'storage_error' },
      });
    return { output: bytes, content: { media_type: row.media_type, sha256: digest } };
  },
});
