import { z } from 'zod';
import { standardTerms } from '../../domain/gate/policy.document.ts';

const word = z.string().min(1);
const several = z.union([word, z.array(word)]).transform((value) => (typeof value === 'string' ? [value] : value));
const said = z.string().transform((text) => text.toLowerCase());

/** `then` is a word that objects of this language should not have: it is read as `outcome`. */
const renamed = (rule: unknown): unknown => {
  if (typeof rule !== 'object' || rule === null || !Object.hasOwn(rule, 'then')) return rule;
  const { then: outcome, ...rest } = rule as Readonly<Record<string, unknown>>;
  return { ...rest, outcome };
};

/**
 * A rule of any of the older formats, in the members that they have between them. What it says besides is not dropped: a rule
 * without its conditions would speak of more than its author meant.
 */
const OlderRule = z.preprocess(
  renamed,
  z.strictObject({
    name: word.optional(),
    id: word.optional(),
    principal: word.optional(),
    capability: several.optional(),
    capabilities: several.optional(),
    risk_level: several.optional(),
    when: z
      .strictObject({ capability: several.optional(), risk_level: several.optional(), principal: word.optional() })
      .optional(),
    outcome: z.strictObject({ decision: said, reason: z.string().optional() }).optional(),
    decision: said.optional(),
    action: said.optional(),
    reason: z.string().optional(),
  }),
);
type OlderRule = z.infer<typeof OlderRule>;

const Older = z.union([
  z.strictObject({ policies: z.array(OlderRule), default: said.optional() }),
  z.strictObject({ rules: z.array(OlderRule), default: said.optional() }),
  z.array(OlderRule),
]);

/** Members that only today's format has: a document with one of them is read as today's, and told what it lacks. */
const ours = [
  ...['otherwise', 'safe_mode', 'scope_allowlist', 'capability_allowlist', 'budget_ceiling_micros', 'approval'],
  'guardrails',
];

const isOurs = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && ours.some((member) => Object.hasOwn(value, member));

const decisions: Readonly<Record<string, string>> = {
  block: 'deny',
  absolute: 'deny',
  require_review: 'require_approval',
};
const decisionOf = (text: string | undefined): string | undefined =>
  text === undefined ? undefined : (decisions[text] ?? text);

/** `role:ops` speaks of a role, everything else of a principal by type and id. */
const whoOf = (principal: string | undefined) => {
  if (principal === undefined || principal === '*') return {};
  return principal.startsWith('role:') ? { roles: [principal.slice('role:'.length)] } : { principals: [principal] };
};

const ruleOf = (rule: OlderRule, index: number) => {
  const capabilities = rule.capabilities ?? rule.capability ?? rule.when?.capability;
  const risk_levels = (rule.risk_level ?? rule.when?.risk_level)?.map((level) => level.toLowerCase());
  const name = rule.id ?? rule.name ?? `rule-${index + 1}`;
  return {
    rule_id: name
      .toLowerCase()
      .replaceAll(/[^a-z0-9_.-]+/g, '-')
      .slice(0, 100),
    when: {
      ...whoOf(rule.principal ?? rule.when?.principal),
      ...(capabilities === undefined || capabilities.includes('*') ? {} : { capabilities }),
      ...(risk_levels === undefined ? {} : { risk_levels }),
    },
    decision: decisionOf(rule.outcome?.decision ?? rule.decision ?? rule.action),
    reason: rule.outcome?.reason ?? rule.reason ?? name,
  };
};

/**
 * The four older formats (requirements W31) in today's words: `{principal, capabilities, action}`, `{when, principal,
 * decision}`, `{principal, capability, risk_level, decision}`, and `{policies: [{name, when, then}]}`. What nobody decides is
 * denied (W26). Anything else is given back as it is, for whoever checks it to say what is wrong.
 */
export const imported = (value: unknown): unknown => {
  if (isOurs(value)) return value;
  const older = Older.safeParse(value);
  if (!older.success) return value;
  const { data } = older;
  const rules = Array.isArray(data)
    ? data
    : ((data as { policies?: OlderRule[] }).policies ?? (data as { rules?: OlderRule[] }).rules ?? []);
  const otherwise = Array.isArray(data) ? undefined : data.default;
  return {
    name: 'imported',
    description: '',
    budget_ceiling_micros: null,
    capability_allowlist: null,
    scope_allowlist: null,
    safe_mode: false,
    rules: rules.map(ruleOf),
    otherwise: decisionOf(otherwise) ?? 'deny',
    approval: standardTerms,
  };
};
