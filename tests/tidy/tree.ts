import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';

export const repository = path.resolve(import.meta.dirname, '../..');

const passedOver = new Set(['node_modules', '.git', '.acta', 'coverage']);

/** A file of the repository; `path` is relative to its root, with forward slashes. */
export interface Text {
  readonly path: string;
  readonly text: string;
}

/** Every file below a folder, in a stable order; nothing that was installed or built. */
export const filesBelow = (folder: string, root = repository): readonly string[] =>
  readdirSync(path.join(root, folder), { withFileTypes: true })
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const file = path.posix.join(folder, entry.name);
      if (passedOver.has(entry.name)) return [];
      return entry.isDirectory() ? filesBelow(file, root) : entry.isFile() ? [file] : [];
    });

export const read = (file: string, root = repository): Text => ({
  path: file,
  text: readFileSync(path.join(root, file), 'utf8'),
});

/** A parsed source, with parents set, so that a rule may look up as well as down. */
export const parsed = ({ path: file, text }: Text): ts.SourceFile =>
  ts.createSourceFile(file, text, ts.ScriptTarget.ESNext, true);

/** Every node below, the node itself first. */
export function* nodesBelow(node: ts.Node): Generator<ts.Node> {
  yield node;
  for (const child of node.getChildren()) yield* nodesBelow(child);
}

/** `file:line`, as an editor understands it. */
export const placeOf = (node: ts.Node): string => {
  const source = node.getSourceFile();
  return `${source.fileName}:${source.getLineAndCharacterOfPosition(node.getStart()).line + 1}`;
};
