import { describe, expect, it } from '@jest/globals'
import type { Result } from '../../src/core/result.js'
import { days, plus, seconds } from '../../src/core/time.js'
import { settleIssuanceLog, verifyIssuanceLog } from '../../src/issuance/issuance-log.js'
import type { LedgerEntry, OwnIssuanceLog } from '../../src/issuance/ports.js'
import type { Progress } from '../../src/namespace/ports.js'
import { EMPTY_ROOT, type Hash } from '../../src/tlog/hash.js'
import { signCheckpoint } from '../../src/tlog/sign-note.js'
import type { TreeHead } from '../../src/tlog/verify-proof.js'
import { leaf } from '../contract/given-store.js'
import { codeOf, valueOf } from '../namespace/given-index.js'
import { T0 } from '../support/fake-clock.js'
import { MemoryStore } from '../support/memory-store.js'
import { logSigner } from '../support/note-signers.js'

const signer = logSigner('acme.example/issuance')
const { key } = signer
const other: Hash = Buffer.alloc(32, 2)
const pace = () => undefined

/** Of so many certificates, the first `short` of which end within a minute. */
async function givenLog(size: number, short = 0) {
  const store = new MemoryStore()
  const recorded: LedgerEntry[] = []
  for (let n = 0; n < size; n += 1) {
    const entry = leaf(n < short ? { notAfter: plus(T0, seconds(60)) } : {})
    recorded.push(entry)
    valueOf(await store.ledger.append(entry, []))
  }
  return { store, log: store.issuanceLog, recorded }
}
/** What was pruned of it is gone. */
async function givenPruned(size: number, short: number): Promise<OwnIssuanceLog> {
  const { store, log } = await givenLog(size, short)
  expect(await store.ledger.prune(plus(T0, days(1)))).toBe(short)
  return log
}

async function signed(log: OwnIssuanceLog, head: TreeHead): Promise<void> {
  const note = await signCheckpoint({ origin: key.name, ...head, extensions: [] }, signer)
  expect(await log.tree.keepCheckpoint({ ...head, note })).toBe(true)
}

/** The log, but for what `lies` says otherwise. */
const lying = (log: OwnIssuanceLog, lies: Partial<OwnIssuanceLog>): OwnIssuanceLog => ({
  ...log,
  ...lies,
})
/** From now on its tree says so. */
function withTree(
  log: OwnIssuanceLog,
  lies: Partial<Pick<OwnIssuanceLog['tree'], 'head' | 'readTiles'>>,
): OwnIssuanceLog {
  Object.assign(log.tree, lies)
  return log
}
const changed = (octets: Uint8Array): Uint8Array => Buffer.from(octets).fill(0xff, 0, 1)

/** What an operator reads of a log that is not what was signed; `ok` where it is. */
function foundIn(result: Result<unknown>): string | undefined {
  if (result.ok) return 'ok'
  expect(result.refusal.code).toBe('tlog.inconsistent')
  return result.refusal.found
}
const settle = async (log: OwnIssuanceLog, head?: TreeHead): Promise<string | undefined> =>
  foundIn(await settleIssuanceLog(log, { key, ...(head && { head }) }))
const verify = async (log: OwnIssuanceLog, from?: TreeHead): Promise<string | undefined> =>
  foundIn(await verifyIssuanceLog(log, { key }, pace, from))

const OTHERS = 'other certificates than were signed'
const BEYOND = 'certificates beyond its end'

describe('an issuance log may be signed on', () => {
  it('where nothing was issued, and nothing signed', async () => {
    const { log } = await givenLog(0)
    expect(await settle(log)).toBe('ok')
    expect(await settle(log, { size: 0, root: EMPTY_ROOT })).toBe('ok')
  })

  it('where it goes on from what was signed, whatever was issued since', async () => {
    const { store, log } = await givenLog(3)
    const before = await log.tree.head()
    await signed(log, before)
    expect(await settle(log, before)).toBe('ok')
    await store.ledger.append(leaf(), [])
    expect(await settle(log, before)).toBe('ok')
    expect(await settle(log, await log.tree.head())).toBe('ok')
  })

  it('where its last certificates were pruned, and that was counted', async () => {
    const log = await givenPruned(3, 3)
    expect(await log.last()).toBeUndefined()
    expect(await settle(log)).toBe('ok')
    const uncounted = lying(log, { pruned: () => Promise.resolve(0) })
    expect(await settle(uncounted)).toBe('no certificate at its end, and none was pruned')
  })

  it.each<[string, (head: TreeHead) => TreeHead, string]>([
    [
      'more certificates',
      ({ size, root }) => ({ size: size + 1, root }),
      '3 certificates, and 4 were signed',
    ],
    ['others, as many', ({ size }) => ({ size, root: other }), OTHERS],
    ['others, fewer', ({ size }) => ({ size: size - 1, root: other }), OTHERS],
    ['none, and they have another root', () => ({ size: 0, root: other }), OTHERS],
  ])('not where %s were signed, by what is remembered outside', async (_, said, found) => {
    const { log } = await givenLog(3)
    expect(await settle(log, said(await log.tree.head()))).toBe(found)
  })

  it('not where the checkpoint that is kept is of other certificates', async () => {
    const { log } = await givenLog(3)
    const fork = await givenLog(3)
    const head = await fork.log.tree.head()
    await signed(fork.log, head)
    log.tree.checkpoint = () => fork.log.tree.checkpoint()
    expect(await settle(log)).toBe(OTHERS)
    expect(await settle(log, await log.tree.head())).toBe(OTHERS)
  })

  it('not where the checkpoint that is kept is of another key', async () => {
    const { log } = await givenLog(3)
    await signed(log, await log.tree.head())
    const stranger = { key: logSigner('acme.example/other').key }
    expect(codeOf(await settleIssuanceLog(log, stranger))).toBe('tlog.unknown-log')
  })

  it('not where its tiles come to another root', async () => {
    const { log } = await givenLog(3)
    const head = { ...(await log.tree.head()), root: other }
    expect(await settle(withTree(log, { head: () => Promise.resolve(head) }))).toBe(
      'tiles of another root',
    )
  })

  it('not where the ledger has certificates beyond its end', async () => {
    const { log } = await givenLog(3)
    for (const [end, code] of [
      [2, 'ok'],
      [3, BEYOND],
      [4, BEYOND],
    ] as const) {
      expect(await settle(lying(log, { last: () => Promise.resolve(end) }))).toBe(code)
    }
    const empty = await givenLog(0)
    expect(await settle(lying(empty.log, { last: () => Promise.resolve(0) }))).toBe(BEYOND)
  })

  it('not where the ledger has another certificate at its end, or none', async () => {
    const { log } = await givenLog(3)
    const [last] = await log.read(2, 1)
    const another = { ...last!, bytes: changed(last!.bytes) }
    for (const at of [[another], [last!, another]]) {
      const said = await settle(lying(log, { read: () => Promise.resolve(at) }))
      expect(said).toBe('another certificate at its end')
    }
    expect(await settle(lying(log, { read: () => Promise.resolve([]) }))).toMatch(/^no certificate/)
    // Only the last is looked at.
    const asked: (readonly [number, number])[] = []
    const read = (from: number, limit: number) => {
      asked.push([from, limit])
      return log.read(from, limit)
    }
    expect(await settle(lying(log, { read }))).toBe('ok')
    expect(asked).toEqual([[2, 1]])
  })
})

describe('the ledger compared with its log', () => {
  it.each<[number, readonly number[]]>([
    [0, []],
    [1, [1]],
    [256, [256]],
    [300, [256, 300]],
  ])('is the same, certificate by certificate, of %s, said at %j', async (size, said) => {
    const { log } = await givenLog(size)
    const paced: Progress[] = []
    const { root } = await log.tree.head()
    const verified = await verifyIssuanceLog(log, { key }, (at) => void paced.push(at))
    expect(valueOf(verified)).toEqual({ size, root, compared: size, before: 0 })
    const work = 'compare the ledger'
    expect(paced).toEqual(said.map((done) => ({ work, done, total: size })))
  })

  it('may lack as many as were pruned, also meanwhile, and no more or fewer', async () => {
    const log = await givenPruned(5, 2)
    const { size, root } = await log.tree.head()
    const verified = valueOf(await verifyIssuanceLog(log, { key }, pace))
    expect(verified).toEqual({ size, root, compared: 3, before: 0 })
    const counted = (...counts: readonly number[]) => {
      let at = 0
      return lying(log, { pruned: () => Promise.resolve(counts[at++] ?? counts.at(-1)!) })
    }
    expect(await verify(counted(1))).toBe('3 of 5 certificates in the ledger, and 1 were pruned')
    expect(await verify(counted(3))).toBe('3 of 5 certificates in the ledger, and 3 were pruned')
    // Begun before the prune, and ended after it.
    expect(await verify(counted(1, 3))).toBe('ok')
    expect(await verify(counted(2, 3))).toBe('ok')
    expect(await verify(counted(1, 2))).toBe('ok')
  })

  it('has certificates of before there was a log, as many as there were then', async () => {
    const { log } = await givenLog(2)
    const unlogged = (found: number, expected: number, later: number) =>
      lying(log, { unlogged: () => Promise.resolve({ found, expected, later }) })
    const verified = valueOf(await verifyIssuanceLog(unlogged(4, 4, 0), { key }, pace))
    expect(verified).toMatchObject({ compared: 2, before: 4 })
    const said = (found: number, later: number) =>
      `${found} certificates without a number, ${later} of them issued since the log began, and there were 4`
    expect(await verify(unlogged(3, 4, 0))).toBe(said(3, 0))
    expect(await verify(unlogged(5, 4, 0))).toBe(said(5, 0))
    expect(await verify(unlogged(4, 4, 1))).toBe(said(4, 1))
  })

  it('goes on from a head that was kept elsewhere', async () => {
    const { store, log } = await givenLog(3)
    const before = await log.tree.head()
    await store.ledger.append(leaf(), [])
    expect(await verify(log, before)).toBe('ok')
    expect(await verify(log, { ...before, root: other })).toBe(
      '4 certificates, not those of the checkpoint of 3',
    )
    expect(await verify(log, { ...before, size: 5 })).toMatch(/^4 certificates, not .* of 5$/)
  })

  it('is refused where what was signed is of other certificates', async () => {
    const { log } = await givenLog(3)
    const { size } = await log.tree.head()
    const before = { key, head: { size, root: other } }
    expect(foundIn(await verifyIssuanceLog(log, before, pace))).toBe(OTHERS)
  })

  it('is refused where one certificate is another, or stands twice for one that is missing', async () => {
    const { log } = await givenLog(300)
    const meddled = (at: number, seq: number, isChanged: boolean) =>
      lying(log, {
        read: async (from, limit) =>
          (await log.read(from, limit)).map((one) =>
            one.seq === at
              ? { ...one, seq, bytes: isChanged ? changed(one.bytes) : one.bytes }
              : one,
          ),
      })
    for (const at of [0, 7, 255, 256]) {
      expect(await verify(meddled(at, at, true))).toBe(`another certificate ${at}`)
    }
    expect(await verify(meddled(9, 10, false))).toBe('another certificate 10')
    // Beyond what was asked for there is no leaf.
    expect(await verify(meddled(255, 256, false))).toBe('another certificate 256')
  })

  it.each([
    [0, 1],
    [7, 8],
    [0, 255],
  ])('is refused where certificate %s is there twice, and %s is not', async (twice, missing) => {
    const { log } = await givenLog(256)
    const read: OwnIssuanceLog['read'] = async (from, limit) => {
      const all = await log.read(from, limit)
      return all.map((one) => (one.seq === missing ? all[twice]! : one))
    }
    expect(await verify(lying(log, { read }))).toBe(`certificate ${twice} twice`)
  })

  it('is refused where a tile above its leaves is another', async () => {
    const { log } = await givenLog(300)
    const truth = log.tree.readTiles.bind(log.tree)
    const readTiles: typeof truth = async (tiles) =>
      (await truth(tiles)).map((octets, at) => (tiles[at]!.level === 1 ? changed(octets) : octets))
    expect(await verify(withTree(log, { readTiles }))).toBe('another tile 0 of level 1')
  })

  it('is refused where a tile of leaves is another when it is looked at again', async () => {
    const { log } = await givenLog(3)
    const truth = log.tree.readTiles.bind(log.tree)
    let reads = 0
    const readTiles: typeof truth = async (tiles) => {
      reads += 1
      return reads === 1 ? await truth(tiles) : (await truth(tiles)).map(changed)
    }
    expect(await verify(withTree(log, { readTiles }))).toBe('another tile 0 of level 0')
  })

  it('is refused where its root is another', async () => {
    const { log } = await givenLog(3)
    const { size } = await log.tree.head()
    const head = () => Promise.resolve({ size, root: other })
    expect(await verify(withTree(log, { head }))).toBe('another root')
  })
})
