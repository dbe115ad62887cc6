import { beforeEach, describe, expect, it } from '@jest/globals'
import { DependencyError } from '../../src/core/dependency-error.js'
import { refuse } from '../../src/core/result.js'
import { hours, minutes, plus, seconds } from '../../src/core/time.js'
import type { Alarm } from '../../src/monitor/alarm.js'
import { followIssuance } from '../../src/monitor/follow-issuance.js'
import type { ShownLogs } from '../../src/monitor/ports.js'
import type { Watch } from '../../src/monitor/watch.js'
import { LAST_INSTANT } from '../../src/namespace/schema-parts.js'
import type { StoredRecord } from '../../src/namespace/ports.js'
import { parsePolicy } from '../../src/tlog/policy.js'
import { formatVerifierKey } from '../../src/tlog/verifier-key.js'
import { owner, valueOf } from '../namespace/given-index.js'
import { MemoryWatchMemory } from '../support/memory-watch-memory.js'
import { witnessSigner } from '../support/note-signers.js'
import { colludingIndex, colludingIssuance, cosigned, forge } from './forged.js'
import { GivenCapstan, signers } from './given-capstan.js'

type Look = Awaited<ReturnType<Watch['look']>>

let given: GivenCapstan
let memory: MemoryWatchMemory

beforeEach(async () => {
  given = await GivenCapstan.founded()
  memory = new MemoryWatchMemory()
  await given.mustIssue()
})

const look = (over?: Partial<ShownLogs>): Promise<Look> => given.look(memory, over)
const only = ({ alarms }: Look): Alarm => {
  expect(alarms).toHaveLength(1)
  return alarms[0]!
}
const records = () => given.store.index.records
const certificates = () => given.store.issuanceLog.read(0, 1000)
const away = (): Promise<never> => Promise.reject(new DependencyError('server', 'broke off'))

describe('attack 65: what a monitor is shown to be blinded', () => {
  const withTime = (record: StoredRecord, ts: number): StoredRecord => ({
    ...record,
    bytes: Buffer.from(
      Buffer.from(record.bytes)
        .toString()
        .replace(/"ts":\d+/, `"ts":${ts}`),
    ),
  })

  it.each([Number.MAX_SAFE_INTEGER, LAST_INSTANT + 1, LAST_INSTANT])(
    'a record of the second %d is an alarm, and no crash',
    async (ts) => {
      const forged = records().map((record, seq) => (seq === 3 ? withTime(record, ts) : record))
      expect(only(await look(await colludingIndex(given, forged)))).toMatchObject({
        ...{ code: 'bad-record', log: 'index' },
      })
    },
  )

  it('a log that is ahead of the clock is an alarm', async () => {
    given.clock.advance(hours(1))
    await given.did({ op: 'entry.create', alias: 'shop/db', owner })
    given.clock.advance(seconds(-3600))
    expect(only(await look())).toMatchObject({ code: 'bad-record', log: 'index' })
    given.clock.advance(hours(1))
    expect((await look()).alarms).toEqual([])
  })

  it('a checkpoint without a state after one that had it is an alarm', async () => {
    expect((await look()).alarms).toEqual([])
    await given.did({ op: 'entry.create', alias: 'shop/db', owner })
    expect(only(await look(await colludingIndex(given, records())))).toMatchObject({
      ...{ code: 'other-state', found: 'none' },
    })
  })

  it('a signed checkpoint whose records were never shown is not forgotten', async () => {
    const longer = await colludingIndex(given, [...records(), records()[0]!])
    let lies = true
    await using monitor = given.monitor(
      {
        checkpoint: (log) => (lies ? longer : given.shown).checkpoint!(log),
        records: (from, limit) => (lies ? away() : given.shown.records(from, limit)),
      },
      { memory },
    )
    await expect(monitor.look()).rejects.toThrow(DependencyError)
    lies = false
    expect(only(await monitor.look())).toMatchObject({ code: 'rollback', log: 'index' })
  })

  it('a signed checkpoint whose records were never shown is what a longer one goes on from', async () => {
    const [first] = await certificates()
    const lies = {
      index: await colludingIndex(given, [...records(), records()[0]!]),
      issuance: await colludingIssuance(given, [first!, { ...first!, seq: 1 }]),
    }
    for (const log of ['index', 'issuance'] as const) {
      memory = new MemoryWatchMemory()
      let isLying = true
      const shownBy = (): Partial<ShownLogs> => (isLying ? lies[log] : given.shown)
      await using monitor = given.monitor(
        {
          checkpoint: (of) => (of === log ? shownBy() : given.shown).checkpoint!(of),
          records: (...asked) => (isLying ? away() : given.shown.records(...asked)),
          issued: (...asked) => (isLying ? away() : given.shown.issued(...asked)),
        },
        { memory },
      )
      await expect(monitor.look()).rejects.toThrow(DependencyError)
      isLying = false
      for (const alias of ['db', 'queue']) {
        await given.did({ op: 'entry.create', alias: `shop/${alias}-${log}`, owner })
        await given.mustIssue()
      }
      for (let count = 0; count < 3; count += 1) {
        expect(only(await monitor.look())).toMatchObject({ code: 'inconsistent', log })
      }
    }
  })

  it('a signed checkpoint of records that do not hold is not made good by a longer one', async () => {
    const forged = { ...records()[3]!, bytes: Buffer.from('{}') }
    const lie = await colludingIndex(given, [...records().slice(0, 3), forged])
    let isLying = true
    await using monitor = given.monitor(
      {
        checkpoint: (log) => (isLying ? lie : given.shown).checkpoint!(log),
        records: (...asked) => (isLying ? lie : given.shown).records!(...asked),
      },
      { memory },
    )
    expect(only(await monitor.look())).toMatchObject({ code: 'bad-record', log: 'index' })
    isLying = false
    await given.did({ op: 'entry.create', alias: 'shop/db', owner })
    expect(only(await monitor.look())).toMatchObject({ code: 'inconsistent', log: 'index' })
  })

  it('what no rule foresees is an alarm, and no crash', async () => {
    const broken = { records: () => Promise.reject(new RangeError('Invalid time value')) }
    expect(only(await look(broken))).toMatchObject({
      ...{ code: 'bad-record', log: 'index', found: 'RangeError: Invalid time value' },
    })
    const odd = { issued: () => Promise.reject(new RangeError('Invalid time value')) }
    expect(only(await look(odd))).toMatchObject({ code: 'bad-record', log: 'issuance' })
    expect((await look()).alarms).toEqual([])
  })

  it('certificates that were not judged are not remembered as seen', async () => {
    await given.publish()
    const head = await given.store.issuanceLog.tree.checkpoint()
    const refused = refuse('namespace.bad-canonical', 'a record of the index does not hold')
    const found = await followIssuance(
      {
        ...{ shown: given.shown, memory, key: 'k', pace: () => undefined },
        judge: { judge: () => Promise.resolve(refused) },
        indexSize: () => Promise.resolve(4),
        now: given.clock.now(),
      },
      head,
    )
    expect(found).toMatchObject({ isRead: false, alarms: [{ code: 'bad-record', log: 'index' }] })
    expect(await memory.head('issuance')).toBeUndefined()
    expect(await look()).toMatchObject({ alarms: [], checked: 1 })
  })

  it('a certificate that begins later than it was seen is an alarm', async () => {
    const honest = await given.mustIssue()
    const now = given.clock.now()
    given.clock.advance(minutes(30))
    await forge(given, honest)
    given.clock.advance(seconds(now - given.clock.now()))
    expect(only(await look())).toMatchObject({ code: 'not-allowed', reason: 'not-yet' })
  })
})

describe('attack 22: a certificate that is dated back', () => {
  async function backdated(): Promise<void> {
    const old = await given.mustIssue()
    const then = given.clock.now()
    await given.did({ op: 'entry.suspend', alias: 'shop/web' })
    given.clock.advance(hours(1))
    await given.did({ op: 'entry.reactivate', alias: 'shop/web' })
    await between()
    const now = given.clock.now()
    given.clock.advance(seconds(then - now))
    await forge(given, old)
    given.clock.advance(seconds(now - then))
  }
  let between = (): Promise<unknown> => Promise.resolve()

  it('behind one that begins later is an alarm', async () => {
    between = () => given.mustIssue()
    await backdated()
    expect(only(await look())).toMatchObject({ reason: 'replaced-index', record: 3 })
  })

  it('behind one that was seen before a restart is an alarm', async () => {
    between = async () => {
      await given.mustIssue()
      expect((await look()).alarms).toEqual([])
    }
    await backdated()
    expect(only(await look())).toMatchObject({ reason: 'replaced-index' })
  })

  it('into a time at which it was not there is an alarm', async () => {
    await using monitor = given.monitor({}, { memory })
    between = async () => {
      const before = await monitor.look()
      expect(before.alarms).toEqual([])
      // What was not remembered is judged again as if it were seen for the first time.
      expect((await monitor.look()).alarms).toEqual([])
      await before.remember()
    }
    await backdated()
    expect(only(await monitor.look())).toMatchObject({ reason: 'replaced-index' })
  })
})

describe('a server that does not answer everything', () => {
  const policy = () =>
    valueOf(
      parsePolicy(
        Buffer.from(
          `log ${formatVerifierKey(signers.index.key)}\nwitness w1 ${formatVerifierKey(witnessSigner('w1.example').key)}\nquorum w1\n`,
        ),
      ),
    )
  const without = (hidden: string): Partial<ShownLogs> => ({
    checkpoint: (log) =>
      log === hidden ? Promise.resolve(undefined) : given.shown.checkpoint(log),
  })

  it('and leaves out one among the latest certificates at the first look is an alarm', async () => {
    for (let count = 0; count < 3; count += 1) await given.mustIssue()
    const hiding = (hidden: number): Partial<ShownLogs> => ({
      issued: async (from, limit) => {
        const { certificates: all, next } = await given.shown.issued(from, limit)
        return { certificates: all.filter(({ seq }) => seq !== hidden), next }
      },
    })
    expect(only(await look(hiding(2)))).toMatchObject({ code: 'records-gone' })
    memory = new MemoryWatchMemory()
    // It may be the oldest that is not pruned yet.
    expect((await look(hiding(0))).alarms).toEqual([])
  })

  it('and leaves out the first certificates that came since the first look is an alarm', async () => {
    expect(only(await look(without('issuance')))).toMatchObject({ code: 'stale-checkpoint' })
    await given.mustIssue()
    const none: ShownLogs['issued'] = (from, limit) =>
      Promise.resolve({ certificates: [], next: from + limit })
    expect(only(await look({ issued: none }))).toMatchObject({ code: 'records-gone' })
  })

  it.each(['index', 'issuance'])('with no checkpoint of the %s log is an alarm', async (log) => {
    await using monitor = given.monitor(without(log), { memory })
    const begun = given.clock.now()
    const alarm = { code: 'stale-checkpoint', log, found: 'none' }
    expect(only(await monitor.look())).toMatchObject(alarm)
    expect(given.clock.now()).toBe(plus(begun, seconds(60)))
    expect(only(await monitor.look())).toMatchObject(alarm)
    expect(given.clock.now()).toBe(plus(begun, seconds(60)))
  })

  it('with no checkpoint that witnesses could have signed is one at once', async () => {
    const begun = given.clock.now()
    const rules = { policy: policy(), maxAge: minutes(10) }
    expect(only(await given.look(memory, without('index'), { rules }))).toMatchObject({
      code: 'stale-checkpoint',
    })
    expect(given.clock.now()).toBe(begun)
  })

  it('with another index, of witnesses that have not signed yet tells nothing before it waited', async () => {
    const policy = `witness w1 ${formatVerifierKey(witnessSigner('w1.example').key)}\nquorum w1\n`
    const rules = { policy: valueOf(parsePolicy(Buffer.from(policy))), maxAge: minutes(10) }
    await using monitor = given.monitor(without('index'), { memory, rules })
    expect(only(await monitor.look())).toMatchObject({ code: 'stale-checkpoint', log: 'index' })
  })

  it('keeps nobody from hearing what was found before', async () => {
    const forged = records().map((record, seq) =>
      seq === 3 ? { ...record, bytes: Buffer.from('{}') } : record,
    )
    const lie = await colludingIndex(given, forged)
    const checkpoint: ShownLogs['checkpoint'] = (log) =>
      log === 'index' ? lie.checkpoint!(log) : away()
    const found = await look({ ...lie, checkpoint })
    expect(only(found)).toMatchObject({ code: 'bad-record', log: 'index' })
    expect(found.unheard).toBeInstanceOf(DependencyError)
    await expect(look({ checkpoint: away })).rejects.toThrow(DependencyError)
  })

  it('keeps nobody from hearing what was found of certificates', async () => {
    const [first] = await certificates()
    const many = Array.from({ length: 5000 }, (_, seq) => ({ ...first!, seq }))
    const lie = await colludingIssuance(given, many)
    const issued: ShownLogs['issued'] = (from) => (from > 4000 ? away() : lie.issued!(from, 500))
    const found = await look({ ...lie, issued })
    expect(found.alarms[0]).toMatchObject({ code: 'serial-twice' })
    expect(found.unheard).toBeInstanceOf(DependencyError)
    expect(await memory.head('issuance')).toBeUndefined()
  })

  it('and hides the end of the index may not show one that no witness has signed', async () => {
    const before = await given.shown.checkpoint('index')
    const witness = witnessSigner('w1.example')
    const sign = async (note: Uint8Array | undefined): Promise<Uint8Array> =>
      Buffer.from(await cosigned(Buffer.from(note!).toString(), witness, given.clock.now()))
    await given.did({ op: 'entry.create', alias: 'shop/db', owner })
    await given.mustIssue()
    let asked = 0
    const checkpoint: ShownLogs['checkpoint'] = async (log) => {
      if (log === 'issuance') return given.shown.checkpoint(log)
      asked += 1
      return asked === 1 ? sign(before) : given.shown.checkpoint(log)
    }
    const rules = { policy: policy(), maxAge: minutes(10) }
    const found = await given.look(memory, { checkpoint }, { rules })
    expect(found).toMatchObject({ alarms: [{ code: 'unknown-size' }], indexSize: 4 })
  })
})
