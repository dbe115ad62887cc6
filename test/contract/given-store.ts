import type { AuthorityRecord } from '../../src/ca/ports.js'
import { certificateDer } from '../../src/core/der.js'
import { days, hours, plus, seconds } from '../../src/core/time.js'
import { serialFromRandom } from '../../src/core/serial.js'
import { type Uid, uidFromDigest } from '../../src/core/uid.js'
import type { Challenge, JoinToken, LedgerEntry } from '../../src/issuance/ports.js'
import type { StoredRecord } from '../../src/namespace/ports.js'
import type { IssuingStore, Store } from '../../src/store/open-store.js'
import { T0 } from '../support/fake-clock.js'
import { countedRandom } from '../support/random.js'

export interface OpenedStore<S extends IssuingStore = IssuingStore> {
  /** Empty at first. */
  readonly store: S
  /** Closes it, and opens what it left behind. */
  readonly reopen: () => Promise<S>
}

/** Whoever passes this closes what it opened, once the test is over. */
export type OpenStore<S extends IssuingStore = IssuingStore> = () => Promise<OpenedStore<S>>

/** Opens a store of the process that writes it. */
export type OpenWholeStore = OpenStore<Store>

const random = countedRandom('store')

/** Every octet there is, in an order of its own: nothing that re-encodes text brings it back. */
export function anyBytes(): Uint8Array {
  const all = Uint8Array.from({ length: 256 }, (_, value) => value)
  return Uint8Array.from([...random(16), ...all])
}

export const newEntry = (): Uid => uidFromDigest('e', random(32))

/** A 24-hour leaf, of an entry of its own. */
export function leaf(over: Partial<LedgerEntry> = {}): LedgerEntry {
  const issuedAt = over.issuedAt ?? T0
  return {
    serial: serialFromRandom(random(16)),
    issuerId: '00112233aabbccdd',
    entry: newEntry(),
    alias: 'shop/web',
    rev: 3,
    binding: 'bqsvp4yznzryq',
    issuedAt,
    notBefore: plus(issuedAt, seconds(-60)),
    notAfter: plus(issuedAt, days(1)),
    certificate: certificateDer(anyBytes()),
    evidence: '{"kind":"pod","uid":"Ω"}',
    parentSerial: serialFromRandom(random(16)),
    requestId: 'req-1',
    policyDigest: Buffer.from(random(32)).toString('hex'),
    indexSize: 17,
    ...over,
  }
}

export function token(
  over: Partial<Omit<JoinToken, 'usedAt'>> = {},
): Omit<JoinToken, 'usedAt'> & { readonly id: string } {
  return {
    id: Buffer.from(random(10)).toString('hex'),
    secretSha256: Buffer.from(random(32)).toString('hex'),
    entry: newEntry(),
    createdAt: T0,
    expiresAt: plus(T0, hours(1)),
    ...over,
  }
}

export function challenge(over: Partial<Challenge> = {}): Challenge {
  return {
    id: `ch${Buffer.from(random(16)).toString('hex')}`,
    nonce: Buffer.from(random(32)).toString('base64url'),
    expiresAt: plus(T0, hours(1)),
    ...over,
  }
}

export function record(seq: number, envelopes = 2): StoredRecord {
  return { seq, bytes: anyBytes(), envelopes: Array.from({ length: envelopes }, anyBytes) }
}

export function authority(over: Partial<AuthorityRecord> = {}): AuthorityRecord {
  return {
    id: Buffer.from(random(8)).toString('hex'),
    role: 'issuer',
    certificate: certificateDer(anyBytes()),
    parents: ['-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n', 'second'],
    keyRef: 'issuer-1',
    state: 'active',
    ...over,
  }
}

/** The same value with its bytes as text, so that a Buffer equals the Uint8Array that it came from. */
export function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return `bytes:${Buffer.from(value).toString('hex')}`
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, plain(member)]))
}
