import { dice } from '../../storage-lab/dice.ts';

/** A directive that somebody hostile might send: most are wrong in one way or another, some are harmless. */
export interface Hostile {
  readonly steps: readonly unknown[];
  readonly more: Readonly<Record<string, unknown>>;
}

const capabilities = [
  'noop',
  'noop',
  'io.fs.read_file',
  'io.fs.read_file',
  'io.fs.write_file',
  'io.fs.delete',
  'net.http.get',
  'net.http.post',
  'sys.exec.run',
  'js.eval',
  'policy.activate',
  'NOOP',
  'noop ',
  'noop\u0000',
  'no\u200bop',
  'noop.extra',
  'io.fs.read_file.',
  '*',
  '__proto__',
  'constructor',
  '',
] as const;

const paths = [
  'open/a.txt',
  'open/b.txt',
  'open/../secret.txt',
  'secret.txt',
  './open/a.txt',
  'open//a.txt',
  '/etc/passwd',
  'open/..%2fsecret.txt',
  'open\\..\\secret.txt',
  'ｏpen/a.txt',
  'open/\u202etxt.a',
  '{{first.message}}',
  'open/{{first.message}}',
  '',
];

const messages = [
  'hello',
  'open/a.txt',
  '../secret.txt',
  '{{second.message}}',
  '{{first.message}}',
  'x'.repeat(2_000),
  '\u202e',
];
const scopes = ['development', 'production', 'development\u0000', '*', 'dev', ''];

/** So many of them, the same for the same seed. `ledger` is where nothing may arrive, `canary` what nobody may touch. */
export const hostileDirectives = (count: number, seed: number, ledger: string, canary: string): readonly Hostile[] => {
  const chance = dice(seed);
  const one = <T>(of: readonly T[]): T => of[Math.floor(chance() * of.length)] as T;
  const argsFor = (capability_id: string): unknown => {
    if (chance() < 0.05) return one<unknown>([null, [], 'text', 7, { constructor: { prototype: { bad: true } } }]);
    switch (capability_id) {
      case 'noop':
        return chance() < 0.8 ? { message: one(messages) } : { message: one(messages), more: true };
      case 'io.fs.read_file':
        return { path: one(paths) };
      case 'io.fs.write_file':
        return { path: one([canary, 'open/a.txt', '../canary.txt']), content: 'written' };
      case 'io.fs.delete':
        return { path: one([canary, 'open/a.txt']) };
      case 'net.http.get':
        return { url: `${ledger}/${one(['get', '{{first.message}}'])}` };
      case 'net.http.post':
        return { url: `${ledger}/post`, body: 'canary' };
      case 'sys.exec.run':
        return { command: 'node', args: ['-e', `fetch('${ledger}/exec')`] };
      case 'js.eval':
        return { source: `fetch('${ledger}/eval')` };
      case 'policy.activate':
        return { version: 1, digest: `sha256:${'00'.repeat(32)}`, reason: 'open up' };
      default:
        return {};
    }
  };
  const step = (step_id: string, depends_on: readonly string[]): unknown => {
    const capability_id = one(capabilities);
    return {
      kind: chance() < 0.97 ? 'action' : one(['condition', 'parallel', 'ACTION']),
      step_id,
      capability_id,
      args: argsFor(capability_id),
      depends_on,
      ...(chance() < 0.06 ? { compensation: { capability_id: one(capabilities), args: {} } } : {}),
      ...(chance() < 0.03 ? { [one(['risk_level', 'approved', 'verdict', 'roles'])]: 'low' } : {}),
    };
  };
  const cycle = (): readonly unknown[] => [step('first', ['second']), step('second', ['first'])];
  return Array.from({ length: count }, (): Hostile => {
    const shape = chance();
    const steps =
      shape < 0.6
        ? [step('first', [])]
        : shape < 0.85
          ? [step('first', []), step('second', ['first'])]
          : shape < 0.9
            ? cycle()
            : shape < 0.95
              ? [step('first', one([['first'], ['nowhere'], []])), step('first', [])]
              : Array.from({ length: 40 }, (_, n) => step(`s${n}`, n === 0 ? [] : [`s${n - 1}`]));
    return {
      steps,
      more: {
        ...(chance() < 0.2 ? { scope: one(scopes) } : {}),
        ...(chance() < 0.05 ? { stakes: one(['low', 'high', 'critical', 'none']) } : {}),
        ...(chance() < 0.05 ? { budget: one(['lots', '$1', '-1', '1e9', '$999999']) } : {}),
        ...(chance() < 0.03 ? { actor: 'user:operator', roles: ['*'] } : {}),
      },
    };
  });
};
