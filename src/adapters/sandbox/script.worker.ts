import { engineNames, Asked, inWords, type ScriptEngine, type Told } from './script.engine.ts';
import { resultCharsMax } from './limits.ts';

/** The program of a process that runs scripts, one at a time, for whoever started it and has nothing else to do. */
const engineOf = async (name: string | undefined): Promise<ScriptEngine> =>
  name === engineNames[0]
    ? (await import('./isolated.engine.ts')).isolatedEngine()
    : await (await import('./quickjs.engine.ts')).quickjsEngine();

const say = (told: Told | { readonly ready: boolean; readonly reason?: string }): void => {
  process.send?.(told);
};

const bounded = (told: Told): Told =>
  told.ok && told.json.length > resultCharsMax
    ? { ok: false, fault: 'too_large', message: `the result is beyond ${resultCharsMax} characters` }
    : told;

try {
  const engine = await engineOf(process.argv[2]);
  process.on('message', (message) => {
    void engine.run(Asked.parse(message)).then(
      (told) => say(bounded(told)),
      (error: unknown) => say({ ok: false, fault: 'failed', message: inWords(error), spent: true }),
    );
  });
  say({ ready: true });
} catch (error) {
  say({ ready: false, reason: inWords(error) });
}
