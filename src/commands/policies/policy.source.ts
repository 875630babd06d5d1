import { isScalar, LineCounter, parseDocument, visit } from 'yaml';
import { PolicyDocument } from '../../domain/gate/policy.document.ts';
import { faultsIn } from '../../domain/kernel/faults.ts';
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

/** Says that a name is there twice; the parser's own look for it takes the square of how many there are. */
const twiceIn = (document: ReturnType<typeof parseDocument>): string | undefined => {
  let twice: string | undefined;
  visit(document, {
    Map: (_, { items }) => {
      const names = items.map(({ key }) => (isScalar(key) ? String(key.value) : key));
      if (new Set(names).size < names.length) twice = 'Map keys must be unique';
      return twice === undefined ? undefined : visit.BREAK;
    },
  });
  return twice;
};

/** YAML is a superset of JSON. Anchors could make little text into much, and thousands of faults are as good as one. */
const parsed = (source: string): unknown => {
  const lines = new LineCounter();
  const quick = { uniqueKeys: false, prettyErrors: false, logLevel: 'error', lineCounter: lines } as const;
  const document = parseDocument(source, quick);
  const [fault] = document.errors;
  if (fault !== undefined) {
    const { line, col } = lines.linePos(fault.pos[0]);
    throw new Error(`${fault.message} at line ${line}, column ${col}`);
  }
  const twice = twiceIn(document);
  if (twice !== undefined) throw new Error(twice);
  const value: unknown = document.toJS({ maxAliasCount: aliasesMax });
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
  const said = imported(value);
  const result = PolicyDocument.safeParse(said);
  return result.success ? result.data : invalid(faultsIn(result.error, said));
};
