import { BlobError, type BlobFault, type CapabilityFault } from '../../../ports.ts';
import { failure, type Failure } from '../failure.ts';

/** Why a file was not touched; thrown within this folder only, and answered as a failure. */
export class Refusal extends Error {
  readonly fault: CapabilityFault;
  readonly happened: 'no' | 'unknown';
  constructor(fault: CapabilityFault, message: string, happened: 'no' | 'unknown' = 'no') {
    super(message);
    this.name = 'Refusal';
    this.fault = fault;
    this.happened = happened;
  }
}

type Told = readonly [CapabilityFault, string];

const linked: Told = ['permission_denied', 'a part of the path is a link, or no folder; links are not followed'];

const byCode: Readonly<Record<string, Told>> = {
  ENOENT: ['not_found', 'there is no such file or folder'],
  ENOTDIR: linked,
  ELOOP: linked,
  EMLINK: linked,
  EACCES: ['permission_denied', 'the system does not permit it'],
  EPERM: ['permission_denied', 'the system does not permit it'],
  EROFS: ['permission_denied', 'the workspace is read-only'],
  ENXIO: ['permission_denied', 'neither a file nor a folder'],
  EXDEV: ['permission_denied', 'it lies on another file system'],
  EEXIST: ['already_exists', 'it exists already'],
  ENOTEMPTY: ['already_exists', 'the folder is not empty'],
  EISDIR: ['invalid_arguments', 'it is a folder'],
  ENAMETOOLONG: ['invalid_arguments', 'the name is too long'],
  ENOSPC: ['limit_exceeded', 'the disk is full'],
  EDQUOT: ['limit_exceeded', 'the quota is used up'],
  EMFILE: ['unavailable', 'too many files are open'],
};

const byBlobFault: Readonly<Record<BlobFault, CapabilityFault>> = {
  disabled: 'disabled',
  misconfigured: 'unavailable',
  storage_error: 'unavailable',
  not_found: 'failed',
  size_exceeded: 'limit_exceeded',
  serialization: 'internal',
};

export const codeOf = (thrown: unknown): string | undefined =>
  thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : undefined;

/** What was thrown, as a failure whose words name no path of the machine; what nobody foresaw is thrown on. */
export const failureOf = (thrown: unknown): Failure => {
  if (thrown instanceof Refusal) return failure(thrown.fault, thrown.message, { happened: thrown.happened });
  if (thrown instanceof BlobError)
    return failure(byBlobFault[thrown.fault], `what was there before cannot be kept or found: ${thrown.message}`);
  const told = byCode[codeOf(thrown) ?? ''];
  if (told === undefined) throw thrown;
  return failure(...told);
};
