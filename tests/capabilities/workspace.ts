import { existsSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { blobStoreOf } from '../../src/adapters/blobs/blobs.ts';
import { fileCapabilities, type FileOptions } from '../../src/adapters/capabilities/files/files.ts';
import type { Capability, Invocation, Invoked } from '../../src/ports.ts';
import { called, callOf, named } from './calls.ts';

export interface Workspace {
  readonly outside: string;
  readonly root: string;
  readonly capabilities: readonly Capability[];
  readonly call: (verb: string, args: object, more?: Partial<Invocation>) => Promise<Invoked>;
  /** Reverses a call from what it left. */
  readonly undo: (verb: string, outcome: Invoked, more?: Partial<Invocation>) => Promise<Invoked>;
  /** Another process of the same workspace: nothing is left of the first but what is on disk and in the blobs. */
  readonly reopened: (more?: Partial<FileOptions>) => Workspace;
  readonly close: () => void;
}

const opened = (base: string, blobs: FileOptions['blobs'], more: Partial<FileOptions>): Workspace => {
  const root = path.join(base, 'workspace');
  const capabilities = fileCapabilities({ root, blobs, ...more });
  let calls = 0;
  const find = (verb: string): Capability => named(capabilities, `io.fs.${verb}`);
  return {
    outside: base,
    root,
    capabilities,
    call: (verb, args, more) => {
      calls += 1;
      return called(find(verb), args, { key: `call-${calls}`, ...more });
    },
    undo: async (verb, outcome, more) => {
      if (!outcome.ok) throw new Error(outcome.message);
      const undo = find(verb).undo;
      if (undo === undefined) throw new Error(`${verb} has no undo`);
      // What is recorded is JSON.
      return undo(JSON.parse(JSON.stringify(outcome.undo)), callOf({}, { key: 'undoing', ...more }));
    },
    reopened: (other = {}) => opened(base, blobs, { ...more, ...other }),
    close: () => rmSync(base, { recursive: true, force: true }),
  };
};

export const workspace = (more: Partial<FileOptions> = {}): Workspace => {
  const base = mkdtempSync(path.join(tmpdir(), 'acta-files-'));
  mkdirSync(path.join(base, 'workspace'));
  return opened(base, blobStoreOf({ provider: 'folder', folder: path.join(base, 'blobs') }), more);
};

/** Everything below a folder: kind, permissions and content of each path, links as links. */
export const treeOf = (folder: string, prefix = ''): Readonly<Record<string, string>> => {
  if (!existsSync(folder)) return {};
  return Object.fromEntries(
    readdirSync(folder)
      .toSorted()
      .flatMap((name): [string, string][] => {
        const at = path.join(folder, name);
        const stats = lstatSync(at);
        const mode = (stats.mode & 0o7777).toString(8);
        if (!stats.isDirectory())
          return [[prefix + name, stats.isFile() ? `${mode} ${readFileSync(at).toString('base64')}` : 'other']];
        return [[prefix + name, `${mode} folder`], ...Object.entries(treeOf(at, `${prefix}${name}/`))];
      }),
  );
};
