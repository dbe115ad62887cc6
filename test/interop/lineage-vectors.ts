import type { ChangeRequest } from '../../src/namespace/change-request.js'
import { formatVerifierKey } from '../../src/tlog/verifier-key.js'
import type { Bundle } from '../../src/verify/bundle.js'
import { open } from '../../src/namespace/dsse.js'
import { brakeBy } from '../namespace/given-brake.js'
import { type GivenGroup, groupBelow } from '../namespace/given-group.js'
import { owner, valueOf } from '../namespace/given-index.js'
import { groupOf, TestVoter } from '../support/voters.js'
import {
  bundleOf,
  colluding,
  edited,
  LOG,
  withoutLineage,
  type Writable,
} from '../verify/given-bundle.js'
import { type BundleTrust, type BundleVector, spliced } from './bundle-vector.js'
import { givenServices } from './given-services.js'
import { decidedAt } from './other-group.js'

type Edit = (bundle: Writable<Bundle>) => void
type Commit = Writable<Bundle>['entry']['commits'][number]

const named = (id: string) => new TestVoter(id)

/** People of the scopes below, beside those of the root. */
export interface GivenHistory extends GivenGroup {
  readonly dan: TestVoter
  readonly eve: TestVoter
  readonly fay: TestVoter
  readonly gil: TestVoter
  readonly hal: TestVoter
  readonly ida: TestVoter
}

/** Proposes it, and has these say yes for as long as they are asked. */
export async function decides(
  given: GivenGroup,
  voters: readonly TestVoter[],
  request: ChangeRequest,
): Promise<void> {
  const proposal = await given.proposed(request)
  for (const voter of voters) {
    const { standing } = await given.proposal(proposal.id)
    if (standing === 'open') await given.votes(voter, proposal)
  }
  const { standing } = await given.proposal(proposal.id)
  if (standing !== 'committed') throw new Error(`${request.op} is ${standing}`)
}

/**
 * The two services, whose scopes get voters of their own that change since: another weight, a voter
 * who says both and is suspended, a brake on a voter that is lifted, and those above who step in.
 */
export async function givenHistory(): Promise<GivenHistory> {
  const services = await givenServices()
  const given = {
    ...services,
    dan: named('dan'),
    eve: named('eve'),
    fay: named('fay'),
    gil: named('gil'),
    hal: named('hal'),
    ida: named('ida'),
  }
  const { ann, bob, cyd, dan, eve, fay, gil, hal, ida } = given
  const { index } = given
  const { state } = index
  await groupBelow(given, 'pay', [dan, eve, fay])
  await decides(given, [dan, eve], {
    op: 'rule.attach',
    alias: 'pay/api',
    rule: {
      id: 'refunds',
      callers: ['web/shop/front'],
      ports: [8080],
      routes: [{ method: 'POST', path: { prefix: '/refunds' } }],
    },
  })
  const voters = (weight: number) =>
    [dan, eve, fay].map((one) => one.voter(state.index, state.at, one === eve ? weight : 100))
  await decides(given, [dan, eve], { op: 'group.set', alias: 'pay', group: groupOf(voters(101)) })
  const said = await given.proposed({ op: 'entry.update', alias: 'pay/api', labels: { a: 'b' } })
  const both = (['approve', 'reject'] as const).map((how) => fay.vote(said, how, given.now()))
  valueOf(await index.submit(both))
  const braked = { alias: '', voter: 'bob' }
  valueOf(await index.submitBrake(brakeBy(state, [ann, cyd], braked, { at: given.now() })))
  await decides(given, [ann, cyd], { op: 'voter.reinstate', ...braked })
  await groupBelow(given, 'web', [hal, ida, named('joe')], [ann, bob])
  await decides(given, [hal, ida], { op: 'entry.create', alias: 'web/tool', owner })
  await decides(given, [hal, ida], {
    op: 'rule.attach',
    alias: 'web/tool',
    rule: { id: 'any', callers: ['web/shop/front'], ports: [80] },
  })
  await decides(given, [hal, ida, dan, eve], {
    op: 'entry.rename',
    alias: 'web/tool',
    to: 'pay/tool',
  })
  await decides(given, [dan, eve], { op: 'entry.update', alias: 'pay/tool', labels: { a: 'b' } })
  const stepsIn = groupOf([dan, eve, gil].map((one) => one.voter(state.index, state.at)))
  await decides(given, [ann, bob], {
    op: 'group.set',
    alias: 'pay',
    group: stepsIn,
    intervene: true,
  })
  return given
}

/** Of an index of its own, so that the bundles before stay what they are. */
export async function addLineageVectors(
  bundles: Record<string, string>,
  vectors: BundleVector[],
): Promise<void> {
  const given = await givenHistory()
  const { ann, eve, fay, gil } = given
  const trust = {
    index: given.index.state.index,
    key: formatVerifierKey(LOG.key),
    now: given.now(),
  }
  const add = (
    what: string,
    octets: Uint8Array,
    verdict: Pick<BundleVector, 'entry' | 'refused'>,
    more: Partial<BundleTrust> = {},
  ) => {
    const changed = Buffer.from(octets).toString('utf8')
    vectors.push({ what, ...spliced(bundles, changed), trust: { ...trust, ...more }, ...verdict })
  }
  const api = await bundleOf(given, 'pay/api')
  const tool = await bundleOf(given, 'pay/tool')
  const cut = withoutLineage(api)
  Object.assign(bundles, { history: text(api), moved: text(tool), cut: text(cut) })
  const [entry, moved] = [given.entry('pay/api').uid, given.entry('pay/tool').uid]
  const noQuorum = 'bundle.no-quorum'
  const refused = (code: string) => ({ refused: code })
  const notProved = refused('bundle.not-proved')
  const bad = (what: string, edit: Edit, of = api) => {
    add(what, edited(of, edit), notProved)
  }
  const lies = async (what: string, edit: Edit, code = 'bundle.not-proved', of = api) => {
    add(what, await colluding(given, of, edit, { lineage: 'whole' }), refused(code))
  }
  const payOf = ({ above: [pay] }: Writable<Bundle>) => pay!.scope!

  add('an entry whose groups have changed since', api, { entry })
  add('an entry that came from a scope with other voters', tool, { entry: moved })
  add('no lineage', cut, refused('bundle.not-counted'))
  add('no lineage, by whom the log is trusted', cut, { entry }, { trustLog: true })

  bad('not one signature', (bundle) => {
    for (const { envelopes } of allOf(bundle)) envelopes.forEach(unsigned)
  })
  bad('no signature of any voter since the genesis', (bundle) => {
    for (const { record, envelopes } of allOf(bundle)) {
      if (record.kind !== 'genesis') envelopes.forEach(unsigned)
    }
  })
  bad('a change of a group that one of two did not sign', (bundle) => {
    unsigned(payOf(bundle).commits.at(-1)!.envelopes.at(-1)!)
  })
  bad('a proposal that its author did not sign', ({ entry: { commits } }) => {
    unsigned(commits.at(-1)!.envelopes[0]!)
  })
  bad('evidence that the voter did not sign', (bundle) => {
    unsigned(madeBy(payOf(bundle), 'evidence').envelopes[1]!)
  })
  bad('a brake on a voter that nobody signed', ({ root }) => {
    unsigned(madeBy(root, 'brake').envelopes[0]!)
  })
  bad('a lineage with a step left out', (bundle) => payOf(bundle).commits.splice(2, 1))
  bad('a lineage without its first step', (bundle) => payOf(bundle).commits.splice(1, 1))
  bad('a lineage without its last step', ({ root }) => root.commits.pop())
  bad('a lineage in another order', (bundle) => {
    const { commits } = payOf(bundle)
    ;[commits[1], commits[2]] = [commits[2]!, commits[1]!]
  })
  const other = await bundleOf(await givenServices(), 'pay/api')
  bad('the genesis of another index', ({ root }) => {
    root.commits[0] = (JSON.parse(text(other)) as Writable<Bundle>).root.commits[0]!
  })
  bad('a move that is left out', (bundle) => bundle.entry.commits.splice(1, 1), tool)
  bad(
    'a scope elsewhere without the change that gave it voters',
    ({ elsewhere }) => elsewhere![0]!.commits.pop(),
    tool,
  )
  bad('no scope elsewhere', (bundle) => delete bundle.elsewhere, tool)
  bad('a scope elsewhere that is above', (bundle) => (bundle.elsewhere = [bundle.root]), tool)
  bad('a scope elsewhere twice', ({ elsewhere }) => elsewhere!.push(elsewhere![0]!), tool)

  await lies(
    'a rule that nobody is shown to have made',
    ({ entry: { state } }) => {
      const [rule] = state.rules
      state.rules = [{ ...rule!, id: 'all', rev: 1 }, ...state.rules]
    },
    'bundle.not-counted',
  )
  // What takes votes of the last change of a scope away keeps all that is before it as it is.
  await lies(
    'a group by fewer of those who step in than it takes',
    (bundle) => without(payOf(bundle).commits.at(-1)!, ['bob']),
    noQuorum,
  )
  await lies('a vote on a group that is counted twice', (bundle) => {
    const { record, envelopes } = payOf(bundle).commits.at(-1)!
    record.votes[1] = record.votes[0]!
    envelopes[2] = envelopes[1]!
  })
  await lies('a group by the vote of a voter of nobody', (bundle) => {
    voted(payOf(bundle).commits.at(-1)!, 2, gil)
  })
  await lies('a change by a group that has another revision by then', ({ entry: { commits } }) =>
    decidedAt(commits.at(-1)!, 2),
  )
  await lies('a change by those above, whom it is not for', ({ entry: { commits } }) => {
    voted(commits.at(-1)!, 2, ann)
  })
  await addNewGroupAlone(bundles, vectors)
  await addSuspendedVoter(bundles, vectors, { eve, fay })
  await addTogether(bundles, vectors)
}

/** Three rules of one entry, and its scope's ceiling, in one proposal. */
async function addTogether(
  bundles: Record<string, string>,
  vectors: BundleVector[],
): Promise<void> {
  const given = await givenServices()
  const rules = ['a', 'b', 'c'].map((id) => ({
    id,
    callers: ['web/shop/front'],
    ports: [8080],
    routes: [{ path: { exact: `/${id}` } }],
  }))
  const made = valueOf(
    await given.index.apply({
      apiVersion: 'capstan/v1',
      scopes: [{ alias: 'pay', envelope: { maxTtl: 3600 } }],
      entries: [{ alias: 'pay/api', owner, rules }],
    }),
  )
  const [first] = made
  if (first?.kind !== 'waits') throw new Error('it was made at once')
  const proposal = await given.proposal(first.proposal)
  for (const voter of [given.ann, given.bob]) await given.votes(voter, proposal)
  const together = await bundleOf(given, 'pay/api')
  bundles['together'] = text(together)
  const { index } = given.index.state
  const trust = { index, key: formatVerifierKey(LOG.key), now: given.now() }
  const entry = given.entry('pay/api').uid
  const what = 'rules of one proposal, which is there once'
  vectors.push({ what, ...spliced(bundles, text(together)), trust, entry })
  const edit: Edit = ({ entry: { commits } }) => {
    const stated: Partial<Commit>[] = commits
    for (const commit of stated) delete commit.envelopes
  }
  vectors.push({
    what: 'rules of a proposal that is nowhere',
    ...spliced(bundles, text(edited(together, edit))),
    trust,
    refused: 'bundle.malformed',
  })
}

/** A group that its own voters want, and those who are there do not. */
async function addNewGroupAlone(
  bundles: Record<string, string>,
  vectors: BundleVector[],
): Promise<void> {
  const given = await givenServices()
  const { ann, bob } = given
  const [dan, eve, fay] = ['dan', 'eve', 'fay'].map(named)
  const { state } = given.index
  const proposers = state.root.group!.proposers ?? []
  const group = groupOf(
    [dan!, eve!, fay!].map((one) => one.voter(state.index, state.at)),
    { proposers },
  )
  await decides(given, [dan!, eve!, ann, bob], { op: 'group.set', alias: '', group })
  const trust = { index: state.index, key: formatVerifierKey(LOG.key), now: given.now() }
  const honest = await bundleOf(given, 'pay/api')
  bundles['other-voters'] = text(honest)
  const entry = given.entry('pay/api').uid
  const add = (
    what: string,
    octets: Uint8Array,
    verdict: Pick<BundleVector, 'entry' | 'refused'>,
  ) => vectors.push({ what, ...spliced(bundles, text(octets)), trust, ...verdict })
  add('a group of others', honest, { entry })
  for (const [what, who] of [
    ['a group that only its own voters want', ['ann', 'bob']],
    ['a group that only those before it want', ['dan', 'eve']],
  ] as const) {
    const edit: Edit = ({ root }) => without(root.commits.at(-1)!, who)
    const lie = await colluding(given, honest, edit, { lineage: 'whole' })
    add(what, lie, { refused: 'bundle.no-quorum' })
  }
}

/** A change that takes the vote of somebody who is suspended. */
async function addSuspendedVoter(
  bundles: Record<string, string>,
  vectors: BundleVector[],
  { eve, fay }: Pick<GivenHistory, 'eve' | 'fay'>,
): Promise<void> {
  const given = await givenServices()
  const dan = named('dan')
  await groupBelow(given, 'pay', [dan, eve, fay])
  const said = await given.proposed({ op: 'entry.update', alias: 'pay/api', labels: { a: 'b' } })
  const both = (['approve', 'reject'] as const).map((how) => fay.vote(said, how, given.now()))
  valueOf(await given.index.submit(both))
  const rule = { id: 'any', callers: [{ subtree: 'web' }], ports: [80] }
  const proposal = await given.proposed({
    op: 'rule.attach',
    alias: 'pay/api',
    rule: { ...rule, routes: [{ path: { exact: '/' } }] },
  })
  await given.votes(dan, proposal)
  await given.votes(eve, proposal)
  const honest = await bundleOf(given, 'pay/api')
  bundles['suspended-voter'] = text(honest)
  const { index } = given.index.state
  const trust = { index, key: formatVerifierKey(LOG.key), now: given.now() }
  const vote = fay.vote(proposal, 'approve', given.now())
  const lie = await colluding(
    given,
    honest,
    ({ entry: { commits } }) => {
      const { record, envelopes } = commits.at(-1)!
      envelopes[2] = JSON.parse(text(vote)) as (typeof envelopes)[number]
      record.votes[1] = open(vote)!.digest
    },
    { lineage: 'whole' },
  )
  vectors.push({
    what: 'a change by a voter who is suspended',
    ...spliced(bundles, text(lie)),
    trust,
    refused: 'bundle.no-quorum',
  })
}

const text = (octets: Uint8Array): string => Buffer.from(octets).toString('utf8')

const allOf = ({ entry, root, above, elsewhere = [] }: Writable<Bundle>): readonly Commit[] =>
  [entry, root, ...above.flatMap(({ scope }) => scope ?? []), ...elsewhere].flatMap(
    ({ commits }) => commits,
  )

const madeBy = ({ commits }: { readonly commits: Commit[] }, kind: string): Commit =>
  commits.find(({ record }) => record.kind === kind)!

/** What its signer said, under a signature of zeros. */
function unsigned({ signatures }: Commit['envelopes'][number]): void {
  signatures[0]!.sig = Buffer.alloc(64).toString('base64')
}

interface SaidVote {
  predicate: { voter: string }
}

const saidIn = ({ payload }: Commit['envelopes'][number]): SaidVote =>
  JSON.parse(Buffer.from(payload, 'base64').toString('utf8')) as SaidVote

/** The record does not name the votes of these. */
function without({ record, envelopes }: Commit, who: readonly string[]): void {
  const [proposal, ...votes] = envelopes
  const kept = votes.map((vote) => !who.includes(saidIn(vote).predicate.voter))
  record.votes = record.votes.filter((_, at) => kept[at])
  envelopes.splice(0, envelopes.length, proposal!, ...votes.filter((_, at) => kept[at]))
}

/** In the place of one vote, the same words of somebody else, who signs them. */
function voted({ record, envelopes }: Commit, at: number, by: TestVoter): void {
  const said = saidIn(envelopes[at]!)
  const { predicate } = said
  const vote = by.envelope('application/vnd.in-toto+json', {
    ...said,
    predicate: { ...predicate, voter: by.id },
  })
  envelopes[at] = JSON.parse(text(vote)) as Commit['envelopes'][number]
  record.votes[at - 1] = open(vote)!.digest
}
