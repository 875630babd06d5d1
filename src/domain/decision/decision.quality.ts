import type { DecisionFacts } from '../gate/guardrail.ts';
import type { DecisionContent } from './decision.events.ts';

const structureCharsMax = 200;
const hundredths = 100;

type Scored = Pick<DecisionContent, 'tags' | 'reasons' | 'pattern' | 'context'>;

const isSaid = (text: string | null): boolean => text !== null && text.trim() !== '';

/**
 * How well a decision is founded, 0 to 1: a tag 0.25, a reason 0.25, a pattern 0.25, a context 0.15, reasons of two kinds 0.10
 * (requirements N30). Counted in hundredths, so that the sum is exact.
 */
export const qualityOf = ({ tags, reasons, pattern, context }: Scored): number => {
  const kinds = new Set(reasons.map(({ type }) => type)).size;
  const score =
    (tags.length > 0 ? 25 : 0) +
    (reasons.length > 0 ? 25 : 0) +
    (isSaid(pattern) ? 25 : 0) +
    (isSaid(context) ? 15 : 0) +
    (kinds >= 2 ? 10 : 0);
  return score / hundredths;
};

/** What guardrails look at, of what is decided. */
export const factsOf = (content: Scored & Pick<DecisionContent, 'stakes' | 'confidence'>): DecisionFacts => {
  const { stakes, confidence, reasons } = content;
  return { stakes, confidence, reason_count: reasons.length, quality: qualityOf(content) };
};

/** Up to and with the first full stop, question mark or exclamation mark that ends a sentence. */
const firstSentence = (text: string): string => /^[\s\S]*?[.!?](?=\s|$)/.exec(text.trim())?.[0] ?? text.trim();

/** Cut where no character is torn. */
const cut = (text: string, charsMax: number): string => text.slice(0, charsMax).toWellFormed();

/**
 * What a decision is and what it is for, so that one can be found by either: the first sentence of the description, and the
 * pattern or else the first sentence of the context (requirements N31).
 */
export const bridgeOf = ({
  description,
  pattern,
  context,
}: Pick<DecisionContent, 'description' | 'pattern' | 'context'>) => ({
  structure: cut(firstSentence(description), structureCharsMax),
  function: pattern !== null && isSaid(pattern) ? pattern : cut(firstSentence(context ?? ''), 2_000),
});
