import type { IncomingHttpHeaders } from 'node:http';

/** The media types of bodies. */
export const jsonBodies = /^application\/(?:[\w.-]+\+)?json(?:;|$)/;

const charset = /;\s*charset\s*=\s*"?([^\s";]*)/gi;
const utf8 = /^utf-?8$/i;

/** What the headers say of a body that makes its bytes something else than JSON in UTF-8; it would be read as garbage. */
export const foreignBody = (headers: IncomingHttpHeaders): string | undefined => {
  const codings = (headers['content-encoding'] ?? '').split(',').map((coding) => coding.trim().toLowerCase());
  if (codings.some((coding) => coding !== '' && coding !== 'identity'))
    return 'bodies are read as they are: send them without Content-Encoding';
  const charsets = [...(headers['content-type'] ?? '').matchAll(charset)];
  return charsets.every(([, name = '']) => utf8.test(name))
    ? undefined
    : 'bodies are JSON in UTF-8, without another charset';
};
