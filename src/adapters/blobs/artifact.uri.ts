import { hash } from 'node:crypto';
import { z } from 'zod';
import { BlobError } from '../../ports.ts';

const uriCharsMax = 2_048;

/** Where an artifact may lie (requirements D74). `local` is a row beside the log, and nothing else. */
export const artifactSchemes = ['local', 'folder', 'noop', 's3', 'r2'] as const;
export type ArtifactScheme = (typeof artifactSchemes)[number];

const Uri = z
  .string()
  .max(uriCharsMax)
  .regex(/^artifact:\/\/[a-z0-9]+\/[A-Za-z0-9._~-]+(?:\/[A-Za-z0-9._~-]+)*$/);
const Scheme = z.enum(artifactSchemes);

/**
 * The scheme of an artifact's address and the key behind it; of `s3` and `r2` the bucket is the key's first part
 * (requirements D74). Throws a BlobError `serialization` for what is no such address: dots alone, foreign schemes, escapes.
 */
export const parse_artifact_uri = (uri: string): { readonly scheme: ArtifactScheme; readonly key: string } => {
  const [, , scheme, ...parts] = Uri.safeParse(uri).success ? uri.split('/') : [];
  const known = Scheme.safeParse(scheme);
  if (!known.success || parts.some((part) => /^\.+$/.test(part)))
    throw new BlobError('serialization', `no address of an artifact: artifact://<${artifactSchemes.join('|')}>/<key>`);
  return { scheme: known.data, key: parts.join('/') };
};

/** A tenant as a part of a key: itself where it is a plain lower-case word, else its digest. No two share one. */
export const tenantPart = (tenant: string): string =>
  /^[a-z0-9][a-z0-9_-]{0,62}$/.test(tenant) ? `t-${tenant}` : `h-${hash('sha256', tenant.toWellFormed(), 'hex')}`;
