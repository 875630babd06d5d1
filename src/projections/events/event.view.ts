import { z } from 'zod';
import type { StoredEvent } from '../../ports.ts';

/** An event as every surface shows it: what happened, where it stands, who caused it, and its link to the one before. */
export const EventShown = z.object({
  id: z.uuid(),
  type: z.string(),
  stream: z.string(),
  revision: z.int(),
  /** A decimal string: positions may exceed what a JSON number holds. */
  position: z.string(),
  recorded_at: z.string(),
  version: z.int(),
  actor: z.string().nullable(),
  tenant: z.string().nullable(),
  correlation_id: z.string().nullable(),
  causation_id: z.string().nullable(),
  command_id: z.string().nullable(),
  traceparent: z.string().nullable(),
  link: z.object({ prev: z.string().nullable(), self: z.string().nullable() }),
  data: z.unknown(),
});
export type EventShown = z.infer<typeof EventShown>;

/** What is no JSON is shown as base64, under a name that says so. */
const bytesShown = (bytes: Uint8Array) => ({ base64: Buffer.from(bytes).toString('base64') });

export const eventShown = ({ metadata, position, ...event }: StoredEvent): EventShown => ({
  id: event.id,
  type: event.type,
  stream: event.stream,
  revision: event.revision,
  position: position.toString(),
  recorded_at: event.recorded_at,
  version: Number(metadata['version'] ?? 1),
  actor: metadata['actor'] ?? null,
  tenant: metadata['tenant'] ?? null,
  correlation_id: metadata['$correlationId'] ?? null,
  causation_id: metadata['$causationId'] ?? null,
  command_id: metadata['command_id'] ?? null,
  traceparent: metadata['traceparent'] ?? null,
  link: { prev: metadata['prev'] ?? null, self: metadata['self'] ?? null },
  data: event.data instanceof Uint8Array ? bytesShown(event.data) : event.data,
});
