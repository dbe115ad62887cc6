/** A part of the source that is mutated, and the tests that are to notice. */
export interface Target {
  readonly name: string
  /** Files and folders under src/. */
  readonly sources: readonly string[]
  /** Files and folders under test/; the earlier are tried first. */
  readonly tests: readonly string[]
  /** Those of the files that keep something in the module itself, from one call to the next. */
  readonly remembers: readonly string[]
  /** `counted`: nobody has gone through what survives yet; the score alone decides about a run. */
  readonly survivors?: 'counted'
}

export const targets: readonly Target[] = [
  {
    name: 'csr',
    sources: ['csr'],
    tests: ['csr', 'hostile/csr.test.ts', 'hostile/csr-mutations.test.ts'],
    remembers: [],
  },
  {
    name: 'tokenreview',
    sources: ['tokenreview'],
    tests: ['tokenreview', 'hostile/token-attacks.test.ts', 'hostile/evidence-matrix.test.ts'],
    remembers: ['tokenreview/compact-jws.ts'],
  },
  {
    name: 'issuance',
    sources: ['issuance'],
    tests: [
      ...['issuance', 'scenario/issuing.test.ts', 'scenario/renewal.test.ts'],
      ...['scenario/revocation.test.ts', 'scenario/constrained-issuer.test.ts'],
      ...['property/leaf-times.test.ts', 'hostile/evidence-matrix.test.ts'],
    ],
    remembers: [],
  },
  {
    // What signs, and what says what is signed: sealed keys, leaves, CA certificates, CRLs.
    name: 'signer',
    sources: [
      ...['file-vault', 'key-encryption-key', 'key-signer', 'private-key-from-pem'].map(
        (name) => `keys/${name}.ts`,
      ),
      ...['received-vault', 'sealed-key', 'voter-signer', 'write-durably'].map(
        (name) => `keys/${name}.ts`,
      ),
      ...['ca/issuer.ts', 'ca/plan-leaf.ts', 'ca/encode-leaf.ts', 'ca/check-leaf.ts'],
      ...['ca/leaf-reader.ts', 'ca/crl.ts', 'ca/hierarchy.ts', 'ca/encode-authority.ts'],
      ...['core/identity-extension.ts', 'ca/name-constraints.ts', 'ca/x509/key-identifier.ts'],
      'ca/x509/signature-algorithm.ts',
    ],
    tests: [
      ...['keys', 'ca', 'property/leaf-encoding.test.ts', 'property/leaf-times.test.ts'],
      'property/encoder-oracles.test.ts',
    ],
    remembers: ['ca/encode-leaf.ts', 'ca/check-leaf.ts'],
  },
  {
    // Keys of voters on PKCS#11 tokens.
    name: 'tokens',
    sources: ['keys/pkcs11'],
    tests: ['keys/pkcs11', 'keys/pkcs11.test.ts', 'keys/voter-tokens.test.ts'],
    remembers: [],
    survivors: 'counted',
  },
  {
    name: 'tlog',
    sources: ['tlog'],
    tests: ['tlog', 'interop/vectors.test.ts'],
    remembers: [],
  },
  {
    // Who may call whom: ceilings, rules, guards, and the decision.
    name: 'permit',
    sources: [
      ...['decision', 'permissions', 'permit', 'rule-index', 'rule-list'].map(
        (name) => `namespace/permit/${name}.ts`,
      ),
      ...['namespace/rule', 'namespace/guard', 'namespace/envelope.ts'],
      'namespace/effective-envelope.ts',
    ],
    tests: [
      ...['permit', 'denials', 'permissions', 'rule-list'].map(
        (name) => `namespace/permit/${name}.test.ts`,
      ),
      ...['namespace/rule', 'namespace/guard', 'namespace/grant.test.ts'],
      ...['namespace/envelope.test.ts', 'namespace/effective-envelope.test.ts'],
      ...['property/envelope.test.ts', 'property/permit.test.ts', 'property/permissions.test.ts'],
      'property/narrowing.test.ts',
    ],
    remembers: ['namespace/effective-envelope.ts'],
    survivors: 'counted',
  },
  {
    // The same, as policies of Cedar.
    name: 'cedar',
    sources: ['cedar-policies', 'cedar'].map((name) => `namespace/permit/${name}.ts`),
    tests: ['cedar', 'cedar-translation']
      .map((name) => `namespace/permit/${name}.test.ts`)
      .concat('property/cedar.test.ts'),
    remembers: [],
    survivors: 'counted',
  },
  {
    // Who may decide what: statements, groups, votes, and the fold of their records.
    name: 'authority',
    sources: [
      ...['ballot', 'tally', 'decide', 'standing', 'sound-group', 'group', 'group-schema'],
      ...['dsse', 'statements', 'voter-key', 'enrolment', 'log-record', 'pending', 'take-effect'],
      ...['fold-record', 'fold-commit', 'fold-vote', 'fold-deliberation', 'fold-evidence'],
      ...['fold-on', 'genesis', 'default-group', 'submit', 'parts', 'signed-together'],
    ].map((name) => `namespace/${name}.ts`),
    tests: [
      ...['quorum', 'sound-group', 'evidence', 'key-ends', 'one-name', 'two-timelocks', 'together'],
      ...['solo-group', 'uid-once', 'signed-examples', 'decide', 'waiting', 'tamper'],
      ...['at-once', 'said-records', 'folded-marks'],
      ...['ballot', 'default-group', 'envelope-spelling', 'fold-on', 'group-keys', 'group-limits'],
      ...['handed-in', 'log-record', 'next-record', 'signed-together', 'slots', 'tally'],
      ...['group-schema', 'parts', 'responsible', 'standing', 'two-votes', 'voter-key'],
    ]
      .map((name) => `namespace/${name}.test.ts`)
      .concat('property/ballot.test.ts', 'hostile/statements.test.ts', 'hostile/scopes.test.ts'),
    remembers: [],
    survivors: 'counted',
  },
  {
    // What stops at once, replaces lost voters, and was allowed for an incident before it.
    name: 'incidents',
    sources: [
      ...['namespace/recovery', 'namespace/emergency', 'namespace/effect/brake.ts'],
      ...[
        'namespace/effect/brakes.ts',
        'namespace/effect/emergency.ts',
        'namespace/effect/held.ts',
      ],
      ...['namespace/effect/ratify.ts', 'namespace/fold-brake.ts', 'namespace/brake-view.ts'],
      ...['namespace/braking.ts', 'namespace/brake-mark.ts'],
    ],
    tests: [
      ...['brake', 'recovery', 'emergency', 'signed-examples', 'closed-statements'],
      ...['brake-steps', 'brake-views', 'recovery-steps', 'recovery-views', 'emergency-steps'],
      'emergency-views',
      ...['brake-model', 'recovery-model', 'emergency-model'],
    ]
      .map((name) => `namespace/${name}.test.ts`)
      .concat('interop/operations.test.ts'),
    remembers: [],
    survivors: 'counted',
  },
  {
    // What an operation makes of the state, and a document of operations.
    name: 'effect',
    sources: [
      ...['bindings', 'clusters', 'drain', 'effect-of', 'entries', 'envelopes', 'groups'],
      ...['guards', 'keepers', 'placement', 'rules', 'scopes', 'splits', 'uniqueness'],
    ]
      .map((name) => `namespace/effect/${name}.ts`)
      .concat('namespace/plan', 'namespace/selectors.ts', 'namespace/binding.ts'),
    tests: [
      ...['requests/resolving', 'granting/standing', 'proposing/parts-of-state', 'uid-once'].map(
        (name) => `namespace/${name}.test.ts`,
      ),
      ...['namespace/effect', 'namespace/plan', 'namespace/binding.test.ts'],
      ...['namespace/plan-document.test.ts', 'namespace/plan-rules.test.ts'],
      ...['live-index', 'at-once', 'index-answers', 'grant', 'rule/rules', 'guard/guards'].map(
        (name) => `namespace/${name}.test.ts`,
      ),
      ...['brake', 'brake-steps', 'emergency-views', 'emergency-steps', 'emergency'].map(
        (name) => `namespace/${name}.test.ts`,
      ),
      ...['namespace/together.test.ts', 'namespace/suspended-scope.test.ts'],
      ...['property/selectors.test.ts', 'property/identity.test.ts', 'interop/operations.test.ts'],
    ],
    remembers: [],
    survivors: 'counted',
  },
  {
    // What is answered about the index, and of an index that was.
    name: 'questions',
    sources: [
      ...['namespace/questions', 'namespace/history.ts', 'namespace/authorisation.ts'],
      ...['namespace/entry-decisions.ts', 'namespace/group-then.ts', 'namespace/names-then.ts'],
    ],
    tests: [
      ...['namespace/questions', 'namespace/authorisation.test.ts', 'namespace/history.test.ts'],
      ...['namespace/names-then.test.ts', 'property/permissions.test.ts'],
    ],
    remembers: [],
    survivors: 'counted',
  },
  {
    // Was a certificate allowed by the index of its moment?
    name: 'allowed-then',
    sources: ['namespace/allowed-then.ts', 'namespace/not-allowed.ts'],
    tests: ['namespace/allowed-then.test.ts', 'namespace/not-allowed.test.ts'],
    remembers: [],
    survivors: 'counted',
  },
  {
    // Names that people may take for others.
    name: 'alike',
    sources: ['namespace/alike'],
    tests: ['namespace/alike', 'namespace/questions/impact.test.ts'],
    remembers: [],
    survivors: 'counted',
  },
  {
    // The index as it is: the fold of its log, its tables, their map, the tree, and what writes to it.
    name: 'index',
    sources: [
      ...['live-index', 'index-turns', 'index-map', 'index-tree', 'replay', 'folded-state'],
      ...['state-map', 'state-tables', 'state', 'table', 'governed-index', 'row-shape'],
      ...['verify-index', 'recent-changes', 'remembered-standings', 'draft-log', 'recorded-index'],
    ].map((name) => `namespace/${name}.ts`),
    tests: [
      ...['row-shape', 'table', 'map-rows', 'map-of-tables', 'replay', 'index-turns'],
      ...['kept-checkpoint', 'verify-index', 'folded-state', 'remembered-standings'],
      ...['index-answers', 'ended-proposals', 'history', 'authorisation'],
      ...['recent-changes', 'fold-on', 'index-tree', 'live-index', 'solo-group', 'waiting'],
      ...['one-name', 'two-votes', 'recovery-views', 'emergency-views', 'brake-views', 'grant'],
      'together',
    ].map((name) => `namespace/${name}.test.ts`),
    remembers: [],
    survivors: 'counted',
  },
  {
    // What somebody asks for, and what it says: requests, operations, their schemas.
    name: 'requests',
    sources: [
      ...['change-request', 'resolve-request', 'operation', 'schema', 'schema-parts'],
      ...['statement-schema', 'brake-schema', 'entry', 'scope', 'cluster', 'change', 'bundles'],
      'scope-path',
    ].map((name) => `namespace/${name}.ts`),
    tests: [
      ...['requests', 'closed-statements.test.ts', 'rule/rule-shapes.test.ts'],
      ...['effect/refused.test.ts', 'scope-path.test.ts', 'live-index.test.ts', 'at-once.test.ts'],
      ...['together.test.ts', 'plan-document.test.ts', 'default-group.test.ts'],
    ].map((name) => `namespace/${name}`),
    remembers: [],
    survivors: 'counted',
  },
  {
    // What the index grants, and what is written and answered about what was issued.
    name: 'granting',
    sources: ['grant', 'policy-digest', 'issuance-record', 'evidence-then', 'server-leaf-then'].map(
      (name) => `namespace/${name}.ts`,
    ),
    tests: [
      ...['granting', 'grant.test.ts', 'issuance-record.test.ts', 'allowed-then.test.ts'],
      'not-allowed.test.ts',
    ].map((name) => `namespace/${name}`),
    remembers: ['namespace/policy-digest.ts'],
    survivors: 'counted',
  },
  {
    // Proposals: who makes them, drafts and withdraws them, and how they are seen.
    name: 'proposing',
    sources: [
      ...['propose', 'propose-together', 'unsigned-proposal', 'withdrawing', 'proposal-view'],
      ...['state-view', 'said', 'signable', 'outcome', 'ports', 'local-author'],
      ...['record-refusals', 'compare-states', 'brakes-used', 'governed-elsewhere', 'seat'],
      ...['founded-by', 'effect/decision'],
    ]
      .map((name) => `namespace/${name}.ts`)
      .concat('namespace/drafting'),
    tests: [
      ...['proposing', 'decide.test.ts', 'solo-group.test.ts', 'refusal-reasons.test.ts'],
      ...['said-records.test.ts', 'drafting.test.ts', 'quorum.test.ts'],
    ].map((name) => `namespace/${name}`),
    remembers: [],
    survivors: 'counted',
  },
]
