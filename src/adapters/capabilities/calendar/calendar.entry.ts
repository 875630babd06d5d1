import ical, { ICalAttendeeStatus } from 'ical-generator';
import { z } from 'zod';
import { sha256 } from '../../../domain/kernel/digest.ts';
import { Address } from '../email/email.message.ts';

const titleCharsMax = 500;
const descriptionCharsMax = 10_000;
const attendeesMax = 50;
const keyCharsShown = 40;

const oneLine = (max: number) =>
  z
    .string()
    .max(max)
    .regex(/^[^\p{Cc}]*$/u, 'one line without control characters');
const Time = z.iso.datetime({ offset: true });

/** Requirements A43. Times carry their offset, and are written in UTC. */
export const Entry = z
  .strictObject({
    title: oneLine(titleCharsMax).min(1),
    start: Time,
    end: Time,
    description: z
      .string()
      .max(descriptionCharsMax)
      .regex(/^[^\p{Cc}]*(?:\n[^\p{Cc}]*)*$/u, 'lines without control characters')
      .optional(),
    location: oneLine(titleCharsMax).optional(),
    attendees: z.array(Address).max(attendeesMax).optional(),
  })
  .refine(({ start, end }) => Date.parse(end) > Date.parse(start), 'an entry ends after it starts');
export type Entry = z.output<typeof Entry>;

/** The same call makes the same entry. */
export const uidOf = (key: string): string => `${sha256(key).slice(0, keyCharsShown)}@acta`;

/** The entry as a calendar of its own (RFC 5545), stamped with the time it was written. */
export const calendarOf = (entry: Entry, uid: string, organizer: string, now: number): string => {
  const { title, start, end, description, location, attendees = [] } = entry;
  const calendar = ical({ prodId: { company: 'acta', product: 'calendar' } });
  calendar.createEvent({
    id: uid,
    stamp: new Date(now),
    start: new Date(start),
    end: new Date(end),
    summary: title,
    ...(description === undefined ? {} : { description }),
    ...(location === undefined ? {} : { location }),
    ...(attendees.length === 0 ? {} : { organizer: { name: organizer, email: organizer } }),
    attendees: attendees.map((email) => ({ email, status: ICalAttendeeStatus.NEEDSACTION })),
  });
  return calendar.toString();
};
