import { describe, expect, it } from 'vitest';
import { WorkspacePath } from '../../src/adapters/capabilities/files/workspace.path.ts';
import { netCapabilities } from '../../src/adapters/capabilities/net/net.capabilities.ts';
import { authorize } from '../../src/domain/gate/authorize.ts';
import { policyOf, questionOf, ruleOf, specOf } from './gate.story.ts';

/** What a policy says of an argument as a capability has read it. */
const decided = (args: object, path: string, like: string): string => {
  const when = { arguments: [{ path, is: 'like' as const, value: [like] }] };
  const policy = policyOf({ rules: [ruleOf('no', { when, decision: 'deny' })], otherwise: 'allow' });
  return authorize(questionOf({ args }), specOf({}), policy).decision;
};

const [get] = netCapabilities({
  http: { fetch: () => Promise.reject(new Error('nobody asks')), close: async () => {} },
});
const urlOf = (url: string): string => {
  const accepted = get?.accepts({ url });
  if (accepted?.ok !== true) throw new Error(`${url} is not accepted`);
  return (accepted.args as { readonly url: string }).url;
};

describe('a path', () => {
  it.each(['secret/key', './secret/key', 'secret//key', './/secret/./key', 'secret/key/'])(
    'is the same to the policy however it is spelled: %s',
    (path) => {
      expect(decided({ path: WorkspacePath.parse(path) }, 'path', 'secret/*')).toBe('deny');
      expect(WorkspacePath.parse(path)).toBe('secret/key');
    },
  );

  it('of the workspace itself is a dot', () =>
    expect(['.', './', './.'].map((path) => WorkspacePath.parse(path))).toEqual(['.', '.', '.']));
});

describe('a URL', () => {
  it.each([
    'https://inner.example/admin/keys',
    'HTTPS://INNER.example/admin/keys',
    'https://inner.example:443/admin/keys',
    'https://inner.example./admin/keys',
    'https://inner.example/public/../admin/keys',
    'https://inner.example/public/%2e%2E/admin/keys',
    'https://inner.example/%61dmin/keys',
    'https://inner.example/admin/keys#part',
  ])('is the same to the policy however it is spelled: %s', (url) => {
    expect(urlOf(url)).toBe('https://inner.example/admin/keys');
    expect(decided({ url: urlOf(url) }, 'url', 'https://inner.example/admin/*')).toBe('deny');
  });

  it('keeps what means something', () =>
    expect(urlOf('https://one.example/a%2fb?q=%3d%26&r=a+b')).toBe('https://one.example/a%2Fb?q=%3D%26&r=a+b'));

  it('has the same spelling when it is read again', () => {
    for (const odd of ['/%2561?%2541', '/%%36%31', '/%25%36%31', '/%%%33%36%33%31', '/%u0061?ü=%C3%BC'])
      expect(urlOf(urlOf(`https://one.example${odd}`))).toBe(urlOf(`https://one.example${odd}`));
  });
});
