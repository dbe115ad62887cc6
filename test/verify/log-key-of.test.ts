import { describe, expect, it } from '@jest/globals'
import type { TrustDomain } from '../../src/core/names.js'
import { unixSeconds } from '../../src/core/time.js'
import { FoldedState } from '../../src/namespace/folded-state.js'
import { verifyRecord } from '../../src/namespace/fold-record.js'
import { makeGenesis } from '../../src/namespace/genesis.js'
import { LiveIndex } from '../../src/namespace/live-index.js'
import { readRecord } from '../../src/namespace/log-record.js'
import type { VerifierKey } from '../../src/tlog/verifier-key.js'
import { verifyBundle } from '../../src/verify/library.js'
import { logKeyOf } from '../../src/verify/log-key-of.js'
import { codeOf, givenFounded, givenIndex, valueOf } from '../namespace/given-index.js'
import { countedRandom } from '../support/random.js'
import { logSigner, seededSigner, witnessSigner } from '../support/note-signers.js'
import { newVoter } from '../support/voter.js'
import { bundleOf, LOG } from './given-bundle.js'

const other = seededSigner(LOG.key.name, LOG.key.type, Buffer.alloc(32, 7))
const founded = async (log?: VerifierKey) => {
  const about = { trustDomain: 'acme.example' as TrustDomain, controller: 'platform' }
  const deps = { voter: newVoter(), random: countedRandom('genesis') }
  return valueOf(await makeGenesis(deps, { ...about, ...(log && { log }) }, unixSeconds(1000)))
}
const indexIdOf = (bytes: Uint8Array): string => readRecord(bytes)?.prop ?? ''

describe('the key of a log', () => {
  it('is the one that the genesis of the index names, and of no other index (attack 382)', async () => {
    const [ours, theirs] = [await founded(LOG.key), await founded(other.key)]
    const indexId = indexIdOf(ours.bytes)
    expect(valueOf(logKeyOf({ indexId }, ours.envelopes[0]))).toEqual(LOG.key)
    expect(codeOf(logKeyOf({ indexId }, theirs.envelopes[0]))).toBe('bundle.no-log-key')
  })

  it('is the one that is said, whatever the genesis names', async () => {
    const ours = await founded(LOG.key)
    const said = { indexId: indexIdOf(ours.bytes), logKey: other.key }
    expect(valueOf(logKeyOf(said, ours.envelopes[0]))).toBe(other.key)
    expect(valueOf(logKeyOf(said, undefined))).toBe(other.key)
  })

  it('is not known without a genesis, nor by one that names none', async () => {
    const silent = await founded()
    const indexId = indexIdOf(silent.bytes)
    for (const envelope of [silent.envelopes[0], undefined, Buffer.from('{}'), Buffer.alloc(0)]) {
      expect(codeOf(logKeyOf({ indexId }, envelope))).toBe('bundle.no-log-key')
    }
  })

  it('signs the bundle, though another one has its name', async () => {
    const given = await givenFounded(
      { log: LOG.key },
      { op: 'entry.create', alias: 'api', owner: { controller: 'team' } },
    )
    const trust = { indexId: given.index.state.index, now: new Date(given.clock.now() * 1000) }
    expect(codeOf(verifyBundle(await bundleOf(given, 'api'), trust))).toBe('ok')
    const forged = await bundleOf(given, 'api', { log: other })
    expect(codeOf(verifyBundle(forged, trust))).toBe('tlog.unknown-key')
  })
})

describe('a genesis', () => {
  it.each([
    ['of another index', logSigner('other.example/index').key],
    ['of the other log', logSigner('acme.example/issuance').key],
    ['of a witness', witnessSigner('acme.example/index').key],
  ])('does not hold that names the key %s', async (_of, key) => {
    const stored = await founded(key)
    expect(codeOf(verifyRecord(new FoldedState(), stored))).not.toBe('ok')
    expect(codeOf(logKeyOf({ indexId: indexIdOf(stored.bytes) }, stored.envelopes[0]))).toBe(
      'bundle.no-log-key',
    )
  })

  it('is of an installation that signs with the key that it names, or names none', async () => {
    const open = async (made: typeof givenIndex, log: VerifierKey) => {
      const { deps } = await made()
      return codeOf(await LiveIndex.open({ ...deps, log }))
    }
    const named = () => givenFounded({ log: LOG.key })
    expect(await open(named, LOG.key)).toBe('ok')
    expect(await open(named, other.key)).toBe('namespace.unknown-key')
    expect(await open(() => givenIndex(), other.key)).toBe('ok')
  })
})
