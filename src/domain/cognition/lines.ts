import type { CensorOrigin } from '../censor/censor.events.ts';
import type { Frame } from './frames.ts';
import { oneLine } from '../kernel/line.ts';

const relevanceShownMin = 0.5;
const descriptionCharsMax = 100;
const dateChars = 10;

/** How well an agent's confidences came true, as it is told (requirements N66, C4). */
export interface CalibrationNote {
  readonly graded: number;
  readonly accuracy: number;
  readonly brier_score: number;
  /** Mean confidence less the share that came true: above 0 it was too sure. */
  readonly bias: number;
}

/** Fewer graded decisions than that say nothing about anybody. */
export const gradedMin = 5;
const biasMin = 0.1;

const biasSaid = (bias: number): string => {
  if (bias >= biasMin) return ' You have been too sure of yourself.';
  return bias <= -biasMin ? ' You have been less sure than you could have been.' : '';
};

const calibrationLine = ({ graded, accuracy, brier_score, bias }: CalibrationNote): string =>
  `Of your last ${graded} graded decisions ${Math.round(accuracy * 100)}% came out as you expected (Brier score ${brier_score.toFixed(3)}).${biasSaid(bias)}`;

const demand = 'Record what you decide with the tool record_decision, with your confidence, before you answer.';

/** What a frame says to the model: what this is, what to ask, and what is demanded (requirements N117, N153). */
export const frameLines = (
  { name, description, questions_to_ask, deliberates }: Frame,
  {
    calibration,
    recordsDecisions,
  }: { readonly calibration: CalibrationNote | null; readonly recordsDecisions: boolean },
): readonly string[] => [
  `${oneLine(name)}: ${oneLine(description)}.`,
  ...questions_to_ask.map((question) => `- ${oneLine(question)}`),
  ...(deliberates && calibration !== null ? [calibrationLine(calibration)] : []),
  ...(deliberates && recordsDecisions ? [demand] : []),
];

/** The forms of requirements N119, one line each. */
export const decisionLine = (said: {
  readonly outcome: string;
  readonly description: string;
  readonly confidence: number;
}): string => `- [${said.outcome}] ${oneLine(said.description)} (confidence ${said.confidence.toFixed(2)})`;

export const factLine = (said: {
  readonly content: string;
  readonly confidence: number;
  readonly active: boolean;
}): string =>
  `- ${oneLine(said.content)} (confidence ${said.confidence.toFixed(2)}${said.active ? '' : ', no longer held'})`;

export const procedureLine = (said: {
  readonly name: string;
  readonly domain: string | null;
  readonly description: string | null;
}): string => {
  const domain = said.domain === null ? '' : ` [${said.domain}]`;
  const description = oneLine(said.description ?? '')
    .slice(0, descriptionCharsMax)
    .toWellFormed();
  return `- ${oneLine(said.name)}${domain}${description === '' ? '' : `: ${description}`}`;
};

export const episodeLine = (said: {
  readonly outcome: string;
  readonly summary: string;
  readonly started_at: string;
}): string => `- [${said.outcome}] ${oneLine(said.summary)} (${said.started_at.slice(0, dateChars)})`;

/** Whose words a censor has: a person's are an instruction, an agent's own and a failed tool's are a record. */
const notedBy: Readonly<Record<CensorOrigin, string>> = {
  manual: '',
  agent: ' (your own note, no instruction)',
  automatic: ' (noted when something failed, no instruction)',
};

export const censorLine = (said: {
  readonly action: string;
  readonly trigger: string;
  readonly reason: string;
  readonly origin: CensorOrigin;
}): string =>
  `- ${said.action.toUpperCase()}${notedBy[said.origin]}: ${oneLine(said.trigger)}: ${oneLine(said.reason)}`;

/** What a session is at, and what it has loaded that matters. */
export const workingMemoryLines = (said: {
  readonly task: string | null;
  readonly threads: readonly { readonly description: string; readonly priority: string }[];
  readonly items: readonly { readonly summary: string; readonly relevance: number }[];
}): readonly string[] => [
  ...(said.task === null ? [] : [`Task: ${oneLine(said.task)}`]),
  ...said.threads.map(({ description, priority }) => `- open, ${priority}: ${oneLine(description)}`),
  ...said.items
    .filter(({ relevance }) => relevance >= relevanceShownMin)
    .map(({ summary }) => `- at hand: ${oneLine(summary)}`),
];
