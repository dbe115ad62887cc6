import { open, payloadTypes } from '../../src/namespace/dsse.js'
import type { ProposalView } from '../../src/namespace/proposal-view.js'
import { proposalId } from '../../src/namespace/statements.js'
import { formatVerifierKey } from '../../src/tlog/verifier-key.js'
import type { Bundle } from '../../src/verify/bundle.js'
import type { GivenGroup } from '../namespace/given-group.js'
import { owner, valueOf } from '../namespace/given-index.js'
import { bundleOf, colluding, edited, LOG, type Writable } from '../verify/given-bundle.js'
import { type BundleVector, spliced } from './bundle-vector.js'
import { givenServices } from './given-services.js'

type Commit = Writable<Bundle>['entry']['commits'][number]
type Edit = (bundle: Writable<Bundle>) => void

/** Several changes of the API in one proposal, which waits. */
async function together(given: GivenGroup): Promise<ProposalView> {
  const rules = [{ id: 'x', callers: ['web/shop/front'], ports: [8080] }].map((rule) => ({
    ...rule,
    routes: [{ path: { exact: '/x' } }],
  }))
  const entries = [{ alias: 'pay/api', owner, labels: { a: 'c' }, rules }]
  const [made] = valueOf(await given.index.apply({ apiVersion: 'capstan/v1', entries }))
  if (made?.kind !== 'waits') throw new Error('it was made at once')
  return given.proposal(made.proposal)
}

/** Cyd approves one change of the API, and several that begin with another of the same revision. */
export async function givenRivals(): Promise<GivenGroup> {
  const given = await givenServices()
  const one = await given.proposed({
    op: 'entry.update',
    alias: 'pay/api',
    labels: { a: 'b' },
  })
  const several = await together(given)
  const both = [one, several].map((proposal) => given.cyd.vote(proposal, 'approve', given.now()))
  valueOf(await given.index.submit(both))
  return given
}

/** The API is renamed by the second of two changes that were proposed together, and then updated. */
export async function givenRenamed(): Promise<GivenGroup> {
  const given = await givenServices()
  const { proposal } = await together(given)
  if (proposal?.op !== 'changes') throw new Error('it is one change')
  const { uid, rev, head } = given.entry('pay/api')
  const subject = { uid, alias: 'pay/api' }
  const changes = [
    { op: 'entry.update', subject, body: { labels: { z: 'z' } }, base: { rev, head } },
    { op: 'entry.rename', subject, body: { to: 'pay/renamed' }, base: { after: 0 } },
  ]
  const said = valueOf(
    await given.index.submit([
      given.ann.envelope(payloadTypes.proposal, {
        ...proposal,
        author: { kind: 'voter', id: 'ann' },
        nonce: proposal.nonce.slice(1) + proposal.nonce.slice(0, 1),
        body: { changes },
      }),
    ]),
  )
  const asked = await given.proposal(said.proposal.id)
  for (const voter of [given.ann, given.bob]) await given.votes(voter, asked)
  const rule = { id: 'any', callers: ['web/shop/front'], ports: [8080] }
  const routes = [{ path: { prefix: '/any' } }]
  await given.agreed({ op: 'rule.attach', alias: 'pay/renamed', rule: { ...rule, routes } })
  return given
}

/** What several changes together rule out, and what they do to a name. */
export async function addTogetherVectors(
  bundles: Record<string, string>,
  vectors: BundleVector[],
): Promise<void> {
  await addRivals(bundles, vectors)
  await addRenamed(bundles, vectors)
}

async function addRivals(bundles: Record<string, string>, vectors: BundleVector[]): Promise<void> {
  const given = await givenRivals()
  const honest = await bundleOf(given, 'web/shop/front')
  bundles['rivals'] = text(honest)
  const add = adding(given, bundles, vectors)
  add('votes for one change and for several that rule it out', honest, {
    entry: given.entry('web/shop/front').uid,
  })
  const bad = (what: string, edit: Edit) => add(what, edited(honest, edit), NOT_PROVED)
  const evidenceIn = ({ root: { commits } }: Writable<Bundle>) =>
    commits.find(({ record }) => record.kind === 'evidence')!
  bad('votes for several changes without their proposals', (bundle) => {
    evidenceIn(bundle).envelopes.splice(2, 2)
  })
  bad('votes for several changes with one of their proposals', (bundle) => {
    evidenceIn(bundle).envelopes.splice(3, 1)
  })
  bad('votes for several changes with their proposals exchanged', (bundle) => {
    const { envelopes } = evidenceIn(bundle)
    envelopes.splice(2, 2, envelopes[3]!, envelopes[2]!)
  })
  bad('votes for several changes with a statement too many', (bundle) => {
    const { envelopes } = evidenceIn(bundle)
    envelopes.push(envelopes[3]!)
  })
  const apart: Edit = (bundle) => saidOfAnother(given, evidenceIn(bundle))
  const lie = await colluding(given, honest, apart, { lineage: 'whole' })
  add('votes for several changes that rule nothing out', lie, NOT_PROVED)
}

/** The second of two votes is about changes of another entry, which its voter approved as well. */
function saidOfAnother(given: GivenGroup, { record, envelopes }: Commit): void {
  const [, vote, , several] = envelopes
  const { ann, cyd } = given
  const { uid, rev, head } = given.entry('web/shop/front')
  const subject = { uid, alias: 'web/shop/front' }
  const change = { op: 'entry.update', subject, body: { labels: { z: 'z' } }, base: { rev, head } }
  const other = ann.envelope(payloadTypes.proposal, {
    ...saidIn(several!),
    body: { changes: [change, { ...change, base: { after: 0 } }] },
  })
  const { digest } = open(other)!
  const said = cyd.envelope(payloadTypes.vote, {
    ...saidIn(vote!),
    subject: [{ name: proposalId(digest), digest: { sha256: digest } }],
  })
  envelopes[1] = JSON.parse(text(said)) as Commit['envelopes'][number]
  envelopes[3] = JSON.parse(text(other)) as Commit['envelopes'][number]
  record.votes[1] = open(said)!.digest
}

const saidIn = ({ payload }: Commit['envelopes'][number]): object =>
  JSON.parse(Buffer.from(payload, 'base64').toString('utf8')) as object

async function addRenamed(bundles: Record<string, string>, vectors: BundleVector[]) {
  const given = await givenRenamed()
  const honest = await bundleOf(given, 'pay/renamed')
  bundles['renamed-together'] = text(honest)
  const add = adding(given, bundles, vectors)
  add('a name that one of several changes gave', honest, { entry: given.entry('pay/renamed').uid })
  const edit: Edit = ({ entry: { commits } }) => {
    const moved = commits.findIndex(({ record }) => record.subject.alias === 'pay/renamed')
    commits.splice(moved, 1)
  }
  add(
    'a name that one of several changes gave, which is left out',
    edited(honest, edit),
    NOT_PROVED,
  )
}

const NOT_PROVED = { refused: 'bundle.not-proved' }

const adding =
  (given: GivenGroup, bundles: Readonly<Record<string, string>>, vectors: BundleVector[]) =>
  (what: string, octets: Uint8Array, verdict: Pick<BundleVector, 'entry' | 'refused'>) => {
    const { index } = given.index.state
    const trust = { index, key: formatVerifierKey(LOG.key), now: given.now() }
    vectors.push({ what, ...spliced(bundles, text(octets)), trust, ...verdict })
  }

const text = (octets: Uint8Array): string => Buffer.from(octets).toString('utf8')
