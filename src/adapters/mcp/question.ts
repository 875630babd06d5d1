import { z } from 'zod';
import { oneLine } from '../../domain/kernel/line.ts';
import type { Arguments } from './arguments.ts';
import { mcpLimits } from './limits.ts';

/** Of a request for an agreement, what a person has to see to decide; other members are no business of this surface. */
const Request = z.object({
  approval_id: z.string(),
  status: z.string(),
  headline: z.string(),
  risk_level: z.string(),
  capability_id: z.string().nullable(),
  action: z.object({ args: z.record(z.string(), z.unknown()) }).nullable(),
  action_digest: z.string(),
  terms: z.object({ reason_required: z.boolean(), over_mcp: z.string() }),
  requested_by: z.object({ type: z.string(), id: z.string(), chain: z.array(z.string()) }),
  expires_at: z.string(),
  revision: z.int(),
});
export type Request = z.infer<typeof Request>;

export const requestIn = (body: string): Request => Request.parse(JSON.parse(body));

/** What a person at a client answers with. `decision` has no default: who only presses a key has decided nothing. */
export const Answer = z.object({
  decision: z.enum(['approve', 'deny', 'request_changes']).meta({ title: 'Your decision' }),
  reason: z.string().max(2_000).meta({ title: 'Why' }),
});

const shortened = (value: unknown): string => {
  const text = oneLine(JSON.stringify(value) ?? '');
  const { shownCharsMax } = mcpLimits;
  return text.length <= shownCharsMax
    ? text
    : `${text.slice(0, shownCharsMax).toWellFormed()}… (${text.length} characters)`;
};

const argumentsShown = (args: Readonly<Record<string, unknown>>, approval_id: string): readonly string[] => {
  const all = Object.entries(args);
  const shown = all.slice(0, mcpLimits.argumentsShownMax);
  const more = all.length - shown.length;
  return [
    ...shown.map(([name, value]) => `  ${oneLine(name)}: ${shortened(value)}`),
    ...(more === 0 ? [] : [`  and ${more} more, which stand in acta://approvals/${approval_id}`]),
  ];
};

/** The request in words. Whatever others have written stands on one line each: it cannot pretend to be another line. */
export const questionOf = (request: Request, { grant }: Arguments): string => {
  const { headline, risk_level, capability_id, action, action_digest, requested_by, expires_at, terms } = request;
  return [
    shortened(headline),
    `Risk: ${risk_level}`,
    ...(capability_id === null ? [] : [`Capability: ${oneLine(capability_id)}`]),
    ...(action === null ? [] : ['Arguments:', ...argumentsShown(action.args, request.approval_id)]),
    `Asked for by: ${oneLine(`${requested_by.type}:${requested_by.id}`)}`,
    `Until: ${expires_at}`,
    `Digest: ${action_digest}`,
    ...(grant === null || grant === undefined ? [] : [`Agreeing also grants calls like it: ${shortened(grant)}`]),
    ...(terms.reason_required ? ['A reason is required.'] : []),
  ].join('\n');
};
