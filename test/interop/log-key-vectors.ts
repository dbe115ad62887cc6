import { canonicalize } from '../../src/core/canonical-json.js'
import { formatVerifierKey } from '../../src/tlog/verifier-key.js'
import type { Bundle } from '../../src/verify/bundle.js'
import { givenFounded } from '../namespace/given-index.js'
import { logSigner, seededSigner } from '../support/note-signers.js'
import { bundleOf, LOG, withoutLineage, type Writable } from '../verify/given-bundle.js'
import { type BundleTrust, type BundleVector, spliced } from './bundle-vector.js'

const owner = { controller: 'team-payments' }

/** An index whose genesis names the key of its log: its id is enough to verify by. */
export async function addLogKeyVectors(
  bundles: Record<string, string>,
  vectors: BundleVector[],
): Promise<void> {
  const api = { op: 'entry.create', alias: 'api', owner } as const
  const lifetimes = { id: 'short', effect: 'maxTtl', maxTtl: 3600 } as const
  const guarded = { op: 'guard.set', alias: '', guard: lifetimes } as const
  const given = await givenFounded({ log: LOG.key }, api, guarded)
  const { index } = given.index.state
  const now = given.clock.now()
  const entry = given.entry('api').uid
  const honest = text(await bundleOf(given, 'api'))
  bundles['log-key'] = honest
  const add = (
    what: string,
    changed: string,
    verdict: { readonly entry: string } | { readonly refused: string },
    more: Partial<BundleTrust> = {},
  ) => {
    vectors.push({ what, ...spliced(bundles, changed), trust: { index, now, ...more }, ...verdict })
  }
  add('a genesis that names the key of its log, and no other key said', honest, { entry })
  const key = formatVerifierKey(LOG.key)
  add('a genesis that names the key of its log, and the same one said', honest, { entry }, { key })

  const other = seededSigner(LOG.key.name, LOG.key.type, Buffer.alloc(32, 7))
  const forged = text(await bundleOf(given, 'api', { log: other }))
  add('signed by another key of the name than the genesis names', forged, {
    refused: 'tlog.unknown-key',
  })
  add(
    'signed by another key than the genesis names, which is said',
    forged,
    { entry },
    { key: formatVerifierKey(other.key) },
  )
  const stranger = formatVerifierKey(logSigner('other.example/index').key)
  add(
    'another key said than the genesis names',
    honest,
    { refused: 'tlog.unknown-log' },
    { key: stranger },
  )
  const renamed = JSON.parse(forged) as Writable<Bundle>
  const [genesis] = renamed.root.commits[0]!.envelopes
  const says = JSON.parse(Buffer.from(genesis!.payload, 'base64').toString()) as object
  const lie = canonicalize({ ...says, log: formatVerifierKey(other.key) })
  genesis!.payload = Buffer.from(lie).toString('base64')
  add('a genesis that was made to name another key', `${canonicalize(renamed)}\n`, {
    refused: 'bundle.no-log-key',
  })
  const cut = text(withoutLineage(await bundleOf(given, 'api')))
  add('no genesis, and no key said', cut, { refused: 'bundle.no-log-key' }, { trustLog: true })
  const silent = await givenFounded({}, api)
  bundles['no-log-key'] = text(await bundleOf(silent, 'api'))
  add(
    'a genesis that names no key, and no key said',
    bundles['no-log-key'],
    { refused: 'bundle.no-log-key' },
    { index: silent.index.state.index },
  )
}

const text = (octets: Uint8Array): string => Buffer.from(octets).toString('utf8')
