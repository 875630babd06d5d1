#!/usr/bin/env node
// The command `acta`.
process.argv.splice(2, 0, 'src/main.ts');
await import('./run.mjs');
