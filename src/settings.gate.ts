import { z } from 'zod';
import { hosts, httpUrl, setting } from './settings.parts.ts';

const base64Key = /^[A-Za-z0-9+/_-]{43}=?$/;
const webhookSecretCharsMin = 24;

/** What agents may do, where they do it, and who is told. */
export const gateSettings = {
  ACTA_ENVIRONMENT: setting({
    says: 'Where this node acts; policies may speak of it.',
    right: 'a word like development, staging or production',
    preset: 'development',
    schema: z.string().regex(/^[a-z][a-z0-9_-]{0,99}$/),
  }),
  ACTA_POLICY: setting({
    says: 'The policy that is put in force where none ever was. Unset, a careful one: what is risky needs somebody to agree.',
    right: 'a YAML or JSON file',
    schema: z.string().optional(),
  }),
  ACTA_WORKSPACE: setting({
    says: 'The one folder that file and command capabilities see. Unset, it is `workspace` in ACTA_DATA.',
    right: 'a folder, made when it is not there',
    schema: z.string().optional(),
  }),
  ACTA_HTTP_ALLOW: setting({
    says: 'Hosts that net.http may reach although they are not public, or on another port than 80 and 443.',
    right: 'host:port or address ranges like 10.1.0.0/16, separated by commas',
    schema: hosts,
  }),
  ACTA_HTTP_IDEMPOTENT: setting({
    says: 'Hosts that keep Idempotency-Key: for them net.http.post_idempotent may be tried again.',
    right: 'hosts, separated by commas',
    schema: hosts,
  }),
  SMTP_URL: setting({
    says: 'The mail server of email.send. Unset, letters are written into the outbox folder of ACTA_DATA, and sent to nobody.',
    right: 'an address like smtps://user:password@host',
    secret: true,
    schema: z
      .string()
      .regex(/^smtps?:\/\/\S+$/)
      .optional(),
  }),
  ACTA_MAIL_FROM: setting({
    says: 'Who letters and invitations come from.',
    right: 'a mail address',
    preset: 'acta@localhost.localdomain',
    schema: z.string().regex(/^[^\s@<>]+@[^\s@<>]+$/),
  }),
  CALDAV_URL: setting({
    says: 'The calendar that calendar.write writes to, over CalDAV. Unset, entries are written into the outbox folder.',
    right: 'the address of a calendar collection',
    schema: httpUrl.optional(),
  }),
  CALDAV_USERNAME: setting({
    says: 'The user for CALDAV_URL.',
    right: 'a name',
    schema: z.string().max(200).optional(),
  }),
  CALDAV_PASSWORD: setting({
    says: 'The password for CALDAV_URL.',
    right: 'a password',
    secret: true,
    schema: z.string().max(500).optional(),
  }),
  ACTA_MCP_SERVERS: setting({
    says: 'MCP servers whose tools are capabilities, each with the risk it is held for.',
    right:
      'a JSON file with a list of {name, url} or {name, command, args}, and optionally risk, compensated_by and allow',
    schema: z.string().optional(),
  }),
  ACTA_APPROVAL_WEBHOOK: setting({
    says: 'Who is told that somebody has to decide, where the policy asks for that.',
    right: 'an address like https://host/path',
    schema: httpUrl.optional(),
  }),
  ACTA_APPROVAL_WEBHOOK_SECRET: setting({
    says: 'Signs what is sent there (Standard Webhooks).',
    right: `at least ${webhookSecretCharsMin} characters; whsec_ before it may stay`,
    secret: true,
    schema: z.string().min(webhookSecretCharsMin).max(200).optional(),
  }),
  OBJECT_STORE_PROVIDER: setting({
    says: 'Where artifacts and large results are kept.',
    right: 'folder, noop (in memory), s3 or r2',
    preset: 'folder',
    schema: z.enum(['folder', 'noop', 's3', 'r2']),
  }),
  OBJECT_STORE_BUCKET: setting({
    says: 'The bucket, for s3 and r2.',
    right: 'the name of a bucket',
    schema: z.string().max(100).optional(),
  }),
  OBJECT_STORE_ENDPOINT: setting({
    says: 'Where the S3 protocol is spoken, when that is not the provider itself.',
    right: 'an address like https://host',
    schema: httpUrl.optional(),
  }),
  OBJECT_STORE_REGION: setting({
    says: 'The region of the bucket.',
    right: 'the name of a region',
    preset: 'auto',
    schema: z.string().max(100),
  }),
  OBJECT_STORE_ACCESS_KEY_ID: setting({
    says: 'The access key for s3 and r2.',
    right: 'an access key id',
    secret: true,
    schema: z.string().max(200).optional(),
  }),
  OBJECT_STORE_SECRET_ACCESS_KEY: setting({
    says: 'Its secret.',
    right: 'a secret access key',
    secret: true,
    schema: z.string().max(200).optional(),
  }),
  OBJECT_STORE_ENCRYPTION_KEY: setting({
    says: 'Encrypts artifacts at rest.',
    right: '32 bytes in base64, for example of: openssl rand -base64 32',
    secret: true,
    schema: z.string().regex(base64Key).optional(),
  }),
} as const;
