import { beforeEach, describe, expect, it } from '@jest/globals'
import { DependencyError } from '../../src/core/dependency-error.js'
import { days } from '../../src/core/time.js'
import type { LogName } from '../../src/monitor/alarm.js'
import type { ShownLogs } from '../../src/monitor/ports.js'
import { decodeBundle } from '../../src/tlog/entry-bundle.js'
import { owner } from '../namespace/given-index.js'
import { GivenCapstan } from '../monitor/given-capstan.js'
import { MemoryMirrorFiles } from '../support/memory-mirror-files.js'
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
const names = (): readonly string[] => [...files.files.keys()].sort()

describe('a mirror of an honest Capstan', () => {
  it('has the index log in the layout of tlog-tiles, and is what was signed', async () => {
    expect(await mirrored(given, 'index', files)).toEqual({ alarms: [], size: 4, copied: 4 })
    expect(names()).toEqual([
      'checkpoint',
      'envelopes/000.p/4',
      'tile/0/000.p/4',
      'tile/entries/000.p/4',
    ])
    const entries = decodeBundle(files.files.get('tile/entries/000.p/4')!, 4)
    expect(entries.ok && entries.value).toEqual(given.store.index.records.map(({ bytes }) => bytes))
    expect(await verified(given, 'index', files)).toMatchObject({
      ...{ alarms: [], records: 4, hashesOnly: [], head: { size: 4 } },
    })
  })

  it('goes on, keeps the partial tiles of the checkpoint before, and no others', async () => {
    for (const alias of ['shop/a', 'shop/b', 'shop/c']) {
      await mirrored(given, 'index', files)
      await change(alias)
    }
    expect(await mirrored(given, 'index', files)).toEqual({ alarms: [], size: 7, copied: 1 })
    expect(await files.list('tile/0/000.p')).toEqual(['6', '7'])
    expect(await files.list('envelopes/000.p')).toEqual(['6', '7'])
    expect(await mirrored(given, 'index', files)).toEqual({ alarms: [], size: 7, copied: 0 })
    expect(codesOf(await verified(given, 'index', files))).toEqual([])
  })

  it('copies full tiles once, and asks for nothing that it has', async () => {
    await issue(300)
    expect(await mirrored(given, 'issuance', files)).toMatchObject({ alarms: [], size: 300 })
    await issue(400)
    files.writes.length = 0
    const asked: string[] = []
    const issued: ShownLogs['issued'] = (from, limit) => {
      asked.push(`${from}+${limit}`)
      return given.shown.issued(from, limit)
    }
    expect(await mirrored(given, 'issuance', files, { issued })).toMatchObject({
      ...{ alarms: [], size: 700, copied: 400 },
    })
    expect(asked).toEqual(['300+212', '512+188'])
    expect(files.writes).not.toContain('tile/0/000')
    expect(names()).toContain('tile/1/000.p/2')
    expect(await files.list('tile/0/001.p')).toEqual([])
    expect(await verified(given, 'issuance', files)).toMatchObject({ alarms: [], records: 700 })
  })

  it('keeps what the server prunes, and says of what it has only the hashes', async () => {
    await issue(3)
    await mirrored(given, 'issuance', files)
    await issue(4)
    given.clock.advance(days(3))
    await given.store.ledger.prune(given.clock.now())
    await issue(2)
    expect(await mirrored(given, 'issuance', files)).toMatchObject({ alarms: [], size: 9 })
    expect(names()).toContain('left/000.p/9')
    expect(names()).not.toContain('tile/entries/000.p/9')
    const hashesOnly = [{ from: 3, to: 6 }]
    expect(await verified(given, 'issuance', files)).toMatchObject({
      ...{ alarms: [], records: 5, hashesOnly },
    })
    await issue(1)
    await mirrored(given, 'issuance', files)
    expect(await verified(given, 'issuance', files)).toMatchObject({ records: 6, hashesOnly })
  })

  it('begins with nothing, and is empty until there is something', async () => {
    expect(await mirrored(given, 'issuance', files)).toMatchObject({ alarms: [], size: undefined })
    expect(await verified(given, 'issuance', files)).toBeUndefined()
  })

  it('waits until another look where no answer comes', async () => {
    await mirrored(given, 'index', files)
    await change('shop/a')
    const before = names()
    const records = () => Promise.reject(new DependencyError('server', 'no answer'))
    await expect(mirrored(given, 'index', files, { records })).rejects.toThrow(DependencyError)
    expect(files.files.get('checkpoint')).not.toEqual(files.files.get('pending'))
    expect(await mirrored(given, 'index', files)).toMatchObject({ alarms: [], size: 5 })
    expect(names()).toEqual(expect.arrayContaining([...before]))
    expect(names()).not.toContain('pending')
  })
})

describe('a mirror that goes on while it is read', () => {
  const at = (note: Uint8Array | undefined): MemoryMirrorFiles => {
    const copy = new MemoryMirrorFiles(new Map(files.files))
    copy.files.set('checkpoint', note!)
    return copy
  }

  it.each<[LogName, () => Promise<void>]>([
    ['issuance', () => issue(100)],
    [
      'index',
      async () => {
        for (let n = 0; n < 5; n += 1) await change(`shop/n${files.writes.length}-${n}`)
      },
    ],
  ])('is what any of its checkpoints of the %s log says', async (log, grow) => {
    await issue(100)
    const notes: (Uint8Array | undefined)[] = []
    for (let look = 0; look < 5; look += 1) {
      await mirrored(given, log, files)
      notes.push(files.files.get('checkpoint'))
      await grow()
    }
    // The partial tiles of the first ones are gone by now, and of some the full ones are there.
    for (const note of notes) expect(codesOf(await verified(given, log, at(note)))).toEqual([])
    const damaged = at(notes[0])
    for (const path of damaged.files.keys())
      if (path.startsWith('tile/0/')) damaged.files.delete(path)
    expect(codesOf(await verified(given, log, damaged))).toEqual(['inconsistent'])
  })
})

describe('what is gone or damaged in a mirror', () => {
  it.each([
    'tile/0/000',
    'tile/entries/001',
    'tile/1/000.p/2',
    'tile/0/002.p/88',
    'tile/entries/002.p/88',
  ])('is found by verifying, and made again by a repair: %s', async (path) => {
    await issue(600)
    await mirrored(given, 'issuance', files)
    const right = files.files.get(path)!
    expect(right).toBeDefined()
    for (const octets of [undefined, right.map((octet) => octet ^ 1), right.subarray(1)]) {
      if (octets) files.files.set(path, octets)
      else files.files.delete(path)
      expect(codesOf(await verified(given, 'issuance', files))).toContain('inconsistent')
      const repaired = await mirrored(given, 'issuance', files, {}, { from: 'anew' })
      expect(repaired).toMatchObject({ alarms: [], size: 600 })
      expect(files.files.get(path)).toEqual(right)
      expect(codesOf(await verified(given, 'issuance', files))).toEqual([])
    }
  })

  it('is found in what is beside the records of the index log', async () => {
    await mirrored(given, 'index', files)
    const path = 'envelopes/000.p/4'
    const right = Buffer.from(files.files.get(path)!).toString()
    const [first = '', second = '', ...rest] = right.split('\n')
    files.files.set(path, Buffer.from([second, first, ...rest].join('\n')))
    expect(codesOf(await verified(given, 'index', files))).toEqual(['bad-record'])
    files.files.set(path, Buffer.from('nonsense'))
    expect(codesOf(await verified(given, 'index', files))).toEqual(['inconsistent'])
    expect(await mirrored(given, 'index', files, {}, { from: 'anew' })).toMatchObject({
      alarms: [],
    })
    expect(Buffer.from(files.files.get(path)!).toString()).toBe(right)
  })

  it('is never gone on from where it is the checkpoint', async () => {
    await mirrored(given, 'index', files)
    files.files.set('checkpoint', Buffer.from('nonsense'))
    await expect(mirrored(given, 'index', files)).rejects.toThrow(/its own checkpoint/)
    expect(codesOf(await verified(given, 'index', files))).toEqual(['bad-checkpoint'])
  })
})
