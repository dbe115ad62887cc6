import { seconds, unixSeconds } from '../../src/core/time.js'
import { open, payloadTypes } from '../../src/namespace/dsse.js'
import { formatVerifierKey } from '../../src/tlog/verifier-key.js'
import type { Bundle } from '../../src/verify/bundle.js'
import type { GivenGroup } from '../namespace/given-group.js'
import { valueOf } from '../namespace/given-index.js'
import { groupOf, TestVoter } from '../support/voters.js'
import { bundleOf, colluding, LOG, type Writable } from '../verify/given-bundle.js'
import { type BundleVector, spliced } from './bundle-vector.js'
import { givenServices } from './given-services.js'
import { decides } from './lineage-vectors.js'

type Edit = (bundle: Writable<Bundle>) => void

/** A voter with a second key, whose first is over at a time. */
const replaced = (given: GivenGroup, now: TestVoter, before: TestVoter, until: number) => {
  const { index, at } = given.index.state
  const voter = before.voter(index, at)
  const [key] = voter.keys
  return { ...voter, keys: [{ ...key!, until: unixSeconds(until) }, now.key(index, at)] }
}

/**
 * A rule that was proposed while Bob and Cyd had their first keys, and opened when these were over. Bob
 * has approved it with his second, by a clock that is behind, and Ann.
 */
async function givenOver() {
  const given = await givenServices()
  const { ann, bob, cyd, index } = given
  const until = given.now() + 1000
  const later = { bob: new TestVoter('bob'), cyd: new TestVoter('cyd') }
  const voters = [
    ann.voter(index.state.index, index.state.at),
    replaced(given, later.bob, bob, until),
    replaced(given, later.cyd, cyd, until),
  ]
  const { proposers = [] } = index.state.root.group!
  const group = groupOf(voters, { proposers })
  await decides(given, [ann, bob, cyd], { op: 'group.set', alias: '', group })
  given.clock.advance(seconds(100))
  const rule = { id: 'any', callers: ['web/shop/front'], ports: [8080] }
  const routes = [{ path: { prefix: '/any' } }]
  const shape = await given.proposed({
    op: 'rule.attach',
    alias: 'pay/api',
    rule: { ...rule, routes },
  })
  const created = given.now()
  given.clock.advance(seconds(2000))
  const { nonce } = shape.proposal!
  const proposal = {
    ...shape.proposal,
    author: { kind: 'voter', id: 'ann' },
    nonce: nonce.slice(1) + nonce.slice(0, 1),
  }
  const said = valueOf(await index.submit([ann.envelope(payloadTypes.proposal, proposal)]))
  const asked = await given.proposal(said.proposal.id)
  await given.votes(ann, asked)
  await given.votes(later.bob, asked, 'approve', { cast: unixSeconds(given.now() - 100) })
  return { given, asked, created, until }
}

/** When votes were cast, and when records were made. */
export async function addTimeVectors(
  bundles: Record<string, string>,
  vectors: BundleVector[],
): Promise<void> {
  const { given, asked, created, until } = await givenOver()
  const { ann, bob, cyd } = given
  const honest = await bundleOf(given, 'pay/api')
  bundles['later-keys'] = text(honest)
  const { index } = given.index.state
  const trust = { index, key: formatVerifierKey(LOG.key), now: given.now() }
  const entry = given.entry('pay/api').uid
  const add = (
    what: string,
    octets: Uint8Array,
    verdict: Pick<BundleVector, 'entry' | 'refused'>,
  ) => vectors.push({ what, ...spliced(bundles, text(octets)), trust, ...verdict })
  const lies = async (what: string, edit: Edit) => {
    const lie = await colluding(given, honest, edit, { lineage: 'whole' })
    add(what, lie, { refused: 'bundle.not-proved' })
    const cut = text(await colluding(given, honest, edit))
    vectors.push({
      what: `${what}, without the lineage of its scopes`,
      ...spliced(bundles, cut),
      trust: { ...trust, trustLog: true },
      refused: 'bundle.not-proved',
    })
  }
  const votes =
    (cast: number, ...voters: readonly TestVoter[]): Edit =>
    ({ entry: { commits } }) => {
      const { record, envelopes } = commits.at(-1)!
      for (const [at, voter] of voters.entries()) {
        const vote = voter.vote(asked, 'approve', unixSeconds(cast))
        envelopes[at + 1] = JSON.parse(text(vote)) as (typeof envelopes)[number]
        record.votes[at] = open(vote)!.digest
      }
    }
  add('votes by later keys, one by a clock that is behind', honest, { entry })
  await lies('votes by keys that were over before they were asked', votes(until - 10, bob, cyd))
  await lies('a vote of before its proposal', votes(created - 1, ann))
  await lies('a vote of a time after its record', votes(given.now() + 121, ann))
  await lies('a record of a time after that of the next', ({ entry: { commits } }) => {
    const { record } = commits[0]!
    record.ts = unixSeconds(given.now() + 1)
  })
  await lies('a last record of a time before that of its opening', ({ entry: { commits } }) => {
    const { record, opened } = commits.at(-1)!
    record.ts = unixSeconds(opened!.record.ts - 1)
  })
}

const text = (octets: Uint8Array): string => Buffer.from(octets).toString('utf8')
