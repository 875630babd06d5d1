import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { sha256 } from '../../../domain/kernel/digest.ts';
import type { Capability, Clock } from '../../../ports.ts';
import { capability } from '../define.ts';
import { failure } from '../failure.ts';
import { Address } from '../email/email.message.ts';
import { outboxFile, written } from '../email/outbox.file.ts';
import { caldav, type CaldavSettings } from './caldav.ts';
import { calendarOf, Entry, uidOf } from './calendar.entry.ts';

export interface CalendarSettings {
  readonly clock: Pick<Clock, 'now'>;
  /** Who invites, where there are attendees. */
  readonly organizer: string;
  readonly outbox: string;
  /** Without it entries are kept as files. */
  readonly caldav?: CaldavSettings | undefined;
}

const writeMsMax = 65_000;
const Result = z.strictObject({ event_id: z.string(), stored: z.boolean(), outbox: z.string().optional() });
const described = {
  capability_id: 'calendar.write',
  operation: 'write',
  effect_class: 'natural',
  timeout_ms: writeMsMax,
  tags: ['calendar'],
  parameters: Entry,
  result: Result,
} as const;

/** An outbox on this machine: a file by key, which undoing deletes unless somebody changed it. */
const intoOutbox = ({ clock, organizer, outbox }: CalendarSettings): Capability =>
  capability({
    ...described,
    name: 'Write a calendar entry',
    description: 'Writes an iCalendar file into the outbox folder. No calendar server is set: nobody is invited.',
    risk: { level: 'medium', justification: 'writes one file into the outbox, which undoing deletes' },
    side_effects: { reversible: true, scope: 'local', description: 'a file in the outbox' },
    invoke: async (entry, { key }) => {
      const file = outboxFile(outbox, key, 'ics');
      const bytes = Buffer.from(calendarOf(entry, uidOf(key), organizer, clock.now()));
      await written(file, bytes);
      const undo = { file: path.basename(file), digest: sha256(bytes) };
      return { ok: true, result: { event_id: uidOf(key), stored: false, outbox: file }, undo };
    },
    undo: {
      record: z.strictObject({ file: z.string().regex(/^[0-9a-f]+\.ics$/), digest: z.string() }),
      run: async ({ file, digest }) => {
        const at = path.join(outbox, file);
        const bytes = await readFile(at).catch(() => undefined);
        if (bytes === undefined) return { ok: true, result: { deleted: false } };
        if (sha256(bytes) !== digest) return failure('failed', 'the entry was changed since it was made');
        await rm(at);
        return { ok: true, result: { deleted: true } };
      },
    },
  });

const ontoServer = ({ clock, organizer }: CalendarSettings, settings: CaldavSettings): Capability => {
  const server = caldav(settings);
  return capability({
    ...described,
    name: 'Write a calendar entry',
    description: 'Writes an entry into the calendar; its server may invite the attendees',
    risk: { level: 'high', justification: 'the entry can be deleted again; an invitation that was sent has been read' },
    side_effects: {
      reversible: true,
      scope: 'external',
      description: 'an entry; invitations, where the server sends them',
    },
    invoke: async (entry, { key, signal }) => {
      const uid = uidOf(key);
      const stored = await server.put(uid, calendarOf(entry, uid, organizer, clock.now()), signal);
      return 'ok' in stored ? stored : { ok: true, result: { event_id: uid, stored: true }, undo: stored };
    },
    undo: {
      record: z.strictObject({ url: z.string().startsWith(settings.url), etag: z.string().nullable() }),
      run: (stored, { signal }) => server.remove(stored, signal),
    },
  });
};

/**
 * `calendar.write` (requirements A43): onto a CalDAV server where one is set, else into files of an outbox, which its
 * result says. The entry's id is the call's, so it may be tried again. Throws where the organizer is no address.
 */
export const calendarCapabilities = (settings: CalendarSettings): readonly Capability[] => {
  Address.parse(settings.organizer);
  return [settings.caldav === undefined ? intoOutbox(settings) : ontoServer(settings, settings.caldav)];
};
