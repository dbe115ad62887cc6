import { formatVerifierKey } from '../../src/tlog/verifier-key.js'
import type { Bundle } from '../../src/verify/bundle.js'
import type { ShownCommits } from '../../src/verify/make-bundle.js'
import type { GivenGroup } from '../namespace/given-group.js'
import { owner } from '../namespace/given-index.js'
import { bundleOf, colluding, edited, LOG, type Writable } from '../verify/given-bundle.js'
import { type BundleTrust, type BundleVector, spliced } from './bundle-vector.js'
import { givenUsed } from './emergency-vectors.js'
import { givenServices } from './given-services.js'
import { decides } from './lineage-vectors.js'

type Edit = (bundle: Writable<Bundle>) => void

const orders = (
  prefixes: readonly string[],
  callers: readonly (string | { subtree: string })[],
) => ({
  id: 'orders',
  callers,
  ports: [8080],
  routes: prefixes.map((prefix) => ({ method: 'GET' as const, path: { prefix } })),
})

const changes = {
  narrow: orders(['/orders/open'], ['web/shop/front']),
  narrower: orders(['/orders/open/mine'], ['web/shop/front']),
  wider: orders(['/orders/open', '/accounts'], ['web/shop/front', { subtree: 'web' }]),
}

/** The two services, and the rule `orders` replaced by these: what only narrows by one voter. */
export async function givenNarrowed(
  ...then: readonly (keyof typeof changes)[]
): Promise<GivenGroup> {
  const given = await givenServices()
  const replaced =
    then.length > 0 ? (['narrow', ...then] as const) : (['narrow', 'narrower'] as const)
  for (const name of replaced) {
    const request = { op: 'rule.replace', alias: 'pay/api', rule: changes[name] } as const
    if (name === 'wider') await given.agreed(request)
    else await given.votes(given.ann, await given.proposed(request))
  }
  return given
}

/** The two services, a split whose backends stay or are others, and voters of whom it takes two, or all. */
export async function givenReweighed(then: 'same' | 'elsewhere'): Promise<GivenGroup> {
  const given = await givenServices()
  const { rev: _rev, ...group } = given.index.state.root.group!
  const threshold = { ...group.threshold, sensitive: 201, structural: 201 }
  const all = [given.ann, given.bob, given.cyd]
  await decides(given, all, { op: 'group.set', alias: '', group: { ...group, threshold } })
  for (const alias of ['pay/v2', 'pay/v3']) {
    await decides(given, all, { op: 'entry.create', alias, owner })
  }
  const other = then === 'same' ? 'pay/v2' : 'pay/v3'
  for (const [entry, weight] of [
    ['pay/v2', 1],
    [other, 10],
  ] as const) {
    const backendRefs = [
      { entry: 'pay/api', weight: 90 },
      { entry, weight },
    ]
    await decides(given, all, {
      op: 'split.set',
      alias: 'pay/api',
      split: { port: 8080, backendRefs },
    })
  }
  return given
}

/** The same, and another owner. */
export async function givenOwned(): Promise<GivenGroup> {
  const given = await givenReweighed('same')
  const { ann, bob, cyd } = given
  const request = {
    op: 'entry.update',
    alias: 'pay/api',
    owner: { controller: 'team-other' },
  } as const
  await decides(given, [ann, bob, cyd], request)
  return given
}

/** The rule that a grant made is kept for a shorter time, by one voter. */
export async function givenUsedAndNarrowed(): Promise<GivenGroup> {
  const given = await givenUsed({ act: 'allow' })
  const made = given.entry('pay/api').rules.find(({ emergency }) => emergency !== undefined)
  if (!made) throw new Error('no grant was used')
  const { id, routes = [], until = 0 } = made
  const rule = {
    id,
    callers: ['web/shop/front'],
    ports: [8080],
    routes,
    until: until - 60,
  }
  await given.votes(given.ann, await given.proposed({ op: 'rule.replace', alias: 'pay/api', rule }))
  return given
}

/** The last change of the entry, or this one, is of this class, and has no more votes than that takes. */
export const fewerVotes =
  (name: 'narrowing' | 'routine', rev?: number): Edit =>
  ({ entry: { commits, state } }) => {
    const { record, envelopes } = commits.find((one) => one.record.rev === (rev ?? state.rev))!
    record.class = name
    const votes = name === 'narrowing' ? 1 : 2
    record.votes.splice(votes)
    envelopes.splice(votes + 1)
  }

/** Nothing of the entry is shown but its last change. */
export const withoutWhatWasBefore: Edit = ({ entry: { commits } }) =>
  void commits.splice(0, commits.length - 1)

/** Whoever may say of which class a change is, of one that is of another. */
export async function addClassVectors(
  bundles: Record<string, string>,
  vectors: BundleVector[],
): Promise<void> {
  const adding =
    (given: GivenGroup) =>
    (
      what: string,
      octets: Uint8Array,
      verdict: Pick<BundleVector, 'entry' | 'refused'>,
      more: Partial<BundleTrust> = {},
    ) => {
      const { index } = given.index.state
      const trust = { index, key: formatVerifierKey(LOG.key), now: given.now(), ...more }
      vectors.push({ what, ...spliced(bundles, text(octets)), trust, ...verdict })
    }
  const [notProved, notCounted] = ['bundle.not-proved', 'bundle.not-counted']
  const shown = async (name: string, given: GivenGroup, commits: ShownCommits = 'needed') => {
    const octets = await bundleOf(given, 'pay/api', { commits })
    bundles[name] = text(octets)
    return { octets, add: adding(given), entry: given.entry('pay/api').uid }
  }
  const narrowed = await shown('narrowed', await givenNarrowed())
  const { entry } = narrowed
  narrowed.add('a rule that was narrowed, and what it was', narrowed.octets, { entry })
  const cut = edited(narrowed.octets, withoutWhatWasBefore)
  narrowed.add('a rule that was narrowed, and not what it was', cut, { refused: notCounted })
  narrowed.add('the same, by whom the log is trusted with it', cut, { entry }, { trustLog: true })
  const used = await shown('used-and-narrowed', await givenUsedAndNarrowed())
  used.add('a rule of a grant that was narrowed', used.octets, { entry: used.entry })
  for (const [what, name, given, lightest] of [
    ['rule', 'widened', await givenNarrowed('wider'), 'narrowing'],
    ['traffic split', 'rerouted', await givenReweighed('elsewhere'), 'routine'],
  ] as const) {
    const all = await shown(name, given, 'all')
    all.add(`a ${what} that voters changed`, all.octets, { entry: all.entry })
    const lie = await colluding(given, all.octets, fewerVotes(lightest), { lineage: 'whole' })
    all.add(`a ${what} that was changed by too few for what it was`, lie, { refused: notProved })
    const few = await bundleOf(given, 'pay/api')
    const alone = await colluding(given, few, fewerVotes(lightest), { lineage: 'whole' })
    all.add(`a ${what} that was changed by too few for what is not shown`, alone, {
      refused: notCounted,
    })
  }
  const again = await givenNarrowed('wider', 'narrower')
  const both = await colluding(
    again,
    await bundleOf(again, 'pay/api', { commits: 'all' }),
    narrowedFromNothing,
    { lineage: 'whole' },
  )
  adding(again)('a rule that was narrowed from what nobody voted', both, { refused: notCounted })
  const owned = await givenOwned()
  const quiet = await colluding(owned, await bundleOf(owned, 'pay/api'), fewerVotes('routine'), {
    lineage: 'whole',
  })
  adding(owned)('another owner as a routine matter', quiet, { refused: notProved })
}

/** One voter widened it, which is not seen, and then narrowed it from there. */
export const narrowedFromNothing: Edit = (bundle) => {
  fewerVotes('narrowing', 5)(bundle)
  const { entry } = bundle
  entry.commits = entry.commits.filter(({ record }) => [3, 5, 6].includes(record.rev))
}

const text = (octets: Uint8Array): string => Buffer.from(octets).toString('utf8')
