import { readFileSync } from 'node:fs';

/** The release that is run with Acta is the one the contract is run on. */
const image = (): string => {
  const compose = readFileSync(new URL('../../docker-compose.yml', import.meta.url), 'utf8');
  const [, found] = /image: (kurrentplatform\/kurrentdb:\S+)/.exec(compose) ?? [];
  if (found === undefined) throw new Error('docker-compose.yml names no KurrentDB');
  return found;
};

const port = 2113;
const startMsMax = 120_000;

export interface EventStore {
  readonly url: string;
  readonly stop: () => Promise<void>;
}

/**
 * A real server to run the contract on: the one of `EVENTSTORE_URL`, or one in a container where there is Docker.
 * Undefined where there is neither.
 */
export const findEventStore = async (): Promise<EventStore | undefined> => {
  const given = process.env['EVENTSTORE_URL'];
  if (given !== undefined && given !== '') return { url: given, stop: async () => {} };
  // Loaded only here: it takes half a second.
  const { GenericContainer, getContainerRuntimeClient, Wait } = await import('testcontainers');
  const engine = await getContainerRuntimeClient().catch(() => undefined);
  if (engine === undefined) return undefined;
  const container = await new GenericContainer(image())
    .withEnvironment({ KURRENTDB_INSECURE: 'true', KURRENTDB_MEM_DB: 'true', KURRENTDB_RUN_PROJECTIONS: 'None' })
    .withExposedPorts(port)
    .withWaitStrategy(Wait.forHttp('/health/live', port).forStatusCode(204))
    .withStartupTimeout(startMsMax)
    .start();
  return {
    url: `esdb://${container.getHost()}:${container.getMappedPort(port)}?tls=false`,
    stop: async () => void (await container.stop()),
  };
};
