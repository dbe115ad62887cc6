import type { BrakeJson } from '../../src/server/http/brake-shapes.js'
import type {
  EmergencyGrantJson,
  EmergencyUseJson,
  InvokedJson,
} from '../../src/server/http/emergency-shapes.js'
import type { RecoveryJson } from '../../src/server/http/recovery-shapes.js'
import { ok } from '../../src/core/result.js'
import { unixSeconds } from '../../src/core/time.js'
import type { ChangeJson, ProposalJson } from '../../src/server/http/proposal-shapes.js'
import type { CertificateWithPemJson } from '../../src/server/http/certificate-shapes.js'
import type {
  ClusterJson,
  EntryJson,
  EntryRulesJson,
  IssuedJson,
  ScopeJson,
  TrustBundleJson,
} from '../../src/server/http/shapes.js'
import type { Operations } from '../../src/server/operations.js'
import { fakeQuestions } from './fake-questions.js'

const T = '2026-11-21T00:00:00Z'
const SERIAL = '4f0c3a9e5b7d1f2846a0c8e2b4d6f081'
const UID = 'eabcdefghijklmnopqrstuvwxyz23456'
const PEM = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n'
const HEX = 'ab'.repeat(32)

export const sampleIssued: IssuedJson = {
  serial: SERIAL,
  alias: 'payments/api',
  uid: UID,
  names: ['spiffe://acme.example/payments/api'],
  notBefore: T,
  notAfter: '2026-11-22T00:00:00Z',
  issuer: '5b7d1f2846a0c8e2',
  certificate: PEM,
  chain: [PEM.replace('MIIB', 'MIIC')],
  requestId: 'a'.repeat(26),
}

export const sampleBundle: TrustBundleJson = {
  trustDomain: 'acme.example',
  sequence: 3,
  trustAnchors: [
    { id: '00112233aabbccdd', subject: 'CN=acme root', notAfter: T, sha256: HEX, pem: PEM },
  ],
}

const entry: EntryJson = {
  uid: UID,
  alias: 'payments/api',
  state: 'active',
  owner: { controller: 'local:root' },
  rev: 1,
  head: HEX,
  envelope: { maxTtl: 3600 },
  effectiveEnvelope: { maxTtl: 3600 },
  bindings: [
    { id: 'babcdefghijkl', kind: 'k8s', cluster: 'prod', namespace: 'a', serviceAccount: 'b' },
  ],
  names: ['spiffe://acme.example/payments/api'],
  labels: { tier: 'gold' },
  createdAt: T,
}

const scope: ScopeJson = {
  uid: `s${UID.slice(1)}`,
  alias: '',
  state: 'active',
  rev: 1,
  head: HEX,
  envelope: {},
  effectiveEnvelope: {},
  group: null,
  decidedBy: '',
  createdAt: T,
}

const rules: EntryRulesJson = {
  uid: UID,
  alias: 'payments/api',
  rev: 2,
  rules: [
    {
      id: 'shop',
      effect: 'allow',
      callers: ['web/shop', { subtree: 'ops' }],
      ports: [[8080, 8080]],
      proto: 'http',
      routes: [{ method: 'GET', path: { prefix: '/orders' } }],
      rev: 2,
    },
  ],
  splits: [
    {
      port: 8080,
      backendRefs: [
        { entry: 'payments/api', weight: 9 },
        { entry: 'payments/v2', port: 8081, weight: 1 },
      ],
    },
  ],
}

const cluster: ClusterJson = {
  uid: `c${UID.slice(1)}`,
  alias: 'prod',
  rev: 1,
  head: HEX,
  identityTrustDomain: 'cluster.local',
  controlPlaneNamespace: 'linkerd',
  issuer: 'https://kubernetes.default.svc',
  audience: 'capstan',
  validation: 'online',
  tokenReview: { inCluster: true },
  createdAt: T,
}

const change: ChangeJson = {
  op: 'entry.suspend',
  alias: 'payments/api',
  uid: UID,
  rev: 2,
  proposal: `pr${UID}`,
  seq: 7,
  at: T,
  class: 'routine',
}

const emergencyUse: EmergencyUseJson = {
  seq: 9,
  at: T,
  until: T,
  ratified: true,
  ratifyBefore: T,
  subject: 'payments/api',
  act: 'reactivate',
  by: ['ann'],
  reason: 'incident 7',
}

const invoked: InvokedJson = { ...emergencyUse, scope: '', grant: 'oncall', drill: false }

const emergencyGrant: EmergencyGrantJson = {
  scope: '',
  name: 'oncall',
  acts: ['reactivate'],
  under: 'payments',
  who: ['ann'],
  threshold: 1,
  longest: 7200,
  coolDown: 3600,
  most: 3,
  standing: 'cooling-down',
  uses: [emergencyUse],
}

const recovery: RecoveryJson = {
  scope: { alias: '', uid: `s${'a'.repeat(31)}` },
  standing: 'finished',
  from: 2,
  statement: HEX,
  holders: ['r1', 'r2'],
  seq: 9,
  since: T,
  due: T,
  lapses: T,
  group: { solo: false, voters: [] },
}

const brake: BrakeJson = {
  seq: 9,
  at: '2026-11-21T00:00:00Z',
  until: '2026-11-21T02:00:00Z',
  standing: 'in-effect',
  subject: { alias: 'payments/api', uid: `e${'a'.repeat(31)}`, kind: 'entry' },
  scope: '',
  by: ['local'],
}

const proposal: ProposalJson = {
  id: `pr${'a'.repeat(40)}`,
  digest: HEX,
  standing: 'open',
  record: 7,
  proposal: { op: 'entry.suspend' },
  open: {
    class: 'narrowing',
    opened: T,
    head: HEX,
    scope: '',
    votes: [],
    sides: { present: { yes: 0 } },
    awaits: ['ann'],
    deadline: T,
    voters: [{ id: 'ann', side: 'present', weight: 100 }],
    missing: { present: { weight: 100, people: 1, other: false } },
  },
  closed: null,
}

const certificate: CertificateWithPemJson = {
  serial: SERIAL,
  alias: 'payments/api',
  uid: UID,
  issuer: '5b7d1f2846a0c8e2',
  notBefore: T,
  notAfter: T,
  issuedAt: T,
  live: true,
  evidence: { kind: 'join-token' },
  requestId: 'a'.repeat(26),
  sha256: HEX,
  pem: PEM,
}

const later = <V>(value: V): Promise<ReturnType<typeof ok<V>>> => Promise.resolve(ok(value))

/** Operations that answer everything, each in its documented shape, and remember nothing. */
export function fakeOperations(overrides: Partial<Operations> = {}): Operations {
  return {
    readiness: () =>
      Promise.resolve({ ready: true, checks: [{ name: 'store', ok: true, detail: 'writable' }] }),
    bundle: () => sampleBundle,
    spiffeBundle: () => ({
      spiffe_sequence: 3,
      spiffe_refresh_hint: 300,
      keys: [{ use: 'x509-svid', kty: 'EC', crv: 'P-256', x: 'x', y: 'y', x5c: ['MIIB'] }],
    }),
    crl: () => later(Uint8Array.of(0x30, 0x00)),
    checkpoint: () => later('acme.example/index\n4\n'),
    logTile: () => later(new Uint8Array(32)),
    entryBundle: () => later(Buffer.from('{"v":1}\n')),
    issuanceCheckpoint: () => later('acme.example/issuance\n0\n'),
    issuanceTile: () => later(new Uint8Array(32)),
    indexRecords: () => later({ records: [{ record: 'e30=', envelopes: ['e30='] }], next: 1 }),
    issuanceRecords: () =>
      later({
        records: [{ seq: 0, record: 'e30=', certificate: 'MAA=', evidence: '{}' }],
        next: 1,
      }),
    issuanceProof: () => later('c2sp.org/tlog-proof@v1\n'),
    logProof: () => later('c2sp.org/tlog-proof@v1\n'),
    stateProof: () => later('capstan/state-proof@v1\n'),
    createChallenge: () => later({ id: `ch${'a'.repeat(26)}`, nonce: 'bm9uY2U', expiresAt: T }),
    issue: () => later(sampleIssued),
    renew: () => later(sampleIssued),
    holderOf: () => later({ alias: 'ops/reader' }),
    status: () =>
      Promise.resolve({
        index: {
          id: HEX,
          trustDomain: 'acme.example',
          solo: true,
          size: 4,
          head: HEX,
          logKey: 'acme.example/index+00000000+AA==',
        },
        issuance: {
          size: 7,
          logKey: 'acme.example/issuance+00000000+AA==',
          checkpoint: { size: 6, signedAt: T },
        },
        issuer: { id: '5b7d1f2846a0c8e2', subject: 'CN=issuer', notBefore: T, notAfter: T },
        trustAnchors: [{ id: '00112233aabbccdd', subject: 'CN=root', notAfter: T, sha256: HEX }],
        entries: 1,
        liveCertificates: 1,
        recoveries: [],
        incidents: { brakes: 0, grants: 0, toRatify: 0 },
        cosigning: [
          {
            log: 'index',
            quorum: false,
            witnesses: [
              {
                name: 'w1',
                url: 'https://w1.example/',
                size: 4,
                at: T,
                behindSince: null,
                fault: null,
              },
              {
                ...{ name: 'w2', url: 'https://w2.example/', size: null, at: null, behindSince: T },
                fault: 'no answer in time',
              },
            ],
          },
          { log: 'issuance', quorum: true, witnesses: [] },
        ],
        server: { version: '0.1.0', pid: 1, listeners: [{ name: 'http', address: '[::]:8443' }] },
      }),
    entries: () => later({ entries: [entry] }),
    entry: () => later(entry),
    scopes: () => later([scope]),
    scope: () => later(scope),
    rules: () => later(rules),
    guards: () =>
      later([{ scope: '', guard: { id: 'no-ssh', effect: 'forbid', ports: [[22, 22]] } }]),
    permit: ({ caller, callee, port }) =>
      later({ allowed: true, caller, callee, port, at: T, rule: { id: 'shop', rev: 2 } }),
    why: ({ caller, callee, port }) =>
      later({
        governing: {
          ceilings: {
            caller: { regions: ['payments'], ports: [[8080, 8080]], narrowedBy: ['web'] },
            callee: { regions: [''], ports: [[1, 65_535]], narrowedBy: [] },
          },
          guards: [{ scope: '', guard: { id: 'routes', effect: 'requireRoutes' } }],
        },
        authorisation: null,
        split: null,
        checkpoint: null,
        allowed: true,
        caller,
        callee,
        port,
        at: T,
        rule: { id: 'shop', rev: 2 },
      }),
    whyPorts: ({ caller, callee }) =>
      later({
        ...{ allowed: true, caller, callee, at: T, denied: null, splits: [], complete: true },
        ports: [{ ports: [[8080, 8080]], allowed: true, rule: { id: 'shop', rev: 2 } }],
        governing: {
          ceilings: {
            caller: { regions: [''], ports: [[1, 65_535]], narrowedBy: [] },
            callee: { regions: [''], ports: [[1, 65_535]], narrowedBy: [] },
          },
          guards: [],
        },
      }),
    clusters: () => later([cluster]),
    cluster: () => later(cluster),
    history: () =>
      later([
        {
          seq: 0,
          at: T,
          op: 'entry.create',
          subject: 'entry payments/api',
          rev: 1,
          by: 'local:root',
          votes: ['approve: ann'],
          proposal: `pr${UID}`,
          class: 'routine',
          summary: ['created'],
        },
      ]),
    certificates: () => later([withoutPem(certificate)]),
    certificate: () => later(certificate),
    inspect: () =>
      later({
        names: ['spiffe://acme.example/payments/api'],
        serial: SERIAL,
        issuedByUs: true,
        inLedger: true,
        matchesLedger: true,
        revoked: false,
        entry: { uid: UID, alias: 'payments/api', stateNow: 'active' },
        evidence: { kind: 'join-token' },
        binding: null,
        live: true,
        verdict: 'issued by this CA and live',
      }),
    change: () => later({ change }),
    brakes: () => later([brake]),
    brake: () => later(brake),
    signedBrake: () => later(brake),
    emergencyGrants: () => later({ grants: [emergencyGrant], former: [] }),
    invokeEmergency: () => later(invoked),
    recoveries: () => later([recovery]),
    signedRecovery: () => later(recovery),
    cancelRecovery: () => later(recovery),
    finishRecovery: () => later(recovery),
    draftProposals: () =>
      later({
        seen: { at: 0, nonce: 'ab'.repeat(16), meta: { size: 4 }, rows: [{ table: 'scopes' }] },
        drafts: [
          {
            id: proposal.id,
            digest: HEX,
            scope: '',
            proposal: { op: 'entry.suspend' },
            impact: { v: 1 },
            impactDigest: HEX,
            waits: null,
          },
        ],
      }),
    withdrawProposal: () => later({ proposal, changes: [], suspended: null }),
    submit: () => later({ proposal, changes: [], suspended: null }),
    proposals: () => later([proposal]),
    proposal: () => later(proposal),
    ...fakeQuestions,
    past: (_moment, ask) => ask(fakeOperations(overrides), unixSeconds(1_795_305_600)),
    apply: ({ mode }) =>
      later({
        changes: [
          { request: { op: 'entry.suspend' }, kind: 'change', subject: 'entry a', lines: ['x'] },
        ],
        applied: mode === 'plan' ? null : [change],
        proposed: mode === 'plan' ? null : [],
      }),
    createToken: (alias) =>
      later({
        id: 'abcdefghijklmnop',
        token: 'jt1.abcdefghijklmnop.c2VjcmV0',
        alias,
        expiresAt: T,
        caFingerprint: HEX,
      }),
    tokens: () =>
      later([
        { id: 'abcdefghijklmnop', alias: 'payments/api', createdAt: T, expiresAt: T, usedAt: null },
      ]),
    withdrawToken: () => later(undefined),
    revoke: () => later({ revoked: 1, serials: [SERIAL] }),
    checkCluster: () =>
      later({ ok: true, checks: [{ name: 'tokenreview', ok: true, detail: 'allowed' }] }),
    audit: ({ full }) =>
      later({
        ok: true,
        full,
        checks: [{ name: 'index-log', ok: true, detail: 'as it was signed' }],
        certificates: full ? { checked: 5, gone: 2, alarms: 0, first: [] } : null,
      }),
    verifyIssuance: () => later({ size: 7, root: 'cm9vdA==', compared: 5, before: 1, ok: true }),
    verify: () => later({ records: 4, head: HEX, root: 'cm9vdA==', ok: true }),
    progress: () => ({ progress: { work: 'make changes', done: 1, total: 2 } }),
    ...overrides,
  }
}

function withoutPem({
  pem: _pem,
  ...rest
}: CertificateWithPemJson): Omit<CertificateWithPemJson, 'pem'> {
  return rest
}
