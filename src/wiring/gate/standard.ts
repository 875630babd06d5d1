import { calendarCapabilities } from '../../adapters/capabilities/calendar/calendar.capabilities.ts';
import { dataCapabilities } from '../../adapters/capabilities/data/data.ts';
import { emailCapabilities } from '../../adapters/capabilities/email/email.capabilities.ts';
import { fileCapabilities } from '../../adapters/capabilities/files/files.ts';
import { guardedFetch, type GuardedFetch } from '../../adapters/capabilities/net/guarded.fetch.ts';
import { netCapabilities } from '../../adapters/capabilities/net/net.capabilities.ts';
import { scriptCapabilities } from '../../adapters/capabilities/script/script.capabilities.ts';
import { stubCapabilities } from '../../adapters/capabilities/stubs/stubs.ts';
import { sysCapabilities } from '../../adapters/capabilities/sys/sys.capabilities.ts';
import { textCapabilities } from '../../adapters/capabilities/text/text.ts';
import { commandSandbox } from '../../adapters/sandbox/command.sandbox.ts';
import { scriptSandbox } from '../../adapters/sandbox/script.sandbox.ts';
import type { Config } from '../../config.ts';
import type { BlobStore, Capability, Clock } from '../../ports.ts';

/** What is built in, and what has to be closed when the node stops. */
export interface StandardLibrary {
  readonly capabilities: readonly Capability[];
  readonly http: GuardedFetch;
  readonly close: () => Promise<void>;
}

const hostOf = (address: string): string => {
  const { hostname, port, protocol } = new URL(address);
  return `${hostname}:${port || (protocol === 'https:' ? '443' : '80')}`;
};

/** A way out to one server that the operator has named, wherever it stands. */
const wayTo = (address: string, allow: readonly string[]): GuardedFetch =>
  guardedFetch({ allow: [...allow, hostOf(address)] });

/** The standard library (requirements W80–W83, A42, A43, D50), as the environment lets it work. */
export const standardLibrary = async ({ gate }: Config, blobs: BlobStore, clock: Clock): Promise<StandardLibrary> => {
  const { workspace, outbox, http_allow, http_idempotent, smtp_url, mail_from, caldav } = gate;
  const [scripts, commands] = await Promise.all([scriptSandbox(), commandSandbox()]);
  const http = guardedFetch({ allow: http_allow });
  const calendar = caldav === undefined ? undefined : wayTo(caldav.url, http_allow);
  const capabilities = [
    ...stubCapabilities(),
    ...fileCapabilities({ root: workspace, blobs }),
    ...dataCapabilities(),
    ...textCapabilities(),
    ...sysCapabilities({ clock, env: process.env, sandbox: commands.sandbox, reason: commands.reason, workspace }),
    ...scriptCapabilities({ sandbox: scripts.sandbox, reason: scripts.reason }),
    ...netCapabilities({ http, idempotent_hosts: http_idempotent }),
    ...emailCapabilities({ from: mail_from, outbox, ...(smtp_url === undefined ? {} : { smtp: { url: smtp_url } }) }),
    ...calendarCapabilities({
      clock,
      organizer: mail_from,
      outbox,
      ...(caldav === undefined || calendar === undefined ? {} : { caldav: { ...caldav, http: calendar } }),
    }),
  ];
  return {
    capabilities,
    http,
    close: async () => {
      await Promise.all([scripts.sandbox?.close(), http.close(), calendar?.close()]);
    },
  };
};
