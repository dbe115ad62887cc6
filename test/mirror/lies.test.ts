import { beforeEach, describe, expect, it } from '@jest/globals'
import { DependencyError } from '../../src/core/dependency-error.js'
import { days, minutes } from '../../src/core/time.js'
import type { Mirrored } from '../../src/mirror/mirrored-log.js'
import type { LogName } from '../../src/monitor/alarm.js'
import type { ShownLogs } from '../../src/monitor/ports.js'
import { policyOfKeys } from '../../src/tlog/policy.js'
import { formatVerifierKey } from '../../src/tlog/verifier-key.js'
import { colludingIndex, colludingIssuance, cosigned, noteOf } from '../monitor/forged.js'
import { GivenCapstan, signers } from '../monitor/given-capstan.js'
import { owner, valueOf } from '../namespace/given-index.js'
import { Dead, MemoryMirrorFiles } from '../support/memory-mirror-files.js'
import { logSigner, witnessSigner } from '../support/note-signers.js'
import { codesOf, mirrored, verified } from './given-mirror.js'

let given: GivenCapstan
let files: MemoryMirrorFiles

beforeEach(async () => {
  given = await GivenCapstan.founded()
  files = new MemoryMirrorFiles()
})

const issue = async (count: number): Promise<void> => {
  for (let at = 0; at < count; at += 1) await given.mustIssue()
}
const change = (alias: string): Promise<void> => given.did({ op: 'entry.create', alias, owner })
const shownChanged = () => given.store.index.records
const index = (over?: Partial<ShownLogs>): Promise<Mirrored> =>
  mirrored(given, 'index', files, over)
const issuance = (over?: Partial<ShownLogs>): Promise<Mirrored> =>
  mirrored(given, 'issuance', files, over)
const checkpointOf = (log: LogName, note: string): Pick<ShownLogs, 'checkpoint'> => ({
  checkpoint: (asked) =>
    asked === log ? Promise.resolve(Buffer.from(note)) : given.shown.checkpoint(asked),
})

/** What was found, and nothing but evidence has come into the folder. */
async function refused(
  look: () => Promise<Mirrored>,
  evidence: readonly string[] = [],
): Promise<readonly string[]> {
  const before = new Map(files.files)
  const found = await look()
  const added = [...files.files.keys()].filter((path) => !before.has(path))
  expect(added.sort()).toEqual([...evidence].sort())
  for (const [path, octets] of before) expect(files.files.get(path)).toEqual(octets)
  return codesOf(found)
}

describe('attack 290: a mirror is shown another history of the same length', () => {
  it('is a fork, and the note that proves it is kept', async () => {
    await change('shop/a')
    await index()
    const other = await GivenCapstan.founded({ op: 'scope.create', alias: 'bank' })
    expect(await refused(() => index(other.shown), ['refused'])).toEqual(['fork'])
    const note = await other.shown.checkpoint('index')
    expect(Buffer.from(files.files.get('refused')!)).toEqual(Buffer.from(note!))
    await other.did({ op: 'scope.create', alias: 'bank/eu' })
    await index(other.shown)
    expect(Buffer.from(files.files.get('refused')!)).toEqual(Buffer.from(note!))
    expect(await index()).toMatchObject({ alarms: [], size: 5 })
  })

  it('also where the records are the same, and the state is another', async () => {
    await index()
    const octets = shownChanged().map(({ bytes }) => bytes)
    const note = await noteOf(signers.index, octets, Buffer.alloc(32, 1))
    expect(await refused(() => index(checkpointOf('index', note)), ['refused'])).toEqual(['fork'])
  })
})

describe('attack 291: a mirror is shown a longer history that does not go on from its own', () => {
  it.each<LogName>(['index', 'issuance'])('of the %s log is inconsistent', async (log) => {
    await change('shop/a')
    await issue(2)
    await mirrored(given, log, files)
    const other = await GivenCapstan.founded({ op: 'scope.create', alias: 'bank' })
    await other.did({ op: 'scope.create', alias: 'bank/eu' })
    for (let at = 0; at < 3; at += 1) await other.mustIssue()
    const look = () => mirrored(given, log, files, other.shown)
    expect(await refused(look, ['refused'])).toEqual(['inconsistent'])
    expect(codesOf(await verified(given, log, files))).toEqual([])
  })
})

describe('attack 292: a mirror is shown less than it has', () => {
  it('is a rollback', async () => {
    const before = await given.shown.checkpoint('index')
    await change('shop/a')
    await index()
    const look = () => index({ checkpoint: () => Promise.resolve(before) })
    expect(await refused(look)).toEqual(['rollback'])
    const none = () => index({ checkpoint: () => Promise.resolve(undefined) })
    expect(await refused(none)).toEqual(['rollback'])
  })

  it('and the proof of a fork that comes later is kept all the same', async () => {
    const before = await given.shown.checkpoint('index')
    await change('shop/a')
    await index()
    await index({ checkpoint: () => Promise.resolve(before) })
    const other = await GivenCapstan.founded({ op: 'scope.create', alias: 'bank' })
    expect(await refused(() => index(other.shown), ['refused'])).toEqual(['fork'])
    const note = await other.shown.checkpoint('index')
    expect(Buffer.from(files.files.get('refused')!)).toEqual(Buffer.from(note!))
  })
})

describe('attack 300: a mirror is shown a fork, and nothing by which it could be seen to be one', () => {
  it('and finds it out by the honest log, which is then another one', async () => {
    await index()
    const other = await GivenCapstan.founded({ op: 'scope.create', alias: 'bank' })
    await other.did({ op: 'scope.create', alias: 'bank/eu' })
    const tile = () => Promise.reject(new DependencyError('server', '503'))
    await expect(index({ ...other.shown, tile })).rejects.toThrow(DependencyError)
    await change('shop/a')
    expect(await refused(() => index())).toEqual(['rollback'])
    await change('shop/b')
    expect(await refused(() => index(), ['refused'])).toEqual(['fork'])
    await change('shop/c')
    expect(await refused(() => index())).toEqual(['inconsistent'])
  })

  it('and forgets one that the log was seen to go on from', async () => {
    await index()
    await change('shop/a')
    const tile = () => Promise.reject(new DependencyError('server', '503'))
    await expect(index({ tile })).rejects.toThrow(DependencyError)
    expect(files.files.has('unread')).toBe(true)
    await change('shop/b')
    expect(await index()).toMatchObject({ alarms: [], size: 6 })
    expect(files.files.has('unread')).toBe(false)
  })
})

describe('attack 293: a mirror is shown other records than were signed', () => {
  it('is inconsistent, and none of them is written', async () => {
    await issue(300)
    const issued: ShownLogs['issued'] = async (from, limit) => {
      const page = await given.shown.issued(from, limit)
      const certificates = page.certificates.map((one) =>
        one.seq === 280 ? { ...one, bytes: Buffer.from('{}') } : one,
      )
      return { ...page, certificates }
    }
    expect(codesOf(await issuance({ issued }))).toEqual(['inconsistent'])
    expect([...files.files.keys()].sort()).toEqual([
      ...['pending', 'tile/0/000', 'tile/1/000.p/1', 'tile/entries/000'],
    ])
    expect(await issuance()).toMatchObject({ alarms: [], size: 300 })
  })

  it('also of the index log, in their order', async () => {
    const [first, second, third, fourth] = shownChanged()
    const swapped = await colludingIndex(given, [first!, third!, second!, fourth!])
    const shown = { ...given.shown, records: swapped.records! }
    expect(codesOf(await index(shown))).toEqual(['inconsistent'])
    expect([...files.files.keys()].sort()).toEqual(['pending'])
  })
})

describe('attack 294: a mirror is shown tiles with other hashes', () => {
  it('at the edge, which do not come to the root, with records to match', async () => {
    await issue(3)
    const other = await GivenCapstan.founded()
    for (let at = 0; at < 3; at += 1) await other.mustIssue()
    const note = Buffer.from((await given.shown.checkpoint('issuance'))!).toString()
    const lie = { ...other.shown, ...checkpointOf('issuance', note) }
    expect(await refused(() => issuance(lie), ['pending'])).toEqual(['inconsistent'])
  })

  it('in a full tile, which are not those above it, with records to match', async () => {
    await issue(300)
    const other = await GivenCapstan.founded()
    for (let at = 0; at < 300; at += 1) await other.mustIssue()
    const lie: Partial<ShownLogs> = {
      tile: (log, tile) =>
        (tile.level === 0 && tile.index === 0 ? other : given).shown.tile(log, tile),
      issued: (from, limit) =>
        from < 256
          ? other.shown.issued(from, Math.min(limit, 256))
          : given.shown.issued(from, limit),
    }
    expect(codesOf(await issuance(lie))).toEqual(['inconsistent'])
    expect([...files.files.keys()]).not.toContain('tile/0/000')
    expect(await issuance()).toMatchObject({ alarms: [], size: 300 })
  })
})

describe('attack 295: a mirror is shown an index log that its voters did not decide', () => {
  it('with envelopes that nobody signed, and takes those of an honest server later', async () => {
    const records: ShownLogs['records'] = async (from, limit) =>
      (await given.shown.records(from, limit)).map((record) => ({
        ...record,
        envelopes: record.envelopes.map((octets) =>
          Buffer.from(
            Buffer.from(octets)
              .toString()
              .replace(/"sig":"..../, '"sig":"AAAA'),
          ),
        ),
      }))
    expect(codesOf(await index({ records }))).toEqual(['bad-record'])
    expect(files.files.has('checkpoint')).toBe(false)
    expect(await verified(given, 'index', files)).toBeUndefined()
    expect(await index()).toMatchObject({ alarms: [], size: 4 })
    expect(codesOf(await verified(given, 'index', files))).toEqual([])
  })

  it('with a state that is not what the records come to', async () => {
    const shown = await colludingIndex(given, shownChanged(), Buffer.alloc(32, 9))
    expect(codesOf(await index(shown))).toEqual(['other-state'])
    expect(files.files.has('checkpoint')).toBe(false)
  })
})

describe('attack 296: a mirror is killed, and then shown another history than before', () => {
  it.each([1, 2, 3])('is a fork of what was being copied, after %d files', async (count) => {
    await change('shop/a')
    files = new MemoryMirrorFiles(new Map(), count)
    await expect(index()).rejects.toThrow(Dead)
    files = new MemoryMirrorFiles(files.files)
    const other = await GivenCapstan.founded({ op: 'scope.create', alias: 'bank' })
    expect(await refused(() => index(other.shown), ['refused'])).toEqual(['fork'])
    await other.did({ op: 'scope.create', alias: 'bank/eu' })
    expect(await refused(() => index(other.shown))).toEqual(['inconsistent'])
    expect(await index()).toMatchObject({ alarms: [], size: 5 })
  })
})

describe('attack 297: a mirror is shown what was not signed, or not by whom it must be', () => {
  it('is refused without the key of the log', async () => {
    const octets = shownChanged().map(({ bytes }) => bytes)
    const note = await noteOf(logSigner('acme.example/index'), octets)
    const other = await noteOf(logSigner(`another/${signers.index.key.name}`), octets)
    for (const one of [other, note.replace(/\n4\n/, '\n3\n')]) {
      const [code] = await refused(() => index(checkpointOf('index', one)))
      expect(['bad-signature', 'bad-checkpoint']).toContain(code)
    }
  })

  it('is refused without the witnesses of the policy, or where they saw it too long ago', async () => {
    const witness = witnessSigner('w1.example')
    const policy = valueOf(policyOfKeys([formatVerifierKey(witness.key)], 1))
    const rules = { key: signers.index.key, policy, maxAge: minutes(10) }
    const look = (over?: Partial<ShownLogs>) => mirrored(given, 'index', files, over, { rules })
    expect(await refused(() => look())).toEqual(['missing-cosigners'])
    const note = Buffer.from((await given.shown.checkpoint('index'))!).toString()
    const seen = await cosigned(note, witness, given.clock.now())
    given.clock.advance(minutes(11))
    const stale = checkpointOf('index', seen)
    expect(await refused(() => look(stale))).toEqual(['stale-checkpoint'])
    const again = checkpointOf('index', await cosigned(note, witness, given.clock.now()))
    expect(await look(again)).toMatchObject({ alarms: [], size: 4 })
    given.clock.advance(minutes(1))
    const later = await cosigned(note, witness, given.clock.now())
    expect(await look(checkpointOf('index', later))).toMatchObject({ alarms: [], copied: 0 })
    expect(Buffer.from(files.files.get('checkpoint')!).toString()).toBe(later)
    // What witnesses have signed is not let go for a note without it, by a mirror that wants none.
    expect(await index(checkpointOf('index', note))).toMatchObject({ alarms: [], copied: 0 })
    expect(Buffer.from(files.files.get('checkpoint')!).toString()).toBe(later)
  })
})

describe('attack 298: a server fills the memory of a mirror, or keeps it busy for ever', () => {
  it('with more than any records are long', async () => {
    const envelope = Buffer.alloc(64 * 1024)
    let asked = 0
    const records: ShownLogs['records'] = async (from) => {
      asked += 1
      const [record] = await given.shown.records(from % 4, 1)
      return [{ ...record!, seq: from, envelopes: Array.from({ length: 400 }, () => envelope) }]
    }
    expect(codesOf(await index({ records }))).toEqual(['inconsistent'])
    expect(asked).toBe(3)
  })

  it.each([0, 65_537])('with an envelope of %d octets, which could not be read back', async (n) => {
    const records: ShownLogs['records'] = async (from, limit) => {
      const [first, ...rest] = await given.shown.records(from, limit)
      return [{ ...first!, envelopes: [Buffer.alloc(n)] }, ...rest]
    }
    expect(codesOf(await index({ records }))).toEqual(['inconsistent'])
    expect(await index()).toMatchObject({ alarms: [], size: 4 })
  })

  it('with pages on which there is nothing', async () => {
    const records = () => Promise.resolve([])
    await expect(index({ records })).rejects.toThrow(DependencyError)
  })

  it('with a size that nobody has: tiles are asked for one by one', async () => {
    const asked: string[] = []
    const note = await noteOf(signers.index, [Buffer.of(1)])
    const huge = note.replace(/\n1\n/, `\n${2 ** 52}\n`)
    const text = huge.slice(0, huge.indexOf('\n\n') + 1)
    const sig = Buffer.from(await signers.index.sign(Buffer.from(text))).toString('hex')
    const [, , id = ''] = /— (\S+) (\S+)\n$/.exec(note) ?? []
    const line = Buffer.concat([Buffer.from(id, 'base64').subarray(0, 4), Buffer.from(sig, 'hex')])
    const shown: Partial<ShownLogs> = {
      ...checkpointOf('index', `${text}\n— ${signers.index.key.name} ${line.toString('base64')}\n`),
      tile: (_log, { level, index: at, width }) => {
        asked.push(`${level}/${at}`)
        return Promise.resolve(Buffer.alloc(32 * width))
      },
    }
    expect(codesOf(await index(shown))).toEqual(['inconsistent'])
    expect(asked).toHaveLength(1)
  })
})

describe('attack 299: a server says that records are pruned which a mirror has', () => {
  it('keeps them, also in a bundle of which others are gone', async () => {
    await issue(5)
    await issuance()
    await issue(3)
    given.clock.advance(days(3))
    const hidden: ShownLogs['issued'] = async (from, limit) => {
      const page = await given.shown.issued(from, limit)
      return { ...page, certificates: [] }
    }
    expect(await issuance({ issued: hidden })).toMatchObject({ alarms: [], size: 8 })
    const from = await verified(given, 'issuance', files)
    expect(from).toMatchObject({ records: 5, hashesOnly: [{ from: 5, to: 7 }] })
    const anew = await mirrored(given, 'issuance', files, { issued: hidden }, { from: 'anew' })
    expect(anew.alarms).toEqual([])
    expect(await verified(given, 'issuance', files)).toMatchObject({ records: 5 })
    // Where it was a lie, a repair has what is shown again.
    await mirrored(given, 'issuance', files, {}, { from: 'anew' })
    expect(await verified(given, 'issuance', files)).toMatchObject({ records: 8, hashesOnly: [] })
    expect([...files.files.keys()].filter((path) => path.startsWith('left/000.p/8'))).toEqual([])
  })

  it('keeps them where the folder is gone over, and where it was killed before its checkpoint', async () => {
    await issue(10)
    await issuance()
    await issue(10)
    const whole = new Map(files.files)
    await issuance()
    // As it is when the process dies between the last record and the checkpoint.
    files.files.set('pending', files.files.get('checkpoint')!)
    files.files.set('checkpoint', whole.get('checkpoint')!)
    given.clock.advance(days(3))
    await given.store.ledger.prune(given.clock.now())
    await issue(1)
    expect(await issuance()).toMatchObject({ alarms: [], size: 21 })
    expect(await verified(given, 'issuance', files)).toMatchObject({ records: 21, hashesOnly: [] })
    await issue(1)
    const anew = await mirrored(given, 'issuance', files, {}, { from: 'anew' })
    expect(anew).toMatchObject({ alarms: [], size: 22 })
    await issue(1)
    await issuance()
    expect(await verified(given, 'issuance', files)).toMatchObject({ records: 23, hashesOnly: [] })
  })

  it('is told apart from one that shows certificates of another log', async () => {
    await issue(2)
    await issuance()
    const shown = await colludingIssuance(given, [])
    expect(codesOf(await issuance({ ...given.shown, ...shown }))).toEqual(['rollback'])
  })
})
