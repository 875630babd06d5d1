import { createTransport } from 'nodemailer';
import { failure, type Failure } from '../failure.ts';
import { messageIdOf, messageOf, type Email } from './email.message.ts';

export interface SmtpSettings {
  /** `smtp://` or `smtps://`, with user and password where the server wants them; nothing of it is ever in a message. */
  readonly url: string;
  readonly connect_timeout_ms?: number;
  readonly timeout_ms?: number;
}

export interface Sent {
  readonly accepted: readonly string[];
  readonly rejected: readonly string[];
  readonly message_id: string;
}

interface SmtpError {
  readonly code?: unknown;
  readonly responseCode?: unknown;
}

const connectMsMax = 10_000;
const totalMsMax = 30_000;

/**
 * What an error of the library comes to. A refusal of the server is `no`: it answers 4xx or 5xx for what it did not take.
 * What breaks off or is late after the content `began` to be sent is unknown: it may have been taken.
 */
export const failureOf = (thrown: unknown, began: boolean): Failure => {
  const { code, responseCode } = (thrown ?? {}) as SmtpError;
  if (typeof responseCode === 'number' && responseCode >= 400) {
    const isAuth = code === 'EAUTH' || responseCode === 530 || responseCode === 535;
    if (isAuth) return failure('permission_denied', `the mail server answered ${responseCode}: it does not know us`);
    if (responseCode < 500)
      return failure('unavailable', `the mail server answered ${responseCode}: not now`, { retryable: true });
    return failure('failed', `the mail server answered ${responseCode}: it takes no such message`);
  }
  const word = typeof code === 'string' ? code : 'no code';
  if (!began)
    return failure(code === 'ETIMEDOUT' ? 'timeout' : 'unavailable', `the mail server could not be used (${word})`);
  return failure(
    code === 'ETIMEDOUT' ? 'timeout' : 'third_party',
    `the connection ended after the message began (${word})`,
    {
      happened: 'unknown',
      retryable: false,
    },
  );
};

/**
 * Hears when the server asks for the content. The library's errors do not say it: one that cuts the connection after the
 * last line looks like one that never was.
 */
const listening = () => {
  const heard = { began: false };
  const hear = (entry: unknown, said: unknown): void => {
    const { tnx } = (entry ?? {}) as { readonly tnx?: unknown };
    if (tnx === 'server' && typeof said === 'string' && said.startsWith('354')) heard.began = true;
  };
  const nothing = (): void => undefined;
  const logger = {
    level: nothing,
    trace: nothing,
    debug: hear,
    info: nothing,
    warn: nothing,
    error: nothing,
    fatal: nothing,
  };
  return { heard, logger };
};

/** Sends an email over SMTP, once; answers whom the server took it for. */
export const sentOverSmtp = async (
  email: Email,
  from: string,
  key: string,
  settings: SmtpSettings,
  signal: AbortSignal,
): Promise<Sent | Failure> => {
  const { heard, logger } = listening();
  const transport = createTransport({
    logger,
    transactionLog: true,
    url: settings.url,
    connectionTimeout: settings.connect_timeout_ms ?? connectMsMax,
    greetingTimeout: settings.connect_timeout_ms ?? connectMsMax,
    socketTimeout: settings.timeout_ms ?? totalMsMax,
    dnsTimeout: settings.connect_timeout_ms ?? connectMsMax,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  const stopped = Promise.withResolvers<Failure>();
  const stop = (): void =>
    stopped.resolve(
      failure('timeout', 'the sending was stopped', { happened: heard.began ? 'unknown' : 'no', retryable: false }),
    );
  signal.addEventListener('abort', stop, { once: true });
  const sending = transport.sendMail(messageOf(email, from, key)).then(
    ({ accepted, rejected }): Sent => ({
      accepted: accepted.map(String),
      rejected: rejected.map(String),
      message_id: messageIdOf(key, from),
    }),
    (error: unknown) => failureOf(error, heard.began),
  );
  try {
    return await Promise.race([sending, stopped.promise]);
  } finally {
    signal.removeEventListener('abort', stop);
    transport.close();
  }
};
