import { ROOT } from '../../src/core/alias.js'
import { plus, unixSeconds } from '../../src/core/time.js'
import { encodeRecord, recordHash } from '../../src/namespace/log-record.js'
import { FINISH_WITHIN } from '../../src/namespace/recovery/recovery.js'
import type { RecoveryStatement } from '../../src/namespace/recovery/recovery-statements.js'
import { formatVerifierKey } from '../../src/tlog/verifier-key.js'
import type { Bundle } from '../../src/verify/bundle.js'
import { valueOf } from '../namespace/given-index.js'
import {
  cancellationBy,
  DELAY,
  digestIn,
  type GivenRecovery,
  idsOf,
  newGroup,
  recoveryStatement,
  Safe,
  signedRecovery,
} from '../namespace/given-recovery.js'
import { TestVoter } from '../support/voters.js'
import { bundleOf, colluding, LOG, type Writable } from '../verify/given-bundle.js'
import { type BundleVector, spliced, trusting } from './bundle-vector.js'
import { givenServices } from './given-services.js'

type Shown = Writable<Bundle>['root']['commits'][number]

export interface Begun {
  readonly given: GivenRecovery
  readonly statement: RecoveryStatement
}

/** It only takes away: one voter is enough. */
export async function guards(given: GivenRecovery, id: string): Promise<void> {
  const guard = { id, effect: 'maxTtl', maxTtl: 86_400 } as const
  const proposal = await given.proposed({ op: 'guard.set', alias: '', guard })
  await given.votes(given.ann, proposal)
}

/** The two services, whose root names a recovery set that begins to replace its voters: all, or all but ann. */
export async function givenBegun(keeps = false): Promise<Begun> {
  const services = await givenServices()
  const { index, at, root } = services.index.state
  const { rev: _rev, ...group } = root.group!
  const safe = new Safe()
  await services.agreed({
    op: 'group.set',
    alias: '',
    group: { ...group, recovery: safe.set(index, at) },
  })
  const [dan, eve, fay] = ['dan', 'eve', 'fay'].map((id) => new TestVoter(id))
  const given: GivenRecovery = { ...services, safe, dan: dan!, eve: eve!, fay: fay! }
  const by = [safe.r1, safe.r2]
  const fresh = newGroup(given)
  const voters = [root.group!.voters[0]!, ...fresh.voters.slice(1)]
  const statement = recoveryStatement(given, idsOf(by), {
    at: given.now(),
    ...(keeps && { group: { ...fresh, voters } }),
  })
  valueOf(await given.index.submitRecovery(signedRecovery(by, statement)))
  return { given, statement }
}

export const shownOf = (octets: readonly Uint8Array[]): Shown['envelopes'] =>
  octets.map((one) => JSON.parse(Buffer.from(one).toString('utf8')) as Shown['envelopes'][number])

const hashOf = ({ record }: Shown): string => recordHash(encodeRecord(record))

/** Records name the one before: a log that changes one of them changes those after it too. */
function chained(commits: readonly Shown[]): void {
  commits.forEach(({ record }, at) => {
    const before = commits[at - 1]
    if (before) record.prev = hashOf(before)
  })
}

/** Of indexes of their own, so that the bundles before stay what they are. */
export async function addRecoveryVectors(
  bundles: Record<string, string>,
  vectors: BundleVector[],
): Promise<void> {
  const { given, statement } = await givenBegun()
  given.clock.set(plus(given.now(), DELAY))
  valueOf(await given.index.finishRecovery(ROOT))
  const recovered = await bundleOf(given, 'pay/api')
  bundles['recovered'] = Buffer.from(recovered).toString('utf8')
  const trust = {
    index: given.index.state.index,
    key: formatVerifierKey(LOG.key),
    now: given.now(),
  }
  const add = (
    what: string,
    octets: Uint8Array,
    verdict: Pick<BundleVector, 'entry' | 'refused'>,
    whom = trust,
  ) => {
    const changed = Buffer.from(octets).toString('utf8')
    vectors.push({ what, ...spliced(bundles, changed), trust: trusting(whom, changed), ...verdict })
  }
  const lies = async (
    what: string,
    code: string,
    edit: (bundle: Writable<Bundle>) => void,
  ): Promise<void> => add(what, await colluding(given, recovered, edit), { refused: code })
  const notProved = 'bundle.not-proved'
  const entry = given.entry('pay/api').uid

  add('a group that came by recovery', recovered, { entry })
  await lies('a recovery by another set', notProved, ({ root: { state } }) => {
    const [r1, , r3] = state.group!.recovery!.holders
    r1!.keys = r3!.keys
  })
  await lies('a recovery by fewer than the set asks for', 'bundle.no-quorum', ({ root }) => {
    root.state.group!.recovery!.threshold = 3
  })
  await lies('a recovery that takes one signature twice', notProved, ({ root: { commits } }) => {
    for (const { envelopes } of [commits[0]!, commits.at(-1)!]) envelopes[1] = envelopes[0]!
  })
  await lies('a recovery before its time', notProved, ({ root: { state, commits } }) => {
    const finish = commits.at(-1)!.record
    finish.ts = unixSeconds(finish.ts - 1)
    state.recovery!.finished = finish.ts
  })
  await lies('a recovery after its time', notProved, ({ root: { state, commits } }) => {
    const finish = commits.at(-1)!.record
    finish.ts = unixSeconds(finish.ts + FINISH_WITHIN)
    state.recovery!.finished = finish.ts
  })
  await lies('a recovery whose start is not shown', notProved, ({ root: { commits } }) => {
    commits.shift()
  })
  await lies('a recovery that makes another group', notProved, ({ root: { state } }) => {
    state.group!.voters[0]!.weight = 99
  })
  await lies('a recovery that the scope says nothing of', notProved, ({ root: { state } }) => {
    delete state.recovery!.finished
  })
  const resigned = async (what: string, more: Partial<RecoveryStatement>) => {
    const { r1, r2 } = given.safe
    const other = signedRecovery([r1, r2], { ...statement, ...more })
    await lies(what, notProved, ({ root: { state, commits } }) => {
      for (const one of [commits[0]!, commits.at(-1)!]) {
        one.envelopes = shownOf(other)
        one.record.prop = digestIn(other[0])
      }
      state.recovery!.statement = digestIn(other[0])
      chained(commits)
    })
  }
  const pay = given.scope('pay')
  await resigned('a recovery of another scope', { subject: { alias: pay.alias, uid: pay.uid } })
  await resigned('a recovery on another base', {
    base: { rev: statement.base.rev, head: 'a'.repeat(64) },
  })
  await resigned('a recovery of another index', { index: 'a'.repeat(64) })
  await resigned('a recovery from another revision of the group', { from: statement.from - 1 })
  await addBetween(bundles, vectors)
  await addSuspended(bundles, vectors)
  await addCancelled(bundles, vectors)
}

/** Of one between whose start and end something else of the scope changed. */
async function addBetween(bundles: Record<string, string>, vectors: BundleVector[]): Promise<void> {
  const { given } = await givenBegun()
  await guards(given, 'between')
  const trust = {
    index: given.index.state.index,
    key: formatVerifierKey(LOG.key),
    now: given.now(),
  }
  const add = (
    what: string,
    octets: Uint8Array,
    verdict: Pick<BundleVector, 'entry' | 'refused'>,
  ) => {
    const changed = Buffer.from(octets).toString('utf8')
    vectors.push({
      what,
      ...spliced(bundles, changed),
      trust: trusting(trust, changed),
      ...verdict,
    })
  }
  const waiting = await bundleOf(given, 'pay/api')
  bundles['recovering'] = Buffer.from(waiting).toString('utf8')
  const entry = given.entry('pay/api').uid
  add('a recovery that waits for its time', waiting, { entry })
  given.clock.set(plus(given.now(), DELAY))
  valueOf(await given.index.finishRecovery(ROOT))
  const whole = await bundleOf(given, 'pay/api')
  bundles['recovered-later'] = Buffer.from(whole).toString('utf8')
  add('a recovery with a change between', whole, { entry })
  const left = await colluding(given, whole, ({ root: { commits } }) => {
    commits.splice(1, 1)
  })
  add('a recovery with something left out between', left, { refused: 'bundle.not-proved' })
}

/** Of one that keeps a voter who says both while it waits. */
async function addSuspended(
  bundles: Record<string, string>,
  vectors: BundleVector[],
): Promise<void> {
  const { given } = await givenBegun(true)
  const said = await given.proposed({ op: 'entry.update', alias: 'pay/api', labels: { a: 'b' } })
  const votes = (['approve', 'reject'] as const).map((how) =>
    given.ann.vote(said, how, given.now()),
  )
  valueOf(await given.index.submit(votes))
  given.clock.set(plus(given.now(), DELAY))
  valueOf(await given.index.finishRecovery(ROOT))
  const whole = await bundleOf(given, 'pay/api')
  bundles['suspended'] = Buffer.from(whole).toString('utf8')
  const trust = {
    index: given.index.state.index,
    key: formatVerifierKey(LOG.key),
    now: given.now(),
  }
  const add = (
    what: string,
    octets: Uint8Array,
    verdict: Pick<BundleVector, 'entry' | 'refused'>,
  ) => {
    const changed = Buffer.from(octets).toString('utf8')
    vectors.push({
      what,
      ...spliced(bundles, changed),
      trust: trusting(trust, changed),
      ...verdict,
    })
  }
  add('a recovery that keeps a voter suspended', whole, { entry: given.entry('pay/api').uid })
  const back = await colluding(given, whole, ({ root: { state } }) => {
    state.group!.voters[0]!.status = 'active'
  })
  add('a recovery that takes a suspension back', back, { refused: 'bundle.not-proved' })
}

/** Of one that a voter stopped, and that a log makes after all. */
async function addCancelled(
  bundles: Record<string, string>,
  vectors: BundleVector[],
): Promise<void> {
  const { given, statement } = await givenBegun()
  valueOf(await given.index.submitRecovery(cancellationBy(given, [given.cyd])))
  const stopped = await bundleOf(given, 'pay/api')
  bundles['stopped'] = Buffer.from(stopped).toString('utf8')
  const trust = {
    index: given.index.state.index,
    key: formatVerifierKey(LOG.key),
    now: given.now(),
  }
  const add = (
    what: string,
    octets: Uint8Array,
    verdict: Pick<BundleVector, 'entry' | 'refused'>,
  ) => {
    const changed = Buffer.from(octets).toString('utf8')
    vectors.push({
      what,
      ...spliced(bundles, changed),
      trust: trusting(trust, changed),
      ...verdict,
    })
  }
  add('a recovery that a voter stopped', stopped, { entry: given.entry('pay/api').uid })
  given.clock.set(plus(given.now(), DELAY))
  await guards(given, 'after')
  const later = await bundleOf(given, 'pay/api')
  const group = { ...statement.group, rev: statement.from + 1 }
  const finishAnyway = ({ root: { state, commits } }: Writable<Bundle>): void => {
    const [start] = commits
    const finish = commits.at(-1)!
    delete finish.opened
    finish.envelopes = start!.envelopes
    Object.assign(finish.record, {
      kind: 'recovery-finish',
      prop: start!.record.prop,
      votes: [],
      class: 'structural',
    })
    const { recovery: set } = state.group!
    state.group = { ...group, recovery: set! } as unknown as NonNullable<typeof state.group>
    const { cancelled: _no, ...mark } = state.recovery!
    state.recovery = { ...mark, finished: finish.record.ts }
  }
  const refused = { refused: 'bundle.not-proved' }
  add(
    'a recovery that is finished though a voter stopped it',
    await colluding(given, later, finishAnyway),
    refused,
  )
  const hushed = await colluding(given, later, (bundle) => {
    finishAnyway(bundle)
    const { commits } = bundle.root
    commits.splice(
      commits.findIndex(({ record }) => record.kind === 'recovery-cancel'),
      1,
    )
  })
  add('a recovery whose end by a voter is not shown', hushed, refused)
  const forged = await colluding(given, stopped, ({ root: { state } }) => {
    const [ann, , cyd] = state.group!.voters
    cyd!.keys = ann!.keys
  })
  add('a recovery that somebody else stopped', forged, refused)
}
