import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { styleText } from 'node:util';

export type Environment = Readonly<Record<string, string | undefined>>;
type Style = Parameters<typeof styleText>[0];

export type Output = Writable & { readonly isTTY?: boolean; readonly columns?: number };
export type Input = Readable & { readonly isTTY?: boolean };

/** In which form a result is written: for a person, one JSON document, a JSON document a line, or tab-separated. */
export type Form = 'human' | 'json' | 'ndjson' | 'plain';

/** How progress is told: one line redrawn, a line now and then, JSON lines, or not at all. */
export type ProgressForm = 'bar' | 'lines' | 'json' | 'none';

/** The two streams, and what may be done to them. Results go to stdout, everything else to stderr (clig.dev). */
export interface Terminal {
  readonly form: Form;
  readonly progress: ProgressForm;
  /** Somebody sits there: questions may be asked. */
  readonly interactive: boolean;
  /** stdout is a screen. */
  readonly screen: boolean;
  readonly columns: number;
  readonly stdin: Input;
  readonly stderr: Output;
  /** A part of the result. Waits while the reader is slow. */
  readonly write: (text: string) => Promise<void>;
  /** The result, or one line of it. */
  readonly print: (text: string) => Promise<void>;
  /** A hint or progress: silent with --quiet. */
  readonly note: (text: string) => void;
  /** What must be seen: a warning or an error. */
  readonly warn: (text: string) => void;
  /** Colours a text for stdout, where colours are shown. */
  readonly paint: (style: Style, text: string) => string;
  /** The same for stderr. */
  readonly tint: (style: Style, text: string) => string;
}

export interface Streams {
  readonly stdin: Input;
  readonly stdout: Output;
  readonly stderr: Output;
  readonly env: Environment;
}

/** The flags that every command takes, as commander names them. */
export interface Manners {
  readonly json?: boolean;
  readonly ndjson?: boolean;
  readonly plain?: boolean;
  readonly quiet?: boolean;
  readonly color?: boolean;
  readonly input?: boolean;
}

const columnsDefault = 80;

const formOf = ({ json, ndjson, plain }: Manners): Form =>
  ndjson === true ? 'ndjson' : json === true ? 'json' : plain === true ? 'plain' : 'human';

const progressOf = (manners: Manners, { stderr, env }: Streams): ProgressForm => {
  const asked = env['ACTA_PROGRESS'];
  if (asked === 'bar' || asked === 'lines' || asked === 'json' || asked === 'none') return asked;
  if (manners.quiet === true) return 'none';
  if (manners.json === true || manners.ndjson === true) return 'json';
  return stderr.isTTY === true && env['TERM'] !== 'dumb' ? 'bar' : 'lines';
};

/** Colours are for screens that can show them, and for people who did not say no (no-color.org). */
const hasColours = (stream: Output, { color }: Manners, env: Environment): boolean =>
  stream.isTTY === true && color !== false && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb';

export const terminal = (streams: Streams, manners: Manners): Terminal => {
  const { stdin, stdout, stderr, env } = streams;
  const form = formOf(manners);
  const painter =
    (shown: boolean) =>
    (style: Style, text: string): string =>
      shown ? styleText(style, text, { validateStream: false }) : text;
  const write = async (text: string): Promise<void> => {
    if (!stdout.write(text) && !stdout.destroyed) await Promise.race([once(stdout, 'drain'), once(stdout, 'close')]);
  };
  const warn = (text: string): void => void stderr.write(`${text}\n`);
  return {
    form,
    progress: progressOf(manners, streams),
    interactive: stdin.isTTY === true && stderr.isTTY === true && manners.input !== false,
    screen: stdout.isTTY === true && form === 'human',
    columns: stdout.columns ?? columnsDefault,
    stdin,
    stderr,
    write,
    print: (text) => write(`${text}\n`),
    note: (text) => {
      if (manners.quiet !== true) warn(text);
    },
    warn,
    paint: painter(form === 'human' && hasColours(stdout, manners, env)),
    tint: painter(hasColours(stderr, manners, env)),
  };
};
