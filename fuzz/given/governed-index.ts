import type { Alias } from '../../src/core/alias.js'
import type { TrustDomain } from '../../src/core/names.js'
import { days, hours, type Seconds, type UnixSeconds, unixSeconds } from '../../src/core/time.js'
import type { ChangeRequest } from '../../src/namespace/change-request.js'
import type { EmergencyGrant } from '../../src/namespace/emergency/emergency.js'
import { type IndexDeps, LiveIndex } from '../../src/namespace/live-index.js'
import type { GroupTerms } from '../../src/namespace/operation.js'
import type { StoredRecord } from '../../src/namespace/ports.js'
import { FakeClock } from '../../test/support/fake-clock.js'
import { FakeIssuedUntil } from '../../test/support/issued-until.js'
import { MemoryIndexStore } from '../../test/support/memory-index-store.js'
import { countedRandom } from '../../test/support/random.js'
import { groupOf, TestVoter } from '../../test/support/voters.js'
import { ed25519Pair } from './keys.js'
import { voter } from './small-index.js'

const BEGIN = unixSeconds(1_795_219_200)

/** Everybody who has a key, the same in every run: voters, who uses grants, and who recovers. */
export const people: Readonly<Record<string, TestVoter>> = Object.fromEntries(
  ['ann', 'bob', 'cyd', 'dan', 'eve', 'fay', 'hal', 'ivy', 'rex', 'sue', 'tom'].map((id) => [
    id,
    new TestVoter(id, 'Ed25519', `${id}@acme`, ed25519Pair(id).privateKey),
  ]),
)

export function person(id: string): TestVoter {
  const found = people[id]
  if (!found) throw new Error(`nobody is called ${id}`)
  return found
}

export const grants: readonly EmergencyGrant[] = [
  {
    ...{ name: 'oncall', acts: ['allow', 'reactivate'], under: 'shop' as Alias },
    ...{ who: ['ann', 'hal'], threshold: 1, longest: hours(2), coolDown: hours(1), uses: 3 },
  },
  {
    ...{ name: 'pair', acts: ['allow'], under: 'shop' as Alias },
    ...{ who: ['hal', 'ivy'], threshold: 2, longest: hours(4), coolDown: hours(1), uses: 3 },
  },
]

const owner = { controller: 'team-shop' }
const open = { mayCall: [''], mayAccept: [''], ports: [[1, 65_535]] } as never
const begin: readonly ChangeRequest[] = [
  { op: 'scope.create', alias: 'shop' },
  { op: 'entry.create', alias: 'shop/web', owner, envelope: open },
  { op: 'entry.create', alias: 'shop/api', owner, envelope: open },
  {
    op: 'rule.attach',
    alias: 'shop/api',
    rule: { id: 'web', callers: ['shop/web'], ports: [443] },
  },
]

/** An index of voters with a brake, grants for incidents and a recovery set, and its time. */
export interface Situation {
  readonly records: readonly StoredRecord[]
  readonly now: UnixSeconds
}

export interface GovernedIndex {
  readonly index: LiveIndex
  readonly log: MemoryIndexStore
  readonly clock: FakeClock
}

const depsOf = (log: MemoryIndexStore, clock: FakeClock): IndexDeps => ({
  ...{ store: log, voter, clock, random: countedRandom('fuzz'), issued: new FakeIssuedUntil() },
})

/** A copy that an input may change. */
export async function opened({ records, now }: Situation): Promise<GovernedIndex> {
  const log = new MemoryIndexStore(records)
  const clock = new FakeClock(now)
  const found = await LiveIndex.open(depsOf(log, clock))
  if (!found.ok) throw new Error(found.refusal.detail)
  return { index: found.value, log, clock }
}

/** The same, some time and some changes of Ann and Bob later. */
export async function later(
  before: Situation,
  length: Seconds,
  act: (given: GovernedIndex) => Promise<void>,
): Promise<Situation> {
  const given = await opened(before)
  given.clock.advance(length)
  await act(given)
  return { records: given.log.records, now: given.clock.now() }
}

export async function agreed(
  { index, clock }: GovernedIndex,
  request: ChangeRequest,
): Promise<void> {
  const made = await index.change(request)
  if (!made.ok) throw new Error(made.refusal.detail)
  if (made.value.kind !== 'waits') return
  for (const id of ['ann', 'bob']) {
    const asked = await index.proposal(made.value.proposal)
    if (!asked.ok) throw new Error(asked.refusal.detail)
    if (asked.value.standing !== 'open') return
    const voted = await index.submit([person(id).vote(asked.value, 'approve', clock.now())])
    if (!voted.ok) throw new Error(voted.refusal.detail)
  }
}

export async function governed(): Promise<Situation> {
  const log = new MemoryIndexStore()
  const clock = new FakeClock(BEGIN)
  const trustDomain = 'acme.example' as TrustDomain
  const made = await LiveIndex.create(depsOf(log, clock), { trustDomain, controller: 'platform' })
  if (!made.ok) throw new Error(made.refusal.detail)
  const given = { index: made.value, log, clock }
  for (const request of begin) await agreed(given, request)
  await agreed(given, { op: 'group.set', alias: '', group: groupOfAll(made.value) })
  return { records: log.records, now: clock.now() }
}

function groupOfAll({ state }: LiveIndex): GroupTerms {
  const { index, at, root } = state
  const local = root.group?.voters[0]
  if (!local) throw new Error('nobody decides')
  const listed = (ids: readonly string[]) => ids.map((id) => person(id).voter(index, at))
  const holders = ['hal', 'ivy'].map((id) => {
    const { controller } = person(id)
    return { id, controller, keys: [person(id).key(index, at, person(id), 'emergency')] }
  })
  return groupOf(listed(['ann', 'bob', 'cyd']), {
    proposers: [{ id: local.id, controller: local.controller, keys: local.keys }],
    brake: { ttl: days(1), perWeek: 10 },
    emergency: { holders, grants },
    recovery: {
      holders: ['rex', 'sue', 'tom'].map((id) => person(id).holder(index, at)),
      ...{ threshold: 2, delay: hours(72) },
    },
  })
}
