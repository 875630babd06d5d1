// The Node that the project pins comes as a package per platform (docs/stack.md): no install script, no download of its own.
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

const majorOf = (version) => Number(/(\d+)/.exec(version)?.[1] ?? 0);

/** The pinned Node for this platform, as `{ name, node, version }`, or undefined when its package is not installed. */
const installedNode = (root, names) => {
  for (const name of names) {
    const folder = path.join(root, 'node_modules', name);
    const described = path.join(folder, 'package.json');
    if (!existsSync(described)) continue;
    const { bin, os, cpu, version } = JSON.parse(readFileSync(described, 'utf8'));
    const here = [os].flat().includes(process.platform) && [cpu].flat().includes(process.arch);
    const node = typeof bin?.node === 'string' ? path.join(folder, bin.node) : undefined;
    if (here && node !== undefined && existsSync(node)) return { name, node, version };
  }
  return undefined;
};

/**
 * `{ node }`, the path of a Node new enough for `engines`, or `{ problem }`, a text that says what to do. The Node that
 * runs this is taken when it is new enough, so that a command costs one start-up and not two.
 */
export const pinnedNode = (root, manifest) => {
  const needed = majorOf(manifest.engines.node);
  if (majorOf(process.version) >= needed) return { node: process.execPath };
  const names = Object.keys(manifest.optionalDependencies ?? {}).filter((name) => name.startsWith('node-'));
  const found = installedNode(root, names);
  if (found !== undefined && majorOf(found.version) >= needed) return { node: found.node };
  const platform = `${process.platform}-${process.arch}`;
  const why =
    found === undefined
      ? `the package that brings it for ${platform} is not installed`
      : `${found.name} is ${found.version}`;
  return {
    problem:
      `Node ${needed} or newer is needed; this is ${process.version}, and ${why}.\n` +
      '  Was it left out with --omit=optional (or omit=optional in an npm configuration)? Then run: npm ci --include=optional\n' +
      `  There are packages for: ${names.join(', ')}. Elsewhere, install Node ${needed} yourself and run the command again with it.`,
  };
};
