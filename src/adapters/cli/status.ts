import { Failure, exits } from './exits.ts';
import type { Occasion } from './occasion.ts';
import { render } from './terminal/render.ts';

/** `acta status`: what runs there, and whether it is ready. Ends with 1 when it is not. */
export const status = async (occasion: Occasion): Promise<void> => {
  const server = occasion.client();
  const get = async (path: string): Promise<unknown> => (await server.ask({ method: 'GET', path })).body;
  const version = await get('/version');
  let unready: Failure | undefined;
  try {
    await get('/ready');
  } catch (error) {
    if (!(error instanceof Failure) || error.document?.code !== 'not_ready') throw error;
    unready = error;
  }
  const about = typeof version === 'object' && version !== null ? version : {};
  await render({ url: server.url, ready: unready === undefined, ...about }, [], occasion.terminal);
  if (unready !== undefined) throw new Failure(exits.failed, unready.message);
};
