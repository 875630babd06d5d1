import * as E from 'fp-ts/lib/Either.js';
import { z } from 'zod';
import { FactCategory } from '../../domain/fact/fact.events.ts';
import { idInput } from '../../domain/kernel/id.input.ts';
import { visible } from '../../domain/kernel/visible.ts';
import { ProcedureDomain } from '../../domain/procedure/procedure.events.ts';
import { command } from '../context.ts';
import { learned, learnedAnswer } from './facts.telling.ts';
import { stored } from './procedures.operations.ts';
import { scope, SourceInput, tag } from './telling.ts';

const nameCharsMax = 100;
const contentCharsMax = 8_000;

/** The first words of a text, whole ones where there are several, and three full stops where something was cut. */
export const nameOf = (content: string): string => {
  const line = content.trim().replaceAll(/\s+/g, ' ');
  if (line.length <= nameCharsMax) return line;
  const head = line.slice(0, nameCharsMax + 1);
  const space = head.lastIndexOf(' ');
  return `${head.slice(0, space > 0 ? space : nameCharsMax).toWellFormed()}...`;
};

/** A fact is of the domain that is said where that is one of its categories, a procedure where it is one of its domains. */
const oneOf = <T>(schema: z.ZodType<T>, domain: string | null): T | null => {
  const read = schema.safeParse(domain);
  return read.success ? read.data : null;
};

/** What is said of a domain is never lost: a word that is no category, or no domain of procedures, is kept as a tag. */
const tagsOf = (known: string | null, domain: string | null): string[] =>
  domain === null || known !== null ? [] : [domain];

export const teach = command({
  name: 'teach',
  kind: 'command',
  summary: 'Teach an agent a fact, or how something is done',
  scope,
  input: z.strictObject({
    agent_id: idInput('agent').optional(),
    type: z.enum(['fact', 'procedure']),
    content: visible(z.string().max(contentCharsMax)),
    domain: visible(z.string().max(100)).nullable().default(null).meta({
      description: 'A category of facts, or a domain of procedures; any other word is kept as a tag.',
    }),
    source: z.string().min(1).max(200).default('mcp'),
  }),
  output: z.object({
    type: z.enum(['fact', 'procedure']),
    id: z.uuid(),
    confirmed: z.boolean().meta({ description: 'It was known already.' }),
    warning: z.string().nullable(),
    revision: z.int(),
  }),
  http: { method: 'POST', path: '/teach', tag },
  cli: 'teach',
  problems: ['not_found'],
  mcp: { tool: 'teach', toolset: 'core', read_only: false, destructive: false, idempotent: false },
  examples: [
    {
      title: 'A fact',
      input: { type: 'fact', content: 'The lamp L-20 breaks in transit.', domain: 'technical', source: 'handbook' },
    },
  ],
  run: async (context, { agent_id, type, content, domain, source: label }, call) => {
    const source = { ...SourceInput.parse({}), label };
    if (type === 'procedure') {
      const none = {
        goals: [],
        core_patterns: [],
        core_tools: [],
        core_concepts: [],
        implementation_notes: [],
      };
      const known = oneOf(ProcedureDomain, domain);
      const about = { name: nameOf(content), description: content, domain: known, tags: tagsOf(known, domain) };
      const answer = await stored(context, call, { agent_id, source }, { ...about, ...none });
      if (!('output' in answer)) return answer;
      const { procedure_id: id, revision } = answer.output;
      return { ...answer, output: { type, id, confirmed: false, warning: null, revision } };
    }
    const category = oneOf(FactCategory, domain);
    const outcome = await learned(context, call, {
      agent_id,
      content,
      category,
      source,
      subject: null,
      confidence: 1,
      tags: tagsOf(category, domain),
    });
    if (E.isLeft(outcome)) return outcome.left;
    const { fact_id: id, confirmed, warning, revision } = outcome.right;
    const output = { type, id, confirmed, warning: warning?.message ?? null, revision };
    return { ...learnedAnswer(outcome.right), output };
  },
});
