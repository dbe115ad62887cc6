import { formatVerifierKey } from '../../src/tlog/verifier-key.js'
import { days, plus, seconds, unixSeconds } from '../../src/core/time.js'
import { open } from '../../src/namespace/dsse.js'
import type { BrakeStatement } from '../../src/namespace/statements.js'
import type { Bundle } from '../../src/verify/bundle.js'
import { brakeBy, signedBrake, type Target } from '../namespace/given-brake.js'
import type { GivenGroup } from '../namespace/given-group.js'
import { valueOf } from '../namespace/given-index.js'
import type { TestVoter } from '../support/voters.js'
import { bundleOf, colluding, edited, LOG, type Writable } from '../verify/given-bundle.js'
import { type BundleVector, spliced, trusting } from './bundle-vector.js'
import { decidedAt } from './other-group.js'
import { givenServices } from './given-services.js'

/** The two services, with a brake on a voter, on a scope, on a rule and on an entry. */
async function givenBraked(): Promise<GivenGroup> {
  const given = await givenServices()
  const { index } = given
  const brakes: readonly (readonly [readonly TestVoter[], Target])[] = [
    [[given.ann, given.bob], { alias: '', voter: 'cyd' }],
    [[given.ann], { alias: 'pay' }],
    [[given.ann], { alias: 'pay/api', rule: 'orders' }],
    [[given.ann], { alias: 'pay/api' }],
  ]
  for (const [by, target] of brakes) {
    valueOf(await index.submitBrake(brakeBy(index.state, by, target, { at: given.now() })))
  }
  return given
}

/** Of an index of its own, so that the bundles before stay what they are. */
export async function addBrakeVectors(
  bundles: Record<string, string>,
  vectors: BundleVector[],
): Promise<void> {
  const given = await givenBraked()
  const trust = {
    index: given.index.state.index,
    key: formatVerifierKey(LOG.key),
    now: given.now(),
  }
  const braked = await bundleOf(given, 'pay/api')
  bundles['braked'] = Buffer.from(braked).toString('utf8')
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
  const lies = async (
    what: string,
    code: string,
    edit: (bundle: Writable<Bundle>) => void,
  ): Promise<void> => add(what, await colluding(given, braked, edit), { refused: code })
  const notProved = 'bundle.not-proved'

  add('brakes on an entry, a rule, a scope and a voter', braked, {
    entry: given.entry('pay/api').uid,
  })
  const bare = edited(braked, ({ entry: { state } }) => delete state.brake)
  add('a brake that is not in what is shown', bare, { refused: notProved })
  await lies('a log that ends a brake sooner', notProved, ({ entry: { state } }) => {
    state.brake!.until = unixSeconds(state.brake!.until - 1)
  })
  await lies('a log that leaves a brake out', notProved, ({ entry: { state } }) => {
    delete state.brake
  })
  await lies('a log that brakes another voter', notProved, ({ root: { state } }) => {
    const [, bob, cyd] = state.group!.voters
    bob!.brake = cyd!.brake!
    delete cyd!.brake
  })
  await lies('a log that takes a brake for one of its own', notProved, ({ entry: { commits } }) => {
    const { envelopes } = commits.at(-1)!
    envelopes[0]!.signatures = commits[0]!.envelopes[1]!.signatures
  })
  await lies('a log that takes one signature twice', notProved, ({ above: [pay] }) => {
    const { envelopes } = pay!.scope!.commits.at(-1)!
    envelopes.push(envelopes[0]!)
  })
  await lies('a brake by whom a brake was on', 'bundle.no-quorum', ({ root: { state } }) => {
    const [ann, , cyd] = state.group!.voters
    ann!.brake = cyd!.brake!
  })
  await lies('a brake used after its time', notProved, ({ entry: { state, commits } }) => {
    const { record } = commits.at(-1)!
    record.ts = unixSeconds(record.ts + 3601)
    state.brake!.until = unixSeconds(state.brake!.until + 3601)
  })
  await lies('a brake by a signature of two days', notProved, ({ entry: { commits } }) => {
    const commit = commits.at(-1)!
    const payload = Buffer.from(commit.envelopes[0]!.payload, 'base64').toString('utf8')
    const said = JSON.parse(payload) as BrakeStatement
    const expires = plus(said.created, days(2))
    const envelopes = signedBrake([given.ann], { ...said, expires })
    commit.envelopes = envelopes.map((one) => JSON.parse(Buffer.from(one).toString()) as never)
    commit.record.prop = open(envelopes[0]!)!.digest
  })
  const { rev } = given.index.state.root.group!
  await lies('a brake by a group that never was', notProved, ({ entry: { commits } }) =>
    decidedAt(commits.at(-1)!, rev + 1),
  )
  await lies('a brake by a group that was over', notProved, ({ entry: { commits } }) =>
    decidedAt(commits.at(-1)!, rev - 1),
  )
  await lies('a change by a group that is yet to be', notProved, ({ entry: { commits } }) =>
    decidedAt(commits[0]!, rev + 1),
  )
  await lies('a brake on a voter by a group that was over', notProved, ({ root: { commits } }) =>
    decidedAt(commits.at(-1)!, rev - 1),
  )
  await lies('a brake longer than its group allows', notProved, ({ root: { state } }) => {
    state.group!.brake!.ttl = seconds(7199)
  })
  await lies('a brake of a group without one', notProved, ({ root: { state } }) => {
    delete state.group!.brake
  })
  await lies('a brake by fewer than it takes', 'bundle.no-quorum', ({ root: { state } }) => {
    state.group!.threshold.emergency = 200
  })
}
