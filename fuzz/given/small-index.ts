import { sign } from 'node:crypto'
import type { Alias } from '../../src/core/alias.js'
import type { TrustDomain } from '../../src/core/names.js'
import { unixSeconds } from '../../src/core/time.js'
import type { ChangeRequest } from '../../src/namespace/change-request.js'
import { type IndexDeps, LiveIndex } from '../../src/namespace/live-index.js'
import type { StoredRecord, VoterSigner } from '../../src/namespace/ports.js'
import { FakeClock } from '../../test/support/fake-clock.js'
import { FakeIssuedUntil } from '../../test/support/issued-until.js'
import { MemoryIndexStore } from '../../test/support/memory-index-store.js'
import { countedRandom } from '../../test/support/random.js'
import { ed25519Pair } from './keys.js'

const { privateKey, publicKey } = ed25519Pair('voter')

/** The one voter of the small index: the same in every run, as are all its records. */
export const voter: VoterSigner = {
  publicKey: Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url'),
  sign: (bytes) => sign(null, bytes, privateKey),
}

const trustDomain = 'acme.example' as TrustDomain
const owner = { controller: 'team-payments' }

const changes: readonly ChangeRequest[] = [
  {
    op: 'cluster.register',
    alias: 'prod',
    cluster: {
      identityTrustDomain: 'cluster.local' as TrustDomain,
      controlPlaneNamespace: 'linkerd',
      issuer: 'https://prod.example',
      audience: 'capstan',
      validation: 'online',
    },
  },
  { op: 'scope.create', alias: 'payments', envelope: { maxTtl: 7200 } },
  {
    op: 'entry.create',
    alias: 'payments/api',
    owner,
    labels: { tier: '1' },
    bindings: [{ kind: 'k8s', cluster: 'prod', namespace: 'payments', serviceAccount: 'api' }],
  },
  {
    op: 'entry.create',
    alias: 'shop/web',
    owner,
    bindings: [
      { kind: 'vm', attestor: 'aws', match: { region: ['eu-1'] } },
      { kind: 'edge', attestor: 'tpm', device: 'd1' },
    ],
  },
]

const depsOf = (store: MemoryIndexStore): IndexDeps => ({
  store,
  voter,
  clock: new FakeClock(unixSeconds(1_795_219_200)),
  random: countedRandom('fuzz'),
  issued: new FakeIssuedUntil(),
})

/** Makes the index: a cluster, a scope and two entries. */
async function founded(): Promise<readonly [MemoryIndexStore, LiveIndex]> {
  const log = new MemoryIndexStore()
  const created = await LiveIndex.create(depsOf(log), { trustDomain, controller: 'platform' })
  if (!created.ok) throw new Error(created.refusal.detail)
  for (const change of changes) {
    const done = await created.value.change(change)
    if (!done.ok) throw new Error(done.refusal.detail)
  }
  return [log, created.value]
}

/** As it is; nobody changes this one. */
export const [smallLog, smallIndex] = await founded()

export interface OwnIndex {
  readonly index: LiveIndex
  readonly log: MemoryIndexStore
}

/** A copy of it that an input may change, and what keeps its records. */
export async function ownIndex(): Promise<OwnIndex> {
  const log = new MemoryIndexStore(smallLog.records)
  const opened = await LiveIndex.open(depsOf(log))
  if (!opened.ok) throw new Error(opened.refusal.detail)
  return { index: opened.value, log }
}

/** One change of each kind that the small index would make. */
export const possibleChanges: readonly ChangeRequest[] = [
  { op: 'scope.create', alias: 'shop', envelope: { ports: [[80, 443]] }, reason: 'a new region' },
  { op: 'scope.suspend', alias: 'payments' },
  { op: 'scope.retire', alias: 'payments' },
  {
    op: 'entry.create',
    alias: 'payments/eu/api',
    owner,
    envelope: {
      maxTtl: 600,
      names: ['payments' as Alias],
      clusters: '*',
      capabilities: ['reader'],
    },
    validUntil: '2027-01-31T00:00:00Z',
  },
  {
    op: 'rule.attach',
    alias: 'payments/api',
    rule: { id: 'web', callers: ['shop/web', { subtree: 'payments' }], ports: [80, [8000, 8080]] },
  },
  {
    op: 'split.set',
    alias: 'payments/api',
    split: { port: 80, backendRefs: [{ entry: 'shop/web', weight: 1 }] },
  },
  {
    op: 'guard.set',
    alias: 'payments',
    guard: { id: 'no-ssh', effect: 'forbid', callers: ['shop' as Alias], ports: [[22, 22]] },
  },
  { op: 'entry.suspend', alias: 'payments/api', ticket: 'OPS-1' },
  { op: 'entry.retire', alias: 'payments/api' },
  { op: 'entry.update', alias: 'shop/web', labels: { a: '' }, validUntil: 1_900_000_000 },
  { op: 'entry.rename', alias: 'shop/web', to: 'shop/site' },
  {
    op: 'binding.add',
    alias: 'shop/web',
    binding: { kind: 'k8s', cluster: 'prod', namespace: 'shop', serviceAccount: 'web' },
  },
  { op: 'binding.remove', alias: 'payments/api', binding: 'prod/payments/api' },
  { op: 'envelope.set', alias: '', envelope: { maxTtl: 3600 } },
  {
    op: 'envelope.set',
    alias: 'payments/api',
    envelope: { federate: [], mayCall: ['shop' as Alias] },
  },
  {
    op: 'cluster.register',
    alias: 'edge/one',
    cluster: {
      identityTrustDomain: 'one.example' as TrustDomain,
      controlPlaneNamespace: 'linkerd',
      issuer: 'https://one.example',
      audience: 'capstan',
      validation: 'both',
      tokenReview: { kubeconfig: '/etc/one', context: 'one' },
      jwks: { url: 'https://one.example/keys' },
    },
  },
  {
    op: 'cluster.update',
    alias: 'prod',
    cluster: {
      identityTrustDomain: 'cluster.local' as TrustDomain,
      controlPlaneNamespace: 'linkerd',
      issuer: 'https://prod.example',
      audience: 'another',
      validation: 'offline',
      jwks: { discovery: true },
    },
  },
  { op: 'cluster.remove', alias: 'prod' },
]

/** The records of those of them that it makes. */
export async function possibleRecords(): Promise<readonly StoredRecord[]> {
  const records: StoredRecord[] = []
  for (const change of possibleChanges) {
    const { index, log } = await ownIndex()
    await index.change(change)
    records.push(...log.records.slice(smallLog.records.length))
  }
  return records
}
