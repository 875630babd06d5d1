import { createHash } from 'node:crypto';
import { readdirSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { ask, askFresh, dataFolder, startHere, type Body } from '../../support/acta.ts';
import { policyWith, proposed, runEnd, runOf, step, underPolicy } from '../../support/gated.ts';

const allowing = policyWith({ rules: [], otherwise: 'allow' });

/** Bytes as a client would check them: against what the answer says that they are. */
const fetched = async (url: string, artifact_id: string, headers: Readonly<Record<string, string>> = {}) => {
  const response = await fetch(`${url}/artifacts/${artifact_id}/content`, { headers });
  return { response, bytes: Buffer.from(await response.arrayBuffer()) };
};
const sha256 = (bytes: Buffer, encoding: 'hex' | 'base64') => createHash('sha256').update(bytes).digest(encoding);

const filesIn = (folder: string): readonly string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => path.join(folder, name))
    .filter((file) => statSync(file).isFile());

/** A node on which `echo` has left an artifact, and all artifacts of that run. */
const echoed = async () => {
  const folder = await dataFolder();
  const { url } = await startHere(folder, underPolicy(folder, allowing));
  const { body } = await proposed(url, [step('say', 'echo', { payload: { said: 'in full' } })]);
  const run_id = await runOf(url, body.directive_id);
  await runEnd(url, run_id);
  const artifacts: readonly Body[] = (await askFresh(url, `/runs/${run_id}/artifacts?limit=50`)).body.data;
  const left = artifacts.find(({ type }) => type === 'echo_result');
  return { folder, url, artifacts, left };
};

it('every artifact of a run is served as the bytes that its digest says, and as a file that no browser runs', async () => {
  const { url, artifacts } = await echoed();
  const types = new Set(artifacts.map(({ type }) => type));
  expect(types).toEqual(
    new Set([
      'policy_evaluation',
      'execution_start',
      'module_execution',
      'execution_checkpoint',
      'echo_result',
      'execution_end',
    ]),
  );
  for (const { artifact_id, digest, bytes: length, media_type } of artifacts) {
    const { response, bytes } = await fetched(url, artifact_id);
    expect(response.status).toBe(200);
    expect(`sha256:${sha256(bytes, 'hex')}`).toBe(digest);
    expect(bytes.length).toBe(length);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': media_type,
      'content-disposition': 'attachment',
      'content-security-policy': "default-src 'none'; sandbox",
      'repr-digest': `sha-256=:${sha256(bytes, 'base64')}:`,
      'x-content-type-options': 'nosniff',
    });
    const again = await fetched(url, artifact_id, { 'if-none-match': response.headers.get('etag') ?? '' });
    expect(again.response.status).toBe(304);
  }
});

it('what was changed or lost in the store is not served, and an id of nothing is none', async () => {
  const { folder, url, left } = await echoed();
  const [file = ''] = filesIn(path.join(folder, 'artifacts'));
  writeFileSync(file, 'something else');
  expect(await ask(url, `/artifacts/${left.artifact_id}/content`)).toMatchObject({
    status: 503,
    body: { code: 'artifact_unavailable', fault: 'storage_error' },
  });
  const nobody = await ask(url, '/artifacts/0198d7a0-0000-7000-8000-000000000016/content');
  expect(nobody).toMatchObject({ status: 404, body: { code: 'not_found' } });
});
