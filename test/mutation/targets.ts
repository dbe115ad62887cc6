/** A part of the source that is mutated, and the tests that are to notice. */
export interface Target {
  readonly name: string
  /** Files and folders under src/. */
  readonly sources: readonly string[]
  /** Files and folders under test/; the earlier are tried first. */
  readonly tests: readonly string[]
  /** Those of the files that keep something in the module itself, from one call to the next. */
  readonly remembers: readonly string[]
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
      'keys',
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
    name: 'tlog',
    sources: ['tlog'],
    tests: ['tlog', 'interop/vectors.test.ts'],
    remembers: [],
  },
]
