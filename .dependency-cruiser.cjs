/**
 * The arrows of docs/architecture as rules. What a folder of core may import stands in one table; a folder
 * that is not in it may import nothing, so a new one has to be placed first.
 */
const CORE = {
  kernel: [],
  exposition: [],
  access: [],
  audit: ['access'],
  keyspace: ['kernel'],
  topology: ['kernel', 'keyspace'],
  routing: ['kernel', 'keyspace', 'topology'],
  hosts: ['kernel', 'keyspace', 'topology'],
  locking: ['kernel', 'keyspace', 'topology'],
  machines: ['kernel', 'keyspace', 'topology', 'routing', 'hosts', 'locking'],
  restructuring: ['kernel', 'keyspace', 'topology', 'hosts', 'machines'],
  moves: ['kernel', 'keyspace', 'topology', 'routing', 'hosts', 'locking', 'machines', 'restructuring'],
  retention: ['kernel', 'keyspace', 'topology', 'hosts', 'machines'],
  readmission: ['kernel', 'keyspace', 'topology', 'hosts', 'machines', 'restructuring', 'moves'],
  consuming: ['kernel', 'keyspace', 'topology', 'hosts', 'checkpointing'],
  heads: ['kernel', 'topology', 'hosts'],
  checkpointing: ['kernel', 'keyspace', 'topology'],
  'group-state': ['kernel', 'keyspace', 'topology', 'hosts', 'consuming', 'checkpointing', 'retention'],
  caching: ['kernel', 'topology', 'hosts', 'heads'],
  prefetching: ['kernel', 'caching'],
  telemetry: ['kernel', 'keyspace', 'topology'],
  profiling: ['kernel', 'keyspace', 'topology', 'telemetry'],
  'forecast-models': ['kernel', 'telemetry', 'profiling'],
  correlation: ['kernel', 'telemetry'],
  surges: [],
  anticipating: [
    'kernel',
    'keyspace',
    'topology',
    'hosts',
    'consuming',
    'profiling',
    'correlation',
    'surges',
  ],
  hints: [],
  annotations: [],
  cloudevents: [],
  'forecast-service': ['kernel', 'keyspace', 'topology', 'telemetry', 'forecast-models', 'hints'],
  planning: [
    'kernel',
    'keyspace',
    'topology',
    'telemetry',
    'profiling',
    'forecast-models',
    'forecast-service',
    'surges',
  ],
  external: ['kernel', 'keyspace', 'topology', 'telemetry', 'hints', 'forecast-service', 'planning'],
  advising: [
    ...[
      'kernel',
      'keyspace',
      'topology',
      'machines',
      'restructuring',
      'moves',
      'retention',
      'readmission',
      'telemetry',
      'profiling',
      'forecast-service',
      'planning',
    ],
    ...['external', 'demo'],
  ],
  notifying: [
    'hosts',
    'telemetry',
    'machines',
    'restructuring',
    'moves',
    'retention',
    'readmission',
    'planning',
    'forecast-service',
    'advising',
  ],
  operations: [
    ...[
      'access',
      'audit',
      'kernel',
      'keyspace',
      'topology',
      'hosts',
      'machines',
      'restructuring',
      'moves',
      'retention',
      'readmission',
      'caching',
      'consuming',
      'checkpointing',
      'group-state',
      'cloudevents',
      'telemetry',
      'hints',
      'annotations',
      'planning',
    ],
    ...[
      'external',
      'advising',
      'notifying',
      'forecast-service',
      'jobs',
      'demo',
      'anticipating',
      'prefetching',
    ],
  ],
  jobs: ['kernel'],
  demo: ['kernel', 'access', 'topology'],
  simulation: [
    ...[
      'kernel',
      'keyspace',
      'topology',
      'routing',
      'hosts',
      'locking',
      'machines',
      'restructuring',
      'moves',
      'retention',
      'readmission',
      'consuming',
    ],
    ...['telemetry', 'profiling', 'forecast-models', 'planning', 'surges', 'adapters/memory'],
  ],
};
const PURE = Object.keys(CORE).join('|');

/**
 * The hot path: nothing that trains, plans or decides may get into it. `consuming` serves readers of groups
 * beside it; it decides about their checkpoints only. `migration` is for orders of people: the edge asks the topology
 * store for them and carries none out. `planning` and `advising` are for people who approve and ask: the edge hands
 * their questions to a worker and plans nothing. `external` are clusters of others: a worker takes in their load.
 */
const EDGE_MAY = [
  'exposition',
  ...[
    'access',
    'audit',
    'kernel',
    'keyspace',
    'topology',
    'routing',
    'hosts',
    'locking',
    'telemetry',
    'profiling',
    'consuming',
    'checkpointing',
    'group-state',
    'heads',
    'caching',
    'prefetching',
  ],
  ...[
    'cloudevents',
    'hints',
    'annotations',
    'machines',
    'restructuring',
    'moves',
    'retention',
    'readmission',
    'planning',
    'external',
    'advising',
    'notifying',
    'operations',
    'demo',
  ],
];
/** libraries that compute and touch nothing */
const PURE_LIBRARIES = ['zod', 'csv-parse/lib/sync', 'prom-client'];

/**
 * The same for the folders of the apps, from the lowest up. Files beside the folders put them together (`main.ts`),
 * or are there for all of them (`failure.ts`); `cli-below-folders` keeps these below the folders.
 */
const APPS = {
  edge: {
    cloudevents: [],
    api: ['cloudevents'],
    http: ['cloudevents'],
    map: [],
    hosts: [],
    reading: ['api', 'hosts', 'map'],
    consuming: ['api', 'hosts', 'http', 'map', 'reading'],
    prefetching: [],
    docs: ['api', 'http'],
    sharing: [],
    idempotency: ['http', 'sharing'],
    ingest: ['cloudevents', 'hosts', 'http', 'map'],
    limits: ['sharing'],
    operations: ['api', 'cloudevents', 'http'],
    profiling: ['ingest', 'sharing'],
    proof: [],
    telemetry: ['api', 'http', 'ingest', 'sharing'],
    trpc: ['api', 'cloudevents', 'http', 'operations', 'reading', 'telemetry'],
    serving: ['api', 'cloudevents', 'docs', 'http', 'idempotency', 'ingest', 'limits', 'map', 'trpc'],
    shadow: [],
  },
  worker: {
    consuming: [],
    process: [],
    jobs: ['process'],
    audit: ['process'],
    external: ['jobs'],
    'forecast-service': ['jobs', 'process'],
    hosts: [],
    map: [],
    telemetry: ['process'],
    measure: ['hosts', 'process', 'telemetry'],
    assignment: ['jobs'],
    checkpointing: ['jobs', 'forecast-service'],
    notifying: ['jobs', 'process'],
    planning: ['jobs'],
    anticipating: ['jobs'],
    demo: ['jobs', 'telemetry'],
    profiling: ['hosts', 'jobs', 'telemetry'],
    proof: ['hosts'],
    reconcile: ['hosts', 'process'],
    restructure: ['hosts', 'process'],
    retention: ['hosts', 'process'],
  },
  web: {
    formatting: [],
    server: ['formatting'],
    components: ['formatting', 'server'],
    features: ['components', 'formatting', 'server'],
    app: ['components', 'features', 'server'],
  },
  cli: {
    operations: [],
    access: [],
    anticipating: [],
    cache: [],
    'forecast-models': [],
    events: [],
    replay: ['events'],
    telemetry: ['events', 'replay'],
    planning: ['forecast-models', 'replay', 'telemetry'],
    streams: [],
    restructure: ['streams'],
    advice: ['planning', 'restructure'],
    audit: [],
    backup: [],
    building: [],
    checks: ['building'],
    clusters: ['restructure'],
    consuming: ['events'],
    correlation: [],
    database: [],
    demo: [],
    doctor: [],
    'forecast-service': [],
    health: [],
    hints: [],
    annotations: [],
    hosts: [],
    jobs: [],
    local: ['building', 'checks', 'hosts'],
    notifications: ['restructure'],
    quotas: [],
    tokens: ['streams'],
    users: [],
  },
};

/** The client library is published alone: nothing of Node or of another package, so that browsers can have it. */
const CLIENT = { edge: [], producing: ['edge'], reading: ['edge'], consuming: ['edge'] };

/** what every folder of the app may import: the command gives all its orders in one way */
const BELOW_ALL = { edge: [], worker: [], web: [], cli: ['operations'] };

/** tests, the suites that several adapters share, and what only they use */
const TEST_SUPPORT =
  '\\.test\\.tsx?$|\\.(contract-suite|fixture)\\.ts$|-setup\\.ts$|/test-[^/]+\\.ts$|/(contract|testing)/';
/** what tests of other folders may enter without a door: contract suites, fixtures, the differential test */
const SHARED_BY_TESTS = '\\.(contract-suite|fixture)\\.ts$|/hosts/contract/|/hosts/differential\\.ts$';
/** where adapters are chosen */
const COMPOSITION = '/(main|composition)\\.ts$|^(bench|e2e)/';

const arrows = Object.entries(CORE).map(([folder, allowed]) => ({
  name: `core-arrow-${folder}`,
  comment: `${folder} may import: ${allowed.join(', ') || 'nothing of core'}`,
  severity: 'error',
  from: { path: `^packages/core/src/${folder}/`, pathNot: TEST_SUPPORT },
  to: { path: '^packages/core/src/', pathNot: `^packages/core/src/(${[folder, ...allowed].join('|')})/` },
}));

const appArrows = Object.entries(APPS).flatMap(([app, folders]) =>
  Object.entries(folders).map(([folder, allowed]) => ({
    name: `${app}-arrow-${folder}`,
    comment: `${folder} of apps/${app} may import: ${allowed.join(', ') || 'no other folder'}`,
    severity: 'error',
    from: { path: `^apps/${app}/src/${folder}/`, pathNot: TEST_SUPPORT },
    to: {
      path: `^apps/${app}/src/[^/]+/`,
      pathNot: `^apps/${app}/src/(${[folder, ...BELOW_ALL[app], ...allowed].join('|')})/`,
    },
  })),
);

const clientArrows = Object.entries(CLIENT).map(([folder, allowed]) => ({
  name: `client-arrow-${folder}`,
  comment: `${folder} of the client library may import: ${allowed.join(', ') || 'no other folder'}`,
  severity: 'error',
  from: { path: `^packages/client/src/${folder}/`, pathNot: TEST_SUPPORT },
  to: {
    path: '^packages/client/src/',
    pathNot: `^packages/client/src/((${[folder, ...allowed].join('|')})/|events\\.ts$)`,
  },
}));

/** An app's folders as far as its table has come, so that a table with a circle fails before anything is looked at. */
for (const [app, folders] of Object.entries(APPS)) {
  const below = new Set();
  for (const [folder, allowed] of Object.entries(folders)) {
    const above = allowed.filter((name) => !below.has(name));
    if (above.length > 0)
      throw new Error(`apps/${app}: ${folder} imports what is not below it: ${above.join(', ')}`);
    below.add(folder);
  }
}

module.exports = {
  forbidden: [
    ...arrows,
    ...appArrows,
    ...clientArrows,
    {
      name: 'client-alone',
      comment: 'the client library imports nothing but itself: no package, nothing of Node',
      severity: 'error',
      from: { path: '^packages/client/src/', pathNot: TEST_SUPPORT },
      to: { pathNot: '^packages/client/src/' },
    },
    ...Object.entries(APPS).map(([app, folders]) => ({
      name: `${app}-unknown-folder`,
      comment: 'a new folder of an app gets a row in its table, which says what it may import',
      severity: 'error',
      from: {
        path: `^apps/${app}/src/[^/]+/`,
        pathNot: [`^apps/${app}/src/(${Object.keys(folders).join('|')})/`, TEST_SUPPORT],
      },
      to: {},
    })),
    {
      name: 'cli-below-folders',
      comment: 'what all folders of the command use stands below them; program.ts puts them together',
      severity: 'error',
      from: { path: '^apps/cli/src/[^/]+$', pathNot: ['^apps/cli/src/(main|program)\\.ts$', TEST_SUPPORT] },
      to: { path: '^apps/cli/src/[^/]+/', pathNot: '^apps/cli/src/building/' },
    },
    {
      name: 'no-cycle',
      comment: 'what imports each other cannot be understood, tested or loaded by itself',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-unresolved',
      severity: 'error',
      from: { pathNot: '\\.d\\.ts$' },
      to: { couldNotResolve: true, pathNot: '\\.css$' },
    },
    {
      name: 'core-unknown-folder',
      comment: 'a new folder of core gets a row in the table above, which says what it may import',
      severity: 'error',
      from: { path: '^packages/core/src/[^/]+/', pathNot: `^packages/core/src/(${PURE}|adapters)/` },
      to: {},
    },
    {
      name: 'core-one-door',
      comment: 'a folder of core is entered through its index.ts only',
      severity: 'error',
      from: { path: '^packages/core/src/((?:adapters/)?[^/]+)/' },
      to: {
        path: '^packages/core/src/(?:adapters/)?[^/]+/',
        pathNot: [
          '^packages/core/src/$1/',
          '^packages/core/src/(?:adapters/)?[^/]+/index\\.ts$',
          // contracts are for browsers and clients as well; handlers have a door of their own
          '^packages/core/src/operations/handlers/index\\.ts$',
          SHARED_BY_TESTS,
        ],
      },
    },
    {
      name: 'suites-for-tests',
      comment: 'suites and fixtures are no part of the product',
      severity: 'error',
      from: { pathNot: `${TEST_SUPPORT}|${SHARED_BY_TESTS}` },
      to: { path: SHARED_BY_TESTS },
    },
    {
      name: 'core-own-door',
      comment: 'inside a folder files import each other, not the door that re-exports them',
      severity: 'error',
      from: { path: '^packages/core/src/((?:adapters/)?[^/]+)/' },
      to: { path: '^packages/core/src/$1/index\\.ts$' },
    },
    {
      name: 'pure-no-io',
      comment: 'pure folders use no module of Node and only libraries that compute: they decide, others act',
      severity: 'error',
      from: { path: `^packages/core/src/(${PURE})/`, pathNot: TEST_SUPPORT },
      to: { pathNot: `^packages/core/|node_modules/(${PURE_LIBRARIES.join('|')})[./]` },
    },
    {
      name: 'adapters-only-composed',
      comment: 'which adapter is used is chosen in main.ts and composition.ts; everything else knows ports',
      severity: 'error',
      from: { pathNot: `^packages/core/src/adapters/|${COMPOSITION}|${TEST_SUPPORT}` },
      to: { path: '^packages/core/src/adapters/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'edge-lean',
      comment: 'the edge imports only what an append or a read needs',
      severity: 'error',
      from: { path: '^apps/edge/', pathNot: TEST_SUPPORT },
      to: { path: '^packages/core/src/', pathNot: `^packages/core/src/(${EDGE_MAY.join('|')}|adapters)/` },
    },
    {
      name: 'apps-apart',
      comment: 'an app never imports another app',
      severity: 'error',
      from: { path: '^apps/([^/]+)/' },
      to: { path: '^apps/', pathNot: '^apps/$1/' },
    },
    {
      name: 'packages-below-apps',
      severity: 'error',
      from: { path: '^packages/' },
      to: { path: '^(apps|e2e|bench)/' },
    },
    {
      name: 'core-does-not-know-local',
      comment: 'starting servers on this machine is for the command, the benches and tests',
      severity: 'error',
      from: { path: '^(packages/core|apps/(edge|worker|web))/', pathNot: TEST_SUPPORT },
      to: { path: '^packages/local/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '\\.next/|/generated/|^apps/web/next-env|^packages/client/dist/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
      extensions: ['.ts', '.tsx', '.mjs', '.js', '.json'],
    },
  },
};
