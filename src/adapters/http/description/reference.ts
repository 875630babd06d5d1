import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import fastify from 'fastify';

/** The reference page's script, compressed, as the library ships it. */
type Script = Buffer;

/**
 * Loads the script of the reference page when somebody first asks for it: it is four megabytes, and loading it with the
 * server would cost every start half a second and every node 25 MB. The library gives it out through a server only.
 */
const load = async (): Promise<Script> => {
  const { default: reference } = await import('@scalar/fastify-api-reference');
  const shelf = fastify();
  await shelf.register(reference, { routePrefix: '/docs', configuration: { url: '/openapi.json' } });
  const { body } = await shelf.inject('/docs/js/scalar.js');
  await shelf.close();
  return promisify(gzip)(body);
};

/** The page asks nobody but this server: the policy holds the browser to it, whatever the script would like to fetch. */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data: blob:",
  "font-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Acta reference</title>
<link rel="icon" href="data:,">
</head>
<body>
<div id="reference"></div>
<script src="/docs/reference.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
`;

const settings = {
  url: '/openapi.json',
  withDefaultFonts: false,
  telemetry: false,
  hideClientButton: true,
  showDeveloperTools: 'never',
  agent: { disabled: true },
  mcp: { disabled: true },
};
const start = `Scalar.createApiReference('#reference', ${JSON.stringify(settings)});\n`;

export interface Page {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: () => Promise<string | Buffer>;
}

/** The reference at `/docs`: a page, the script, and how it is started. */
export const referencePages = (): readonly Page[] => {
  let script: Promise<Script> | undefined;
  const javascript = { 'Content-Type': 'text/javascript; charset=utf-8', 'Cache-Control': 'private, max-age=3600' };
  return [
    {
      path: '/docs',
      headers: { 'Content-Type': 'text/html; charset=utf-8', 'Content-Security-Policy': policy },
      body: () => Promise.resolve(html),
    },
    { path: '/docs/start.js', headers: javascript, body: () => Promise.resolve(start) },
    {
      path: '/docs/reference.js',
      headers: { ...javascript, 'Content-Encoding': 'gzip' },
      body: () => {
        script ??= load().catch((error: unknown) => {
          script = undefined;
          throw error;
        });
        return script;
      },
    },
  ];
};
