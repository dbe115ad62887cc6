/** Which folders each folder under src/ may import. This table is the architecture. */
const mayImport = {
  // Vocabulary. Imports nothing.
  core: [],
  // Log machinery: hashes, proofs, notes. Knows nothing of what is logged.
  tlog: ['core'],
  // Domain: decides. No I/O, no clock, no randomness.
  csr: ['core'],
  ca: ['core', 'csr'],
  tokenreview: ['core'],
  attestation: ['core', 'tokenreview'],
  namespace: ['core', 'tlog', 'attestation'],
  verify: ['core', 'tlog', 'namespace'],
  issuance: ['core', 'tlog', 'csr', 'ca', 'attestation', 'namespace'],
  // Judges logs that somebody else shows: trusts nothing of them.
  monitor: ['core', 'tlog', 'ca', 'namespace', 'verify'],
  // Keeps copies of logs that somebody else shows, once they are found right.
  mirror: ['core', 'tlog', 'namespace', 'monitor'],
  // Adapters: implement the domain's ports. Imported by the composition root alone.
  store: ['core', 'tlog', 'ca', 'namespace', 'issuance', 'monitor', 'mirror'],
  keys: ['core', 'ca', 'namespace'],
  kube: ['core', 'tokenreview'],
  witnesses: ['core', 'tlog'],
  reader: ['core', 'tlog', 'namespace', 'monitor'],
  // Delivery: translates a protocol into use cases. Never sees an adapter.
  server: [
    ...['core', 'tlog', 'csr', 'ca', 'attestation', 'namespace', 'verify', 'issuance', 'monitor'],
    'mirror',
  ],
  cli: ['core', 'tlog', 'config', 'namespace', 'verify', 'monitor', 'mirror'],
  config: ['core'],
  // The composition root, with main.ts, issuing-worker.ts and system.ts: alone sees both sides, and decides nothing.
  compose: [
    ...['core', 'tlog', 'csr', 'ca', 'tokenreview', 'attestation', 'namespace', 'verify'],
    ...[
      'issuance',
      'monitor',
      'mirror',
      'store',
      'keys',
      'kube',
      'witnesses',
      'reader',
      'server',
      'cli',
    ],
    'config',
  ],
}

const folders = Object.keys(mayImport)
const domain = [
  ...['core', 'tlog', 'csr', 'ca', 'tokenreview', 'attestation', 'namespace', 'verify', 'issuance'],
  ...['monitor', 'mirror'],
]

module.exports = {
  forbidden: [
    ...folders.map((folder) => ({
      name: `${folder}-may-import`,
      severity: 'error',
      comment: `src/${folder} may import: ${mayImport[folder].join(', ') || 'nothing'}`,
      from: { path: `^src/${folder}/` },
      to: {
        path: '^src/',
        pathNot: [folder, ...mayImport[folder]].map((name) => `^src/${name}/`),
      },
    })),
    {
      name: 'folder-not-in-table',
      severity: 'error',
      comment: 'a new folder under src/ needs a row in mayImport',
      from: { path: '^src/[^/]+/', pathNot: folders.map((name) => `^src/${name}/`) },
      to: {},
    },
    {
      name: 'domain-does-no-io',
      severity: 'error',
      from: { path: domain.map((name) => `^src/${name}/`) },
      to: {
        path: [
          '^(node:)?(fs|net|tls|http|https|http2|dns|child_process|worker_threads|cluster)(/|$)',
          'node_modules/(express|@grpc|better-sqlite3|pg|@kubernetes)/',
        ],
      },
    },
    {
      name: 'only-main-composes',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(main\\.ts|issuing-worker\\.ts|compose/)' },
      to: { path: '^src/(compose/|main\\.ts|system\\.ts)' },
    },
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'src-never-imports-test',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^(test|fuzz)/' },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: { extensions: ['.ts', '.js', '.json'] },
  },
}
