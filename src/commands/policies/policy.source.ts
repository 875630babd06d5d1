import { parse } from 'yaml';
import { PolicyDocument } from '../../domain/gate/policy.document.ts';
import type { Problem } from '../../domain/kernel/operation.ts';
import { problem } from '../../problems.ts';
import { imported } from './policy.import.ts';

const sourceCharsMax = 131_072;
const aliasesMax = 0;

const invalid = (errors: readonly { readonly pointer: string; readonly message: string }[]): Problem =>
  problem(
    'validation_failed',
    errors
      .map(({ pointer, message }) => `${pointer}: ${message}`)
      .join('; ')
      .slice(0, 2_000),
    {
      more: { errors },
    },
  );

const parsed = (source: string): unknown => {
  // YAML is a superset of JSON. Anchors could make little text into much.
  const value: unknown = parse(source, { maxAliasCount: aliasesMax, uniqueKeys: true });
  return value;
};

/**
 * A policy as it was written, YAML or JSON, in Acta's own format or in one of the older ones (requirements W31), as a
 * document that is checked to the last member. What is not understood is named, and nothing of it is guessed.
 */
export const policyOf = (source: string): PolicyDocument | Problem => {
  if (source.length > sourceCharsMax)
    return invalid([{ pointer: '#/source', message: `at most ${sourceCharsMax} characters` }]);
  let value: unknown;
  try {
    value = parsed(source);
  } catch (error) {
    return invalid([
      {
        pointer: '#/source',
        message: error instanceof Error ? (error.message.split('\n')[0]?.replace(/:$/, '') ?? '') : String(error),
      },
    ]);
  }
  const result = PolicyDocument.safeParse(imported(value));
  if (result.success) return result.data;
  return invalid(result.error.issues.map(({ path, message }) => ({ pointer: ['#', ...path].join('/'), message })));
};
