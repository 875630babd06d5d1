// Checks who may know whom: the rules are in .dependency-cruiser.mjs. Usage: node scripts/boundaries.mjs
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { cruise } from 'dependency-cruiser';
import ts from 'typescript';
import { forbidden, options } from '../.dependency-cruiser.mjs';

// With a compiler it cannot use, the cruiser sees nothing and reports success.
const modulesMin = 20;

const compilerOptions = (root) => {
  const { config } = ts.parseConfigFileTextToJson(
    'tsconfig.json',
    readFileSync(path.join(root, 'tsconfig.json'), 'utf8'),
  );
  return ts.parseJsonConfigFileContent(config, ts.sys, root);
};

/**
 * The number of our modules under `src`, and what is wrong between them, one sentence each.
 * @returns {Promise<{ modules: number, faults: string[] }>}
 */
export const boundaries = async (root, atLeast = modulesMin) => {
  const { output } = await cruise(
    ['src'],
    { ...options, baseDir: root, validate: true, ruleSet: { forbidden } },
    undefined,
    {
      tsConfig: compilerOptions(root),
    },
  );
  const modules = output.modules.filter(({ source }) => source.startsWith('src/')).length;
  const faults = output.summary.violations.map(({ rule, from, to }) => {
    const { comment } = forbidden.find(({ name }) => name === rule.name);
    return `${from} → ${to}\n    ${rule.name}: ${comment}`;
  });
  if (modules < atLeast)
    faults.push(`only ${modules} modules were seen, at least ${atLeast} were expected: nothing was checked`);
  return { modules, faults };
};

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { modules, faults } = await boundaries(path.dirname(path.dirname(fileURLToPath(import.meta.url))));
  for (const fault of faults) process.stderr.write(`${fault}\n`);
  process.stdout.write(`${modules} modules, ${faults.length} faults\n`);
  process.exitCode = faults.length === 0 ? 0 : 1;
}
