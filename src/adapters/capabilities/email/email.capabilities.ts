import { z } from 'zod';
import type { Capability } from '../../../ports.ts';
import { capability } from '../define.ts';
import { failure } from '../failure.ts';
import { Address, Email } from './email.message.ts';
import { keptInOutbox } from './email.outbox.ts';
import { sentOverSmtp, type SmtpSettings } from './email.smtp.ts';

export interface EmailSettings {
  readonly from: string;
  /** Without it nothing is sent: messages are kept as files. */
  readonly smtp?: SmtpSettings | undefined;
  readonly outbox: string;
}

const sendMsMax = 60_000;

const Result = z.strictObject({
  delivered: z.boolean(),
  message_id: z.string().optional(),
  accepted: z.array(z.string()).optional(),
  rejected: z.array(z.string()).optional(),
  outbox: z.string().optional(),
});

const described = {
  capability_id: 'email.send',
  operation: 'network',
  timeout_ms: sendMsMax,
  tags: ['email'],
  parameters: Email,
  result: Result,
} as const;

/**
 * `email.send` (requirements A43): over SMTP where a server is set, else into files of an outbox, which its result says.
 * Over SMTP it is `unkeyed`: the Message-ID is the call's, but no server promises to take a message with one id once.
 * Throws where the sender is no address.
 */
export const emailCapabilities = ({ from, smtp, outbox }: EmailSettings): readonly Capability[] => {
  Address.parse(from);
  if (smtp === undefined)
    return [
      capability({
        ...described,
        name: 'Write an email',
        description: 'Writes an email into the outbox folder as a file. No mail server is set: nothing is sent.',
        operation: 'write',
        risk: { level: 'medium', justification: 'writes one file into the outbox; nobody receives it' },
        side_effects: { reversible: true, scope: 'local', description: 'a file in the outbox' },
        compensation: { supported: true, strategy: 'manual' },
        effect_class: 'natural',
        invoke: async (email, { key }) => ({
          ok: true,
          result: { delivered: false, outbox: await keptInOutbox(email, from, key, outbox) },
        }),
      }),
    ];
  return [
    capability({
      ...described,
      name: 'Send an email',
      description: 'Sends an email to at most 50 people',
      risk: { justification: 'what was sent is read, and cannot be taken back' },
      side_effects: { reversible: false, scope: 'external', description: 'people receive it' },
      effect_class: 'unkeyed',
      invoke: async (email, { key, signal }) => {
        const sent = await sentOverSmtp(email, from, key, smtp, signal);
        if ('ok' in sent) return sent;
        if (sent.accepted.length === 0) return failure('failed', 'the mail server took it for nobody');
        return {
          ok: true,
          result: { delivered: true, ...sent, accepted: [...sent.accepted], rejected: [...sent.rejected] },
        };
      },
    }),
  ];
};
