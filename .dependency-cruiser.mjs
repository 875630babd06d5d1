// Who may know whom (docs/decisions). Run by scripts/boundaries.mjs, which also insists that modules were seen.

/** Modules that import nothing of ours but the kernel and each other, so that everybody may import them. */
const leaves =
  '^src/(ports|ports\\.evaluation|ports\\.memory|problems|memory\\.scope|schema|crash-points|config|config\\.described|settings|settings\\.evaluation|settings\\.gate|settings\\.model|settings\\.parts)\\.ts$';
const kernel = '^src/domain/kernel/';
/** What a capability is, in words that the registry, the gate, runs, and whoever does the work have in common. */
const spec = '^src/domain/capability/(capability\\.spec|risk\\.rules)\\.ts$';
const driving = '(http|mcp|cli|console)';
const inNodeModules = (names) => `^node_modules/(${names.join('|')})/`;

/** A library, and the only places that may know it: whoever wants to replace it has one place to go to. */
const clients = [
  { name: '@eventstore/db-client', at: ['^src/adapters/eventstoredb/'] },
  { name: '@electric-sql', at: ['^src/adapters/postgres/'] },
  { name: 'pg', at: ['^src/adapters/postgres/'] },
  { name: '@anthropic-ai/sdk', at: ['^src/adapters/models/'] },
  { name: 'openai', at: ['^src/adapters/(models|embeddings)/'] },
  { name: '@energetic-ai', at: ['^src/adapters/embeddings/'] },
  { name: '(@fastify|fastify|@scalar)', as: 'fastify', at: ['^src/adapters/(http|mcp|console)/'] },
  { name: '@modelcontextprotocol', at: ['^src/adapters/(mcp|capabilities)/'] },
  { name: 'commander', at: ['^src/adapters/cli/'] },
  { name: 'pino', at: ['^src/adapters/telemetry/'] },
  { name: '@opentelemetry', at: ['^src/adapters/(telemetry|http)/'] },
  { name: 'kysely', at: ['^src/(commands|projections)/', '^src/adapters/postgres/', leaves] },
  { name: 'xstate', at: ['^src/domain/'] },
];

const root = ['^src/main\\.ts$', '^src/wiring(\\.ts$|/)'];

const forbid = (name, comment, from, to) => ({ name, comment, severity: 'error', from, to });

export const forbidden = [
  forbid('no-cycles', 'Two modules that need each other are one module, or three.', {}, { circular: true }),
  forbid('resolves', 'What is imported must exist.', {}, { couldNotResolve: true }),
  forbid(
    'declared',
    'A library must be a dependency of package.json, and not one for development only.',
    { path: '^src/' },
    { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown', 'npm-optional'], pathNot: '^node_modules/@types/' },
  ),
  forbid(
    'product-alone',
    'The product does not know its tests and benchmarks.',
    { path: '^src/' },
    { path: '^(tests|bench|scripts|examples)/' },
  ),
  forbid(
    'kernel-libraries',
    'The kernel knows fp-ts, xstate, zod and node:crypto.',
    { path: kernel },
    {
      dependencyTypesNot: ['local', 'type-only'],
      pathNot: [inNodeModules(['fp-ts', 'xstate', 'zod']), '^(node:)?crypto$'],
    },
  ),
  forbid('kernel-alone', 'The kernel has no domain words.', { path: kernel }, { path: '^src/', pathNot: kernel }),
  forbid(
    'domain-libraries',
    'The domain reads no clock, opens no socket and knows no client.',
    { path: '^src/domain/', pathNot: kernel },
    { pathNot: ['^src/', inNodeModules(['fp-ts', 'xstate', 'zod'])] },
  ),
  forbid(
    'domain-inward',
    'The domain knows nothing outside itself.',
    { path: '^src/domain/' },
    { path: '^src/', pathNot: '^src/domain/' },
  ),
  forbid(
    'aggregates-are-strangers',
    'An aggregate knows itself, the kernel and the words of the gate, of memory and of thought; what joins two is a reaction.',
    { path: '^src/domain/([^/]+)/', pathNot: '^src/domain/(kernel|reactions|gate|cognition)/' },
    { path: '^src/domain/', pathNot: [kernel, spec, '^src/domain/(gate|memory|cognition)/', '^src/domain/$1/'] },
  ),
  forbid(
    'thought-reads',
    'How an agent thinks is told by what happened: events, never how they were decided.',
    { path: '^src/domain/cognition/' },
    { path: '^src/', pathNot: [kernel, '^src/domain/cognition/', '\\.events\\.ts$'] },
  ),
  forbid(
    'the-registry-knows-nobody',
    'What a capability is depends neither on who may call it nor on who does.',
    { path: '^src/domain/capability/' },
    { path: '^src/', pathNot: [kernel, '^src/domain/capability/'] },
  ),
  forbid(
    'the-gate-judges-alone',
    'The gate knows the kernel and nobody it judges.',
    { path: '^src/domain/gate/' },
    { path: '^src/', pathNot: [kernel, spec, '^src/domain/gate/'] },
  ),
  forbid(
    'reactions-speak',
    "A reaction knows others' events and commands, never how they decide.",
    { path: '^src/domain/reactions/' },
    { path: '^src/domain/', pathNot: [kernel, '^src/domain/reactions/', '\\.(events|commands)\\.ts$'] },
  ),
  forbid(
    'leaves',
    'Everybody imports these, so they import nobody but the kernel.',
    { path: leaves },
    { path: '^src/', pathNot: [leaves, kernel, spec] },
  ),
  forbid(
    'projections',
    'A projection may be replayed at will: it knows events, never who decides, acts or stores.',
    { path: '^src/projections/' },
    {
      path: '^src/',
      pathNot: [
        '^src/projections/',
        leaves,
        kernel,
        '^src/domain/catalogue\\.ts$',
        '^src/domain/(memory|cognition)/',
        '^src/domain/[^/]+/[^/]+\\.(events|state)\\.ts$',
      ],
    },
  ),
  forbid(
    'commands',
    'Commands know the domain and the ports, never adapters or projections.',
    { path: '^src/commands/' },
    { path: '^src/', pathNot: ['^src/commands/', '^src/domain/', leaves] },
  ),
  forbid(
    'adapters-that-drive',
    'A surface knows the repertoire and the queries, never an adapter that is driven.',
    { path: `^src/adapters/${driving}/` },
    {
      path: '^src/',
      pathNot: [`^src/adapters/$1/`, '^src/commands/', '^src/projections/.*\\.queries\\.ts$', leaves, kernel],
    },
  ),
  forbid(
    'adapters-that-are-driven',
    'A driven adapter knows the ports and its client library.',
    { path: '^src/adapters/([^/]+)/', pathNot: `^src/adapters/${driving}/` },
    { path: '^src/', pathNot: ['^src/adapters/$1/', leaves, kernel, spec] },
  ),
  forbid('the-root', 'Only main and wiring know everything, and nobody knows them.', { pathNot: root }, { path: root }),
  ...clients.map(({ name, at, as = name }) =>
    forbid(
      `only-one-knows-${as.replaceAll(/\W+/g, '-')}`,
      `Only ${at.join(' and ')} may import it.`,
      { path: '^src/', pathNot: [...at, ...root] },
      { path: `^node_modules/(@types/)?${name}/` },
    ),
  ),
];

export const options = {
  doNotFollow: { path: ['node_modules'] },
  // A linked node_modules is still node_modules.
  preserveSymlinks: true,
  // Types are knowledge too.
  tsPreCompilationDeps: true,
  enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'types', 'node', 'default'] },
};
