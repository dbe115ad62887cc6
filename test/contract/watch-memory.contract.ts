import { describe, expect, it } from '@jest/globals'
import { unixSeconds } from '../../src/core/time.js'
import type { RememberedHead, WatchMemory } from '../../src/monitor/ports.js'

const head = (size: number, over: Partial<RememberedHead> = {}): RememberedHead => ({
  key: 'log.example/index+00000000+AAAA',
  size,
  root: Buffer.alloc(32, size),
  state: Buffer.alloc(32, size + 1),
  frontier: [Buffer.alloc(32, 1), Buffer.alloc(32, 2)],
  note: `a note of ${size}\n`,
  ...over,
})
const serial = (at: number): string => at.toString(16).padStart(32, '0')

/** What every memory of a monitor must keep. `reopen` gives what a new process would see. */
export function watchMemoryContract(
  name: string,
  open: () => Promise<{
    readonly memory: WatchMemory
    readonly reopen: () => Promise<WatchMemory>
  }>,
): void {
  describe(`WatchMemory: ${name}`, () => {
    it('has nothing at first', async () => {
      const { memory } = await open()
      expect(await memory.head('index')).toBeUndefined()
      expect(await memory.recordOf(serial(1))).toBeUndefined()
    })

    it('remembers a head of each log, and serial numbers, for the next process', async () => {
      const { memory, reopen } = await open()
      const { state: _none, ...issuance } = head(5, { recordedAfter: unixSeconds(1000) })
      expect(await memory.remember('index', head(3), [])).toBe(true)
      expect(await memory.remember('issuance', issuance, [{ serial: serial(7), record: 4 }])).toBe(
        true,
      )
      const later = await reopen()
      expect(plain(await later.head('index'))).toEqual(plain(head(3)))
      expect(plain(await later.head('issuance'))).toEqual(plain(issuance))
      expect(await later.recordOf(serial(7))).toBe(4)
      expect(await later.recordOf(serial(8))).toBeUndefined()
    })

    it('never goes back, to no other key and not to another head of the size', async () => {
      const { memory } = await open()
      await memory.remember('index', head(3), [])
      for (const other of [head(2), head(3, { note: 'x' }), head(9, { key: 'other' })]) {
        expect(await memory.remember('index', other, [{ serial: serial(1), record: 0 }])).toBe(
          false,
        )
      }
      expect(plain(await memory.head('index'))).toEqual(plain(head(3)))
      // Both or neither.
      expect(await memory.recordOf(serial(1))).toBeUndefined()
    })

    it('remembers of the same head that what comes after it is later, and never sooner', async () => {
      const { memory } = await open()
      const at = async (size: number, time: number, over: Partial<RememberedHead> = {}) => {
        const recordedAfter = unixSeconds(time)
        return memory.remember('issuance', head(size, { recordedAfter, ...over }), [])
      }
      expect(await at(3, 1000)).toBe(true)
      expect(await at(3, 2000)).toBe(true)
      expect((await memory.head('issuance'))?.recordedAfter).toBe(2000)
      expect(await at(3, 2000)).toBe(false)
      expect(await at(3, 1500)).toBe(false)
      expect(await at(2, 3000)).toBe(false)
      expect(await at(3, 3000, { root: Buffer.alloc(32, 9) })).toBe(false)
      expect(await at(3, 3000, { key: 'other' })).toBe(false)
      expect((await memory.head('issuance'))?.recordedAfter).toBe(2000)
    })

    it('remembers that a log has shown nothing yet', async () => {
      const { memory, reopen } = await open()
      const none = head(0, { frontier: [], note: '', recordedAfter: unixSeconds(1000) })
      expect(await memory.remember('issuance', none, [])).toBe(true)
      expect(plain(await (await reopen()).head('issuance'))).toEqual(plain(none))
      expect(await memory.remember('issuance', head(1), [])).toBe(true)
    })

    it('keeps the first record of a serial number', async () => {
      const { memory } = await open()
      await memory.remember('issuance', head(1), [{ serial: serial(1), record: 0 }])
      await memory.remember('issuance', head(2), [{ serial: serial(1), record: 1 }])
      expect(await memory.recordOf(serial(1))).toBe(0)
    })
  })
}

/** Buffers and arrays of octets are equal here when their octets are. */
const plain = (remembered: RememberedHead | undefined): unknown =>
  remembered && {
    ...remembered,
    root: Buffer.from(remembered.root).toString('hex'),
    state: remembered.state && Buffer.from(remembered.state).toString('hex'),
    frontier: remembered.frontier.map((hash) => Buffer.from(hash).toString('hex')),
  }
