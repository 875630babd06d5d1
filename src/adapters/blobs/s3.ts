import type { S3Client } from '@aws-sdk/client-s3';
import { BlobError } from '../../ports.ts';
import { shelvedBytesMax, type Shelf } from './shelf.ts';

export interface S3Settings {
  readonly provider: 's3' | 'r2';
  readonly bucket: string;
  readonly access_key_id: string;
  readonly secret_access_key: string;
  /** Cloudflare's address of the account, or that of a server of one's own; for AWS it may be left out. */
  readonly endpoint?: string;
  /** `auto` for R2; AWS wants it said. */
  readonly region?: string;
  readonly callMsMax?: number;
}

const callMsMaxDefault = 30_000;
const attemptsMax = 3;
const bucketName = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;

const ours = new Set([
  'NoSuchBucket',
  'AccessDenied',
  'InvalidAccessKeyId',
  'SignatureDoesNotMatch',
  'PermanentRedirect',
  'AuthorizationHeaderMalformed',
]);

const statusOf = (thrown: unknown): number | undefined => {
  const { $metadata } = thrown as { readonly $metadata?: { readonly httpStatusCode?: number } };
  return $metadata?.httpStatusCode;
};

/** Only the kind of an error is told: its message may carry addresses and keys' names. */
const faultOf = (provider: string, thrown: unknown): BlobError => {
  if (thrown instanceof BlobError) return thrown;
  const name = thrown instanceof Error ? thrown.name : 'unknown';
  const status = statusOf(thrown);
  const misconfigured = ours.has(name) || status === 301 || status === 401 || status === 403;
  return new BlobError(
    misconfigured ? 'misconfigured' : 'storage_error',
    `${provider}: ${name}${status === undefined ? '' : ` (${status})`}`,
    { cause: thrown },
  );
};

const isAbsent = (thrown: unknown): boolean =>
  thrown instanceof Error && (thrown.name === 'NoSuchKey' || thrown.name === 'NotFound');

const isHttp = (url: string): boolean => URL.canParse(url) && /^https?:$/.test(new URL(url).protocol);

const wrongIn = ({ provider, bucket, access_key_id, secret_access_key, endpoint, region }: S3Settings) => {
  if (!bucketName.test(bucket)) return 'the name of its bucket';
  if (access_key_id === '' || secret_access_key === '') return 'its keys';
  if (endpoint !== undefined && !isHttp(endpoint)) return 'an http(s) address';
  if (provider === 'r2' && endpoint === undefined) return 'the address of its account';
  if (provider === 's3' && endpoint === undefined && region === undefined) return 'its region';
  return undefined;
};

/** The SDK takes a while to load, which only those pay who keep something there. */
const connect = async (settings: S3Settings): Promise<S3Client> => {
  const { S3Client } = await import('@aws-sdk/client-s3');
  const { endpoint, region = 'auto', access_key_id, secret_access_key } = settings;
  return new S3Client({
    region,
    ...(endpoint === undefined ? {} : { endpoint, forcePathStyle: true }),
    credentials: { accessKeyId: access_key_id, secretAccessKey: secret_access_key },
    maxAttempts: attemptsMax,
    // R2 and older servers know no trailing checksums; ours is in the address.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  });
};

/**
 * A bucket of S3, of R2, or of a server that speaks their protocol. What is missing in its settings is told by the first
 * call, with `misconfigured`, never when the program starts (requirements N3). A call with all its attempts, at most
 * three, ends after `callMsMax` (30 s).
 */
export const s3Shelf = (settings: S3Settings): Shelf => {
  const { provider, bucket, callMsMax = callMsMaxDefault } = settings;
  let client: Promise<S3Client> | undefined;
  const within = async <T>(work: (client: S3Client, signal: AbortSignal) => Promise<T>, absent?: T): Promise<T> => {
    const wrong = wrongIn(settings);
    if (wrong !== undefined) throw new BlobError('misconfigured', `${provider} needs ${wrong}`);
    const signal = AbortSignal.timeout(callMsMax);
    try {
      client ??= connect(settings);
      return await work(await client, signal);
    } catch (thrown) {
      if (isAbsent(thrown)) return absent as T;
      if (signal.aborted)
        throw new BlobError('storage_error', `${provider}: no answer within ${callMsMax} ms`, { cause: thrown });
      throw faultOf(provider, thrown);
    }
  };
  return {
    scheme: provider,
    bucket,
    write: async (key, bytes, media_type) => {
      const { PutObjectCommand } = await import('@aws-sdk/client-s3');
      const put = new PutObjectCommand({ Bucket: bucket, Key: key, Body: bytes, ContentType: media_type });
      // Nothing is absent when one writes, whatever the server calls it.
      const written = await within(async (client, abortSignal) => {
        await client.send(put, { abortSignal });
        return true;
      }, false);
      if (!written) throw new BlobError('misconfigured', `${provider}: there is no such bucket`);
    },
    read: async (key) => {
      const { GetObjectCommand } = await import('@aws-sdk/client-s3');
      return within<Uint8Array | undefined>(async (client, abortSignal) => {
        const stop = new AbortController();
        const signal = AbortSignal.any([abortSignal, stop.signal]);
        const got = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }), { abortSignal: signal });
        if ((got.ContentLength ?? Infinity) > shelvedBytesMax) {
          stop.abort();
          throw new BlobError('storage_error', `${provider}: what lies there is none of ours`);
        }
        return got.Body?.transformToByteArray();
      });
    },
    has: async (key) => {
      const { HeadObjectCommand } = await import('@aws-sdk/client-s3');
      return within(async (client, abortSignal) => {
        await client.send(new HeadObjectCommand({ Bucket: bucket, Key: key }), { abortSignal });
        return true;
      }, false);
    },
  };
};
