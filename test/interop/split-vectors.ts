import { formatVerifierKey } from '../../src/tlog/verifier-key.js'
import type { Bundle } from '../../src/verify/bundle.js'
import type { GivenGroup } from '../namespace/given-group.js'
import { owner } from '../namespace/given-index.js'
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

type Edit = (bundle: Writable<Bundle>) => void

/** The two services, and a split of the callee's traffic that was weighed anew before its last change. */
export async function givenSplit(): Promise<GivenGroup> {
  const given = await givenServices()
  await given.agreed({ op: 'entry.create', alias: 'pay/v2', owner })
  for (const weights of [
    [100, 1],
    [95, 5],
    [90, 10],
  ] as const) {
    const backendRefs = ['pay/api', 'pay/v2'].map((entry, at) => ({ entry, weight: weights[at]! }))
    await given.agreed({ op: 'split.set', alias: 'pay/api', split: { port: 8080, backendRefs } })
  }
  await given.agreed({ op: 'entry.update', alias: 'pay/api', labels: { tier: 'gold' } })
  return given
}

/** What a holder of the log key puts into the state: all of it goes elsewhere. */
export const splitElsewhere: Edit = ({ entry: { state } }) => {
  for (const ref of state.splits![0]!.backendRefs) ref.weight = ref.weight === 90 ? 10 : 90
}

/** The same on a port about which nobody ever decided. */
export const splitOfPort =
  (port: number): Edit =>
  ({ entry: { state } }) => {
    const [split] = state.splits!
    state.splits = [...state.splits!, { ...split!, port }].sort((a, b) => a.port - b.port)
  }

export async function addSplitVectors(
  bundles: Record<string, string>,
  vectors: BundleVector[],
): Promise<void> {
  const given = await givenSplit()
  const add = (
    what: string,
    octets: Uint8Array,
    verdict: Pick<BundleVector, 'entry' | 'refused'>,
    more: Partial<BundleTrust> = {},
  ) => {
    const { index } = given.index.state
    const trust = { index, key: formatVerifierKey(LOG.key), now: given.now(), ...more }
    vectors.push({ what, ...spliced(bundles, text(octets)), trust, ...verdict })
  }
  const api = await bundleOf(given, 'pay/api')
  bundles['split'] = text(api)
  const entry = given.entry('pay/api').uid
  const [notProved, notCounted] = ['bundle.not-proved', 'bundle.not-counted']
  const lies = async (what: string, edit: Edit, code: string, of = api) => {
    const lie = await colluding(given, of, edit, { lineage: 'whole' })
    add(what, lie, { refused: code })
  }
  const unshown: Edit = ({ entry: { commits } }) => void commits.splice(-3, 2)

  add('an entry with a traffic split that voters made', api, { entry })
  await lies('a traffic split with other weights than were voted', splitElsewhere, notProved)
  await lies('a traffic split that nobody is shown to have made', splitOfPort(9090), notCounted)
  await lies(
    'a second rule of the id of a voted one',
    ({ entry: { state } }) => {
      state.rules = [state.rules[0]!, ...state.rules]
    },
    notProved,
  )
  await lies(
    'a second traffic split of a voted port',
    ({ entry: { state } }) => {
      state.splits = [...state.splits!, ...state.splits!]
    },
    notProved,
  )
  await lies(
    'a log without the traffic split that was voted',
    ({ entry: { state } }) => delete state.splits,
    notProved,
  )
  add('a traffic split without the change that made it', edited(api, unshown), {
    refused: notCounted,
  })
  add('the same, by whom the log is trusted', edited(api, unshown), { entry }, { trustLog: true })
  const cut = await colluding(given, withoutLineage(api), splitElsewhere)
  add(
    'other weights than were voted, by whom the log is trusted',
    cut,
    { refused: notProved },
    {
      trustLog: true,
    },
  )
  await given.agreed({ op: 'split.clear', alias: 'pay/api', port: 8080 })
  const { splits } = (JSON.parse(text(api)) as Writable<Bundle>).entry.state
  await lies(
    'a traffic split that was cleared',
    ({ entry: { state } }) => (state.splits = splits!),
    notProved,
    await bundleOf(given, 'pay/api'),
  )
}

const text = (octets: Uint8Array): string => Buffer.from(octets).toString('utf8')
