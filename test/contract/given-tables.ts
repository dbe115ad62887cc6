import type { Alias } from '../../src/core/alias.js'
import type { TrustDomain } from '../../src/core/names.js'
import { sha256Hex, type Uid, uidFromDigest } from '../../src/core/uid.js'
import type { Entry } from '../../src/namespace/entry.js'
import { fullEnvelope } from '../../src/namespace/envelope.js'
import type { IndexStore, StoredRecord } from '../../src/namespace/ports.js'
import type { Scope } from '../../src/namespace/scope.js'
import {
  type RowChange,
  type StateChange,
  type StateMeta,
  type StateSource,
  tableNames,
} from '../../src/namespace/state-tables.js'
import { T0 } from '../support/fake-clock.js'
import { countedRandom } from '../support/random.js'

const random = countedRandom('tables')
const root = uidFromDigest('s', random(32))

/** Tables of a log of `size` records, without what they hold. */
export const metaAt = (size: number): StateMeta => ({
  index: sha256Hex('index'),
  trustDomain: 'acme.example' as TrustDomain,
  root,
  size,
  head: sha256Hex(`record ${size - 1}`),
  at: T0,
  entries: 0,
  structure: 1,
})

/** A change of the tables from one size of the log to another. */
export const change = (
  from: number,
  size: number,
  rows: readonly RowChange[] = [],
): StateChange => ({
  from,
  meta: metaAt(size),
  rows,
})

/** Appends records with the change of the tables that goes with them. */
export const append = (
  store: IndexStore,
  from: number,
  records: readonly StoredRecord[],
  rows: readonly RowChange[] = [],
): Promise<boolean> => store.append(records, change(from, from + records.length, rows))

export const newUid = (): Uid => uidFromDigest('e', random(32))

export const anEntry = (uid: Uid, over: Partial<Entry> = {}): Entry => ({
  kind: 'entry',
  uid,
  alias: 'payments/api' as Alias,
  state: 'active',
  rev: 1,
  head: sha256Hex(uid),
  owner: { controller: 'team "p", \\ \u2028 Ω 🂡', contact: '#p' },
  envelope: fullEnvelope,
  bindings: [
    { kind: 'edge', attestor: 'tpm', device: 'ä 🂡', id: 'baaaaaaaaaaaa' },
    { kind: 'vm', attestor: 'aws', match: { account: ['1', 'Ω'] }, id: 'bbbbbbbbbbbbb' },
  ],
  rules: [],
  labels: { tier: '', 'a/b': 'ü' },
  validUntil: T0,
  createdAt: T0,
  ...over,
})

export const aScope = (uid: Uid, alias: string): Scope => ({
  kind: 'scope',
  uid,
  alias: alias as Alias,
  state: 'active',
  rev: 1,
  head: sha256Hex(uid),
  envelope: fullEnvelope,
  group: null,
  createdAt: T0,
})

/** Everything that is in the tables. */
export const contentOf = ({ meta, tables }: StateSource): object => ({
  meta,
  rows: Object.fromEntries(tableNames.map((name) => [name, [...tables[name].range()]])),
})
