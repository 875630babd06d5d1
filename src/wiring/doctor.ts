import { providers } from '../adapters/models/model.ts';
import type { Config } from '../config.ts';
import type { Journal } from '../ports.ts';
import { keyMissingFor } from './model.ts';
import { openLog, openReadModels } from './world.ts';

interface Check {
  readonly name: string;
  readonly verdict: 'ok' | 'warn' | 'fail';
  readonly detail: string;
  readonly hint?: string;
}

const silent = (): void => undefined;
const journal: Journal = { debug: silent, info: silent, warn: silent, error: silent };

const failed = (name: string, error: unknown, hint: string): Check => ({
  name,
  verdict: 'fail',
  detail: error instanceof Error ? error.message : String(error),
  hint,
});

const logCheck = async (config: Config): Promise<Check> => {
  try {
    // Looking accepts nothing: what is lost is told here, too.
    const { log, kind } = await openLog({ ...config, accept_loss: false });
    const head = await log.head();
    await log.close();
    return { name: 'log', verdict: 'ok', detail: `${kind}, its last position is ${head}` };
  } catch (error) {
    const hint = 'stop the server that has it open; where its files are damaged, restore the folder from a backup';
    return failed('log', error, config.eventstore_url === undefined ? hint : 'check EVENTSTORE_URL');
  }
};

const databaseCheck = async (config: Config): Promise<Check> => {
  try {
    const database = await openReadModels(config, journal);
    const detail = `${database.kind}, ${database.vector ? 'with' : 'without'} pgvector`;
    await database.close();
    return { name: 'read models', verdict: 'ok', detail };
  } catch (error) {
    const hint = 'stop the server that has it open';
    return failed('read models', error, config.database_url === undefined ? hint : 'check DATABASE_URL');
  }
};

/** Looks at the model without calling it. */
export const modelCheck = ({ model }: Pick<Config, 'model'>): Check => {
  const { provider, fallback_provider: other } = model;
  const known: readonly string[] = providers;
  if (provider !== undefined && !known.includes(provider))
    return failed('model', `there is no provider called ${provider}`, `LLM_PROVIDER is one of ${known.join(', ')}`);
  if (provider === undefined || provider === 'noop')
    return { name: 'model', verdict: 'warn', detail: 'none: every turn ends as disabled', hint: 'set LLM_PROVIDER' };
  if (provider === other)
    return failed(
      'model',
      `${provider} is to help out ${provider}`,
      'LLM_FALLBACK_PROVIDER is another than LLM_PROVIDER',
    );
  const detail = other === undefined ? provider : `${provider}, and where it fails ${other}`;
  for (const asked of [provider, other]) {
    const missing = keyMissingFor(asked, model);
    if (missing !== undefined)
      return { name: 'model', verdict: 'warn', detail: `${detail}; ${asked} has no key`, hint: `set ${missing}` };
  }
  return { name: 'model', verdict: 'ok', detail };
};

/** Opens what a server would open, looks, and closes it again. */
export const examine = async (config: Config): Promise<readonly Check[]> => [
  ...(await Promise.all([logCheck(config), databaseCheck(config)])),
  modelCheck(config),
];
