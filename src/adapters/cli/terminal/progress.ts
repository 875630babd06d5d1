import type { Terminal } from './terminal.ts';

/** How far some work has come. Numbers that are not known yet are absent. */
export interface Step {
  readonly name: string;
  readonly phase: string;
  readonly done: number | undefined;
  readonly total: number | undefined;
  readonly per_second: number | undefined;
  readonly eta_ms: number | undefined;
  /** What JSON lines carry beside it. */
  readonly operation_id: string;
}

export interface Progress {
  readonly step: (step: Step) => void;
  /** Something that must be seen, above the line that is redrawn. */
  readonly warn: (text: string) => void;
  /** Takes the redrawn line away. */
  readonly end: () => void;
}

/** A screen is redrawn at most ten times a second; a log gets a line every ten seconds or ten per cent. */
const redrawMs = 100;
const lineMs = 10_000;
const linePercent = 10;
const barCells = 28;

const percentOf = ({ done, total }: Step): number | undefined =>
  done === undefined || total === undefined
    ? undefined
    : total <= 0
      ? 100
      : Math.min(100, Math.floor((done / total) * 100));

const grouped = (value: number): string => String(Math.round(value)).replaceAll(/\B(?=(?:\d{3})+$)/g, ' ');

const secondsOf = (ms: number): string => `${Math.ceil(ms / 1000)} s`;

/** `replaying  ████░░░░  71 %  744 310/1 048 581  9 430 ev/s  ETA 32 s` */
const barOf = (step: Step): string => {
  const percent = percentOf(step);
  const full = Math.floor(((percent ?? 0) / 100) * barCells);
  return [
    step.phase,
    '█'.repeat(full) + '░'.repeat(barCells - full),
    percent === undefined ? undefined : `${percent} %`,
    step.done === undefined ? undefined : `${grouped(step.done)}/${grouped(step.total ?? step.done)}`,
    step.per_second === undefined ? undefined : `${grouped(step.per_second)} ev/s`,
    step.eta_ms === undefined ? undefined : `ETA ${secondsOf(step.eta_ms)}`,
  ]
    .filter((part) => part !== undefined)
    .join('  ');
};

const lineOf = (step: Step, now: number): string =>
  [
    new Date(now).toISOString().replace(/\.\d+Z$/, 'Z'),
    step.name,
    step.phase,
    `${percentOf(step) ?? '?'}%`,
    step.done === undefined ? undefined : `${step.done}/${step.total ?? '?'}`,
    step.per_second === undefined ? undefined : `${Math.round(step.per_second)} ev/s`,
    step.eta_ms === undefined ? undefined : `eta ${secondsOf(step.eta_ms)}`,
  ]
    .filter((part) => part !== undefined)
    .join(' ');

const bar = ({ stderr, warn }: Terminal, now: () => number): Progress => {
  let drawnAt = Number.NEGATIVE_INFINITY;
  let shown = '';
  const clear = '\r\u001b[2K';
  const draw = (text: string): void => {
    stderr.write(clear + text.slice(0, Math.max(20, (stderr.columns ?? 80) - 1)));
    shown = text;
  };
  return {
    step: (step) => {
      if (now() - drawnAt < redrawMs) return;
      drawnAt = now();
      draw(barOf(step));
    },
    warn: (text) => {
      const before = shown;
      if (before !== '') stderr.write(clear);
      warn(text);
      if (before !== '') draw(before);
    },
    end: () => {
      if (shown !== '') stderr.write(clear);
      shown = '';
    },
  };
};

const lines = ({ note, warn }: Terminal, now: () => number): Progress => {
  let saidAt = Number.NEGATIVE_INFINITY;
  let said: { readonly phase: string; readonly tenth: number } | undefined;
  return {
    step: (step) => {
      const tenth = Math.floor((percentOf(step) ?? 0) / linePercent);
      if (said?.phase === step.phase && said.tenth === tenth && now() - saidAt < lineMs) return;
      saidAt = now();
      said = { phase: step.phase, tenth };
      note(lineOf(step, saidAt));
    },
    warn,
    end: () => undefined,
  };
};

const jsonLines = ({ stderr }: Terminal): Progress => ({
  step: ({ name, operation_id, phase, done, total, per_second, eta_ms }) => {
    stderr.write(
      `${JSON.stringify({ event: 'progress', operation_id, name, phase, done, total, per_second, eta_ms })}\n`,
    );
  },
  warn: (text) => {
    stderr.write(`${JSON.stringify({ event: 'warning', message: text })}\n`);
  },
  end: () => undefined,
});

/** Tells of progress on stderr, in the form that suits whoever reads it. */
export const progress = (terminal: Terminal, now: () => number = () => Date.now()): Progress => {
  switch (terminal.progress) {
    case 'bar':
      return bar(terminal, now);
    case 'lines':
      return lines(terminal, now);
    case 'json':
      return jsonLines(terminal);
    case 'none':
      return { step: () => undefined, warn: terminal.warn, end: () => undefined };
  }
};
