import path from 'node:path';
import ts from 'typescript';
import { nodesBelow, parsed, placeOf, type Text } from './tree.ts';

/** What is wrong, one sentence each, beginning with `file:line`; empty when nothing is. */
export type Rule = (file: Text) => readonly string[];

const fileLinesMax = 220;
/** Flat lists, where every entry is read by itself. */
const lists = new Set(['src/ports.ts', 'src/problems.ts', 'src/domain/run/run.events.ts']);
const functionLinesMax = 70;

export const shortFiles: Rule = ({ path: file, text }) => {
  const lines = text.split('\n').length - 1;
  return lines > fileLinesMax && !lists.has(file)
    ? [`${file}: ${lines} lines, at most ${fileLinesMax}; one idea a file`]
    : [];
};

export const shortFunctions: Rule = (file) =>
  [...nodesBelow(parsed(file))].filter(ts.isFunctionLike).flatMap((node) => {
    const source = node.getSourceFile();
    const lineAt = (position: number): number => source.getLineAndCharacterOfPosition(position).line;
    const lines = lineAt(node.getEnd()) - lineAt(node.getStart()) + 1;
    return lines > functionLinesMax
      ? [`${placeOf(node)}: a function of ${lines} lines, at most ${functionLinesMax}`]
      : [];
  });

const foldersBanned = new Set(['utils', 'helpers', 'common', 'shared', 'types', 'services', 'lib', 'misc']);
const fileName = /^[a-z0-9]+(?:[-.][a-z0-9]+)*\.(?:ts|mjs|json|sql|txt|proto)$/;

export const plainFileNames: Rule = ({ path: file }) => {
  const name = path.posix.basename(file);
  const folders = path.posix.dirname(file).split('/');
  return [
    ...folders.filter((folder) => foldersBanned.has(folder)).map((folder) => `${file}: no folder is called ${folder}`),
    ...(name.startsWith('index.') ? [`${file}: no barrels; import what you mean`] : []),
    ...(fileName.test(name) ? [] : [`${file}: a file is called noun.role.ts, in small letters`]),
  ];
};

const wordsBanned = new Set([
  'manager',
  'service',
  'helper',
  'helpers',
  'util',
  'utils',
  'base',
  'impl',
  'data',
  'info',
]);
const wordsOf = (name: string): readonly string[] => name.split(/(?=[A-Z])|_/).map((word) => word.toLowerCase());

/** Types, functions and named values: what a reader meets by name. Locals may be called `data`, for there it is the word. */
const isNamed = (node: ts.Node): node is ts.NamedDeclaration & { readonly name: ts.Identifier } =>
  (ts.isInterfaceDeclaration(node) ||
    ts.isTypeAliasDeclaration(node) ||
    ts.isClassDeclaration(node) ||
    ts.isFunctionDeclaration(node) ||
    (ts.isVariableDeclaration(node) && ts.isSourceFile(node.parent.parent.parent))) &&
  node.name !== undefined &&
  ts.isIdentifier(node.name);

export const plainNames: Rule = (file) =>
  [...nodesBelow(parsed(file))].filter(isNamed).flatMap((node) => {
    const name = node.name.text;
    const last = wordsOf(name).at(-1) ?? '';
    if (wordsBanned.has(last)) return [`${placeOf(node)}: ${name} says "${last}", which says nothing`];
    if (/^handle[A-Z]/.test(name)) return [`${placeOf(node)}: ${name}: say what it does, not that it handles`];
    if (ts.isInterfaceDeclaration(node) && /^I[A-Z][a-z]/.test(name)) return [`${placeOf(node)}: ${name} wears an I`];
    return [];
  });

export const classesOnlyByDemand: Rule = (file) =>
  [...nodesBelow(parsed(file))]
    .filter(ts.isClassLike)
    .filter(({ heritageClauses }) => heritageClauses === undefined)
    .map((node) => `${placeOf(node)}: a class that no library demands; values, not objects`);

const numeric = (node: ts.Expression): boolean =>
  ts.isNumericLiteral(node) ||
  (ts.isBinaryExpression(node) && numeric(node.left) && numeric(node.right)) ||
  (ts.isParenthesizedExpression(node) && numeric(node.expression));

const unitsMissing = new Set(['timeout', 'interval', 'delay', 'wait', 'ttl', 'age', 'limit', 'size']);

/** A named number says its unit last: `attemptsMax`, `waitMs`, never `MAX_ATTEMPTS` or `timeout`. */
export const unitsLast: Rule = (file) =>
  [...nodesBelow(parsed(file))]
    .filter(ts.isVariableDeclaration)
    .filter(({ name, initializer }) => ts.isIdentifier(name) && initializer !== undefined && numeric(initializer))
    .flatMap((node) => {
      const name = node.name.getText();
      const backwards = /^(?:max|min)[A-Z]/.test(name) || /^[A-Z][A-Z0-9_]+$/.test(name);
      const unitless = unitsMissing.has(wordsOf(name).at(-1) ?? '');
      return backwards || unitless
        ? [`${placeOf(node)}: ${name} is a number; its name ends with its unit, as in waitMsMax`]
        : [];
    });

/** Where a clock may be read (design 8). */
const readsClocks = /^src\/(?:adapters\/|main\.ts|wiring)/;

/** What the linter cannot say: `new Date()` of nothing is a clock, `new Date(instant)` is not. */
export const noClock: Rule = (file) =>
  readsClocks.test(file.path)
    ? []
    : [...nodesBelow(parsed(file))]
        .filter((node) => ts.isNewExpression(node) || ts.isCallExpression(node))
        .filter((node) => node.expression.getText() === 'Date' && (node.arguments?.length ?? 0) === 0)
        .map((node) => `${placeOf(node)}: reads the clock; time comes with the command`);

/** A schema may say that it is written as any. */
const isOfSchema = (node: ts.Node): boolean =>
  ts.isPropertyAssignment(node) && node.name.getText() === 'unrepresentable';

/** Every governed append says what it expects of its stream (design 3, rule 1). */
export const noAnyRevision: Rule = (file) =>
  file.path.startsWith('src/adapters/')
    ? []
    : [...nodesBelow(parsed(file))]
        .filter(ts.isStringLiteralLike)
        .filter((node) => node.text === 'any' && !ts.isLiteralTypeNode(node.parent) && !isOfSchema(node.parent))
        .map((node) => `${placeOf(node)}: 'any' expects nothing of a stream; name the revision`);
