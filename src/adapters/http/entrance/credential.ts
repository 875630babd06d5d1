import type { IncomingHttpHeaders } from 'node:http';

const lengthMax = 512;
const bearer = /^bearer +(\S+) *$/i;

/** What the caller showed: one key, nothing, or something that cannot be a key. */
export type Shown = { readonly key: string | undefined; readonly plausible: boolean };

const nothing: Shown = { key: undefined, plausible: true };
const implausible: Shown = { key: undefined, plausible: false };

/**
 * The key of a request, from `Authorization: Bearer` or from `X-AOS-Key` (requirements A26). Two that differ, another
 * scheme or an endless text is not taken for one of them.
 */
export const credentialOf = (headers: IncomingHttpHeaders): Shown => {
  const { authorization } = headers;
  const named = headers['x-aos-key'];
  if (authorization === undefined && named === undefined) return nothing;
  const borne = authorization === undefined ? undefined : bearer.exec(authorization)?.[1];
  if (authorization !== undefined && borne === undefined) return implausible;
  if (Array.isArray(named) || (borne !== undefined && named !== undefined && borne !== named)) return implausible;
  const key = borne ?? named;
  return key === undefined || key === '' || key.length > lengthMax ? implausible : { key, plausible: true };
};
