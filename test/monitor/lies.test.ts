import { beforeEach, describe, expect, it } from '@jest/globals'
import { hash } from 'node:crypto'
import { canonicalize } from '../../src/core/canonical-json.js'
import {
  CLOCK_TOLERANCE,
  days,
  hours,
  minus,
  minutes,
  seconds,
  type UnixSeconds,
} from '../../src/core/time.js'
import type { Alarm } from '../../src/monitor/alarm.js'
import type { ShownLogs } from '../../src/monitor/ports.js'
import type { StoredRecord } from '../../src/namespace/ports.js'
import type { Watch } from '../../src/monitor/watch.js'
import { MAX_MERGE_DELAY } from '../../src/tlog/merge-delay.js'
import { parsePolicy } from '../../src/tlog/policy.js'
import { formatVerifierKey, signatureType, type VerifierKey } from '../../src/tlog/verifier-key.js'
import { owner, valueOf } from '../namespace/given-index.js'
import { MemoryWatchMemory } from '../support/memory-watch-memory.js'
import { logSigner, seededSigner, witnessSigner } from '../support/note-signers.js'
import { colludingIndex, colludingIssuance, cosigned, forge, noteOf } from './forged.js'
import { GivenCapstan, signers } from './given-capstan.js'

type Look = Awaited<ReturnType<Watch['look']>>

let given: GivenCapstan
let memory: MemoryWatchMemory

beforeEach(async () => {
  given = await GivenCapstan.founded()
  memory = new MemoryWatchMemory()
  await given.mustIssue()
})

const codes = ({ alarms }: Look): readonly string[] => alarms.map(({ code }) => code)
const look = (over?: Partial<ShownLogs>): Promise<Look> => given.look(memory, over)
const only = ({ alarms }: Look): Alarm => {
  expect(alarms).toHaveLength(1)
  return alarms[0]!
}
const change = (alias: string): Promise<void> => given.did({ op: 'entry.create', alias, owner })
const records = () => given.store.index.records
const certificates = () => given.store.issuanceLog.read(0, 1000)

describe('an honest Capstan', () => {
  it('is followed without an alarm, whatever happens to it', async () => {
    expect(await look()).toMatchObject({ alarms: [], indexSize: 4, issuanceSize: 1, checked: 1 })
    expect(await look()).toMatchObject({ alarms: [], checked: 0 })
    await given.mustIssue()
    await change('shop/db')
    await given.did({ op: 'entry.suspend', alias: 'shop/web' })
    await given.did({ op: 'entry.reactivate', alias: 'shop/web' })
    await given.mustIssue()
    expect(await look()).toMatchObject({ alarms: [], indexSize: 7, issuanceSize: 3, checked: 2 })
  })

  it('is followed over pages and tiles, and where some of them are gone', async () => {
    for (let count = 0; count < 300; count += 1) await given.mustIssue()
    expect(await look()).toMatchObject({ alarms: [], issuanceSize: 301, checked: 301 })
    for (let count = 0; count < 560; count += 1) await given.mustIssue()
    const issued: ShownLogs['issued'] = async (from, limit) => {
      const { certificates: all, next } = await given.shown.issued(from, limit)
      return { certificates: all.filter(({ seq }) => seq !== 600 && seq !== 860), next }
    }
    const found = await look({ issued })
    expect(found).toMatchObject({ issuanceSize: 861, checked: 558, gone: 2 })
    expect(codes(found)).toEqual(['records-gone'])
    memory = new MemoryWatchMemory()
    expect(await look()).toMatchObject({ alarms: [], checked: 861, gone: 0 })
  })

  it('is followed by one monitor, look after look', async () => {
    await using monitor = given.monitor({}, { memory })
    for (let round = 0; round < 5; round += 1) {
      await change(`shop/db${round}`)
      await given.mustIssue()
      expect((await monitor.look()).alarms).toEqual([])
    }
  })

  it('may have certificates on a size that its checkpoint does not show yet', async () => {
    const before = await given.shown.checkpoint('index')
    await change('shop/db')
    await given.mustIssue()
    let asked = 0
    const checkpoint: ShownLogs['checkpoint'] = (log) => {
      asked += log === 'index' ? 1 : 0
      return log === 'index' && asked < 3 ? Promise.resolve(before) : given.shown.checkpoint(log)
    }
    expect(await look({ checkpoint })).toMatchObject({ alarms: [], indexSize: 5 })
  })

  it('may have lost certificates before anybody watched, and keeps their hashes', async () => {
    for (let count = 0; count < 5; count += 1) await given.mustIssue()
    given.clock.advance(days(3))
    await given.store.ledger.prune(given.clock.now())
    await given.mustIssue()
    expect(await look()).toMatchObject({ alarms: [], issuanceSize: 7, checked: 1, gone: 6 })
  })
})

describe('attack 18: a split view', () => {
  it('of two histories of one size is an alarm, and what was seen first stays', async () => {
    const other = await GivenCapstan.founded({ op: 'scope.create', alias: 'bank' })
    await change('shop/db')
    expect((await look()).alarms).toEqual([])
    await other.mustIssue()
    const shown = { ...other.shown }
    expect(codes(await look(shown))).toEqual(['fork', 'fork'])
    expect((await look()).alarms).toEqual([])
  })

  it('of which one is longer is an alarm too', async () => {
    const other = await GivenCapstan.founded({ op: 'scope.create', alias: 'bank' })
    await other.did({ op: 'scope.create', alias: 'bank/eu' })
    await other.mustIssue()
    await change('shop/db')
    expect((await look()).alarms).toEqual([])
    const found = await look({ ...other.shown })
    expect(found.alarms).toContainEqual(
      expect.objectContaining({ code: 'inconsistent', log: 'index' }),
    )
    // Who looks for the first time has nothing to compare it with.
    expect((await other.look(new MemoryWatchMemory())).alarms).toEqual([])
  })

  it('of certificates is an alarm too', async () => {
    const other = await GivenCapstan.founded()
    await other.mustIssue()
    await other.mustIssue()
    await look()
    expect(only(await look({ ...other.shown }))).toMatchObject({
      ...{ code: 'inconsistent', log: 'issuance' },
    })
  })

  it('of one size and another state is an alarm', async () => {
    await look()
    const state = hash('sha256', 'another state', 'buffer')
    expect(codes(await look(await colludingIndex(given, records(), state)))).toEqual(['fork'])
  })
})

describe('attack 19: an end that is gone', () => {
  it('after an older backup was put back is an alarm', async () => {
    const before = await colludingIndex(given, records())
    const issued = await colludingIssuance(given, await certificates())
    await change('shop/db')
    await given.mustIssue()
    expect((await look()).alarms).toEqual([])
    const checkpoint: ShownLogs['checkpoint'] = (log) =>
      (log === 'index' ? before : issued).checkpoint!(log)
    expect(codes(await look({ ...before, ...issued, checkpoint }))).toEqual([
      'rollback',
      'rollback',
    ])
    const none = (): Promise<undefined> => Promise.resolve(undefined)
    expect(codes(await look({ checkpoint: none }))).toEqual(['rollback', 'rollback'])
  })
})

describe.each(['index', 'issuance'] as const)('attack 22: a freeze of the %s log', (frozen) => {
  const witness = witnessSigner('w1.example')
  const policyText = `witness w1 ${formatVerifierKey(witness.key)}\nquorum w1\n`
  const rules = {
    policy: valueOf(parsePolicy(Buffer.from(policyText))),
    maxAge: minutes(10),
  }
  type Made = (note: string) => string | Promise<string>
  /** Cosigned now is what is shown of the other log, and what `made` says of this one. */
  const shown =
    (made: Made): ShownLogs['checkpoint'] =>
    async (log) => {
      const note = Buffer.from((await given.shown.checkpoint(log))!).toString()
      return Buffer.from(
        await (log === frozen ? made(note) : cosigned(note, witness, given.clock.now())),
      )
    }
  const lookAt = (made: Made): Promise<Look> =>
    given.look(memory, { checkpoint: shown(made) }, { rules })
  const seenAt = (at: number): Promise<Look> =>
    lookAt((note) => cosigned(note, witness, at as never))

  it('that the witnesses have not seen for too long is an alarm', async () => {
    const now = given.clock.now()
    expect((await seenAt(minus(now, minutes(10)))).alarms).toEqual([])
    const alarm = only(await seenAt(minus(now, seconds(601))))
    expect(alarm).toMatchObject({ code: 'stale-checkpoint', log: frozen })
  })

  it('that a witness dates ahead is an alarm', async () => {
    const now = given.clock.now()
    expect((await seenAt(now + CLOCK_TOLERANCE)).alarms).toEqual([])
    const alarm = only(await seenAt(now + CLOCK_TOLERANCE + 1))
    expect(alarm).toMatchObject({ code: 'stale-checkpoint', log: frozen })
  })

  it('that too few witnesses have signed is an alarm', async () => {
    const alarm = only(await lookAt((note) => note))
    expect(alarm).toMatchObject({ code: 'missing-cosigners', log: frozen })
  })

  it('is none while the witnesses are about to sign', async () => {
    let asked = 0
    const found = await lookAt((note) => {
      asked += 1
      return asked < 5 ? note : cosigned(note, witness, given.clock.now())
    })
    expect(found.alarms).toEqual([])
    expect(asked).toBe(5)
  })

  it('is waited for once, where a witness is away for long', async () => {
    await using monitor = given.monitor({ checkpoint: shown((note) => note) }, { memory, rules })
    const begun = given.clock.now()
    expect(codes(await monitor.look())).toEqual(['missing-cosigners'])
    const waited = given.clock.now()
    expect(waited).toBe(begun + 60)
    expect(codes(await monitor.look())).toEqual(['missing-cosigners'])
    expect(given.clock.now()).toBe(waited)
  })

  it('under which the signature of a witness does not hold is an alarm', async () => {
    const found = await lookAt(async (note) => {
      const text = await cosigned(note, witness, given.clock.now())
      return text.replace(/.{8}\n$/, 'AAAAAA==\n')
    })
    expect(codes(found)).toEqual(['bad-signature'])
  })
})

describe('attack 22: a policy of witnesses', () => {
  const witness = witnessSigner('w1.example')
  const alarmsUnder = async (...logs: readonly VerifierKey[]): Promise<readonly unknown[]> => {
    const text = [
      ...logs.map((key) => `log ${formatVerifierKey(key)}`),
      ...[`witness w1 ${formatVerifierKey(witness.key)}`, 'quorum w1', ''],
    ].join('\n')
    const rules = { policy: valueOf(parsePolicy(Buffer.from(text))), maxAge: minutes(10) }
    const { alarms } = await given.look(memory, {}, { rules })
    return alarms.map(({ code, log }) => [code, log])
  }
  const both = [
    ['missing-cosigners', 'index'],
    ['missing-cosigners', 'issuance'],
  ]

  it('is about both logs, or about those that it lists', async () => {
    expect(await alarmsUnder()).toEqual(both)
    expect(await alarmsUnder(signers.index.key, signers.issuance.key)).toEqual(both)
    expect(await alarmsUnder(signers.index.key)).toEqual([both[0]])
  })

  it('that lists another key of a log does not take this one', async () => {
    const other = seededSigner(
      signers.issuance.key.name,
      signatureType.ed25519,
      new Uint8Array(32),
    ).key
    const found = await alarmsUnder(signers.index.key, other)
    expect(found).toEqual([both[0], ['bad-checkpoint', 'issuance']])
    const strange = logSigner('other.example/index').key
    expect(await alarmsUnder(strange)).toEqual([['bad-checkpoint', 'index']])
  })
})

describe('attack 22: a grant', () => {
  it('that is dated back to before the last look is an alarm, also to a monitor that was restarted', async () => {
    const honest = await given.mustIssue()
    expect((await look()).alarms).toEqual([])
    const dated = given.clock.now()
    given.clock.advance(hours(1))
    await given.did({ op: 'entry.suspend', alias: 'shop/web' })
    for (let count = 0; count < 3; count += 1) {
      given.clock.advance(hours(1))
      expect((await look()).alarms).toEqual([])
    }
    await forge(given, honest, { plan: { now: dated } })
    expect(only(await look())).toMatchObject({ code: 'not-allowed', reason: 'replaced-index' })
  })

  it('on an index that was replaced long before is an alarm', async () => {
    const old = await given.mustIssue()
    await given.did({ op: 'entry.suspend', alias: 'shop/web' })
    given.clock.advance(hours(1))
    await forge(given, old)
    expect(only(await look())).toMatchObject({ code: 'not-allowed', reason: 'replaced-index' })
  })
})

describe('attack 15: a record of the index log', () => {
  /** What was shown of it before, and not what came since. */
  const keptBack = async (): Promise<Partial<ShownLogs>> => {
    const note = await given.shown.checkpoint('index')
    return {
      checkpoint: (log) => (log === 'index' ? Promise.resolve(note) : given.shown.checkpoint(log)),
    }
  }
  const late = { code: 'kept-back', log: 'index' } as const

  it('that is of a time at which it was not shown is an alarm, told once', async () => {
    await using monitor = given.monitor({}, { memory })
    expect((await monitor.look()).alarms).toEqual([])
    const old = await keptBack()
    await change('shop/db')
    given.clock.advance(minutes(10))
    expect((await look(old)).alarms).toEqual([])
    given.clock.advance(minutes(10))
    const found = await monitor.look()
    const seq = found.indexSize - 1
    expect(only(found)).toMatchObject({ ...late, record: seq })
    // Nobody has heard of it.
    await change('shop/more')
    expect(only(await monitor.look())).toMatchObject({ ...late, record: seq })
    const again = await monitor.look()
    expect(only(again)).toMatchObject({ ...late, record: seq })
    await again.remember()
    expect((await monitor.look()).alarms).toEqual([])
    expect((await look()).alarms).toEqual([])
  })

  it('is found by a monitor that was restarted, too, whatever came after it', async () => {
    const old = await keptBack()
    await change('shop/db')
    given.clock.advance(hours(2))
    expect((await look(old)).alarms).toEqual([])
    await change('shop/more')
    const found = await look()
    expect(only(found)).toMatchObject({ ...late, record: found.indexSize - 2 })
  })

  it('is none where it may have been recorded right after the look, or as it was asked for', async () => {
    const old = await keptBack()
    const lag = MAX_MERGE_DELAY + CLOCK_TOLERANCE
    await change('shop/db')
    given.clock.advance(seconds(lag))
    expect((await look(old)).alarms).toEqual([])
    expect((await look()).alarms).toEqual([])
    for (let count = 0; count < 3; count += 1) {
      given.clock.advance(hours(5))
      expect((await look()).alarms).toEqual([])
      await change(`shop/db${count}`)
    }
    expect((await look()).alarms).toEqual([])
  })
})

describe('attack 16: a log whose time runs ahead', () => {
  it('is an alarm as soon as no two right clocks are so far apart', async () => {
    await change('shop/db')
    const now = (): UnixSeconds => given.clock.now()
    const behind = (by: number) => ({ now: () => minus(now(), seconds(by)) })
    const lookAt = (by: number): Promise<Look> => given.look(memory, {}, { clock: behind(by) })
    expect((await lookAt(CLOCK_TOLERANCE)).alarms).toEqual([])
    expect(codes(await lookAt(CLOCK_TOLERANCE + 1))).toEqual(['bad-record'])
  })
})

describe('a checkpoint', () => {
  const with_ = (log: string, note: string): Partial<ShownLogs> => ({
    checkpoint: (asked) =>
      asked === log ? Promise.resolve(Buffer.from(note)) : given.shown.checkpoint(asked),
  })

  it.each(['index', 'issuance'] as const)(
    'of the %s log that its key did not sign is an alarm',
    async (log) => {
      const other = await noteOf(logSigner('other.example/index'), [])
      expect(codes(await look(with_(log, other)))).toEqual(['bad-checkpoint'])
      const note = Buffer.from((await given.shown.checkpoint(log))!).toString()
      expect(codes(await look(with_(log, note.replace(/\n\d+\n/, '\n3\n'))))).toEqual([
        'bad-signature',
      ])
      expect(codes(await look(with_(log, 'nothing\n')))).toEqual(['bad-checkpoint'])
    },
  )
})

describe('records of the index log', () => {
  const later = (record: StoredRecord): StoredRecord => {
    const text = Buffer.from(record.bytes).toString()
    const edited = text.replace(/"ts":(\d+)/, (_, ts: string) => `"ts":${Number(ts) + 1}`)
    expect(edited).not.toBe(text)
    return { ...record, bytes: Buffer.from(edited) }
  }
  const flipped = (octets: Uint8Array): Uint8Array => {
    const text = Buffer.from(octets).toString()
    return Buffer.from(
      text.replace(/"sig":"(..)/, (_, first: string) => `"sig":"${first === 'AA' ? 'BB' : 'AA'}`),
    )
  }

  it('with a vote that nobody signed are an alarm', async () => {
    const forged = records().map((record, seq) =>
      seq === 3 ? { ...record, envelopes: record.envelopes.map(flipped) } : record,
    )
    const lie = {
      records: (from: number, limit: number) => Promise.resolve(forged.slice(from, from + limit)),
    }
    expect(only(await look(lie))).toMatchObject({ code: 'bad-record', log: 'index' })
  })

  it('that the log signed and no voter did are an alarm', async () => {
    const forged = records().map((record, seq) => (seq === 3 ? later(record) : record))
    expect(only(await look(await colludingIndex(given, forged)))).toMatchObject({
      ...{ code: 'bad-record', log: 'index' },
    })
  })

  it('that are not those of the tree are an alarm', async () => {
    const forged = records().map((record, seq) => (seq === 3 ? later(record) : record))
    const lie = {
      records: (from: number, limit: number) => Promise.resolve(forged.slice(from, from + limit)),
    }
    expect(only(await look(lie))).toMatchObject({ code: 'inconsistent', log: 'index' })
    const fewer: ShownLogs['records'] = (from) => Promise.resolve(records().slice(from, 3))
    expect(only(await look({ records: fewer }))).toMatchObject({ code: 'inconsistent' })
  })

  it('with another state than they come to are an alarm', async () => {
    const state = hash('sha256', 'another state', 'buffer')
    const lie = await colludingIndex(given, records(), state)
    expect(only(await look(lie))).toMatchObject({ code: 'other-state', log: 'index' })
  })

  it('are read again once what was wrong is right', async () => {
    await using monitor = given.monitor({}, { memory })
    await monitor.look()
    await change('shop/db')
    let lies = true
    await using lied = given.monitor(
      {
        records: (from, limit) =>
          lies ? Promise.resolve(records().slice(from, 3)) : given.shown.records(from, limit),
      },
      { memory },
    )
    expect(codes(await lied.look())).toEqual(['inconsistent'])
    lies = false
    let found = await lied.look()
    for (let looks = 0; looks < 10; looks += 1) found = await lied.look()
    expect(found.alarms).toEqual([])
  })
})

describe('attack 65: a certificate that the index does not allow', () => {
  it('because its policy digest is of no commit is an alarm, once', async () => {
    const honest = await given.mustIssue()
    const policyDigest = 'ab'.repeat(32)
    const identity = (record: typeof honest.record): string =>
      canonicalize({
        ...(JSON.parse(identityOf(honest.leaf)) as object),
        policyDigest,
        size: record.indexSize,
      })
    const forged = await forge(given, honest, {
      plan: { identity: identity(honest.record) },
      record: { policyDigest },
    })
    const alarm = { code: 'not-allowed', reason: 'policy-digest', serial: forged.serial, record: 2 }
    expect(only(await look())).toMatchObject({ ...alarm, entry: honest.record.entry })
    expect((await look()).alarms).toEqual([])
  })

  it('is found again until somebody was told', async () => {
    const names = [{ kind: 'dns', value: 'db.example' }] as const
    await forge(given, await given.mustIssue(), { plan: { names } })
    for (let died = 0; died < 2; died += 1) {
      await using monitor = given.monitor({}, { memory })
      expect(codes(await monitor.look())).toEqual(['not-allowed'])
    }
    expect(codes(await look())).toEqual(['not-allowed'])
    expect((await look()).alarms).toEqual([])
  })

  it('because it says more names than the grant is an alarm', async () => {
    const honest = await given.mustIssue()
    const names = [...honest.names, { kind: 'dns', value: 'db.example' }] as const
    await forge(given, honest, { plan: { names } })
    expect(only(await look())).toMatchObject({ code: 'not-allowed', reason: 'names' })
  })

  it('because the entry was suspended then is an alarm', async () => {
    const honest = await given.mustIssue()
    await given.did({ op: 'entry.suspend', alias: 'shop/web' })
    const { size } = given.index.state
    const rev = honest.record.rev + 1
    await forge(given, honest, { record: { indexSize: size, rev } })
    expect(only(await look())).toMatchObject({ code: 'not-allowed', reason: 'not-active' })
  })

  it('because its record names a size that the log has not is an alarm', async () => {
    await forge(given, await given.mustIssue(), { record: { indexSize: 99 } })
    expect(only(await look())).toMatchObject({ code: 'unknown-size', found: '99' })
  })

  it('because it is of nobody, and says that it is somebody is an alarm', async () => {
    const honest = await given.mustIssue()
    const nobody = { entry: null, binding: null, rev: 0, policyDigest: null, indexSize: null }
    await forge(given, honest, { record: nobody })
    expect(only(await look())).toMatchObject({ code: 'not-allowed', reason: 'server-leaf' })
  })
})

describe('certificates', () => {
  it('two with one serial number are an alarm, and a look later too', async () => {
    const [first] = await certificates()
    const twice = [first!, { ...first!, seq: 1 }]
    const alarm = { code: 'serial-twice', record: 1, found: 'record 0 has it too' }
    expect(only(await look(await colludingIssuance(given, twice)))).toMatchObject(alarm)
    memory = new MemoryWatchMemory()
    expect((await look()).alarms).toEqual([])
    expect(only(await look(await colludingIssuance(given, twice)))).toMatchObject(alarm)
  })

  it('that are not shown are an alarm, though their hashes are', async () => {
    await look()
    for (let count = 0; count < 3; count += 1) await given.mustIssue()
    const issued: ShownLogs['issued'] = async (from, limit) => {
      const { certificates: all, next } = await given.shown.issued(from, limit)
      return { certificates: all.filter(({ seq }) => seq !== 2), next }
    }
    const found = await look({ issued })
    expect(only(found)).toMatchObject({ code: 'records-gone' })
    expect(found).toMatchObject({ checked: 2, gone: 1 })
  })

  it('whose records are not of the tree are an alarm, and nothing is remembered', async () => {
    await given.mustIssue()
    const [first, second] = await certificates()
    const swapped = [second!, first!].map((one, seq) => ({ ...one, seq }))
    const issued: ShownLogs['issued'] = () => Promise.resolve({ certificates: swapped, next: 2 })
    expect(only(await look({ issued }))).toMatchObject({ code: 'inconsistent', log: 'issuance' })
    const partly: ShownLogs['issued'] = () =>
      Promise.resolve({ certificates: [swapped[0]!], next: 2 })
    expect(only(await look({ issued: partly }))).toMatchObject({ code: 'inconsistent' })
    expect(await look()).toMatchObject({ alarms: [], checked: 2 })
  })

  it('whose records are of no form are an alarm', async () => {
    const [first] = await certificates()
    const odd = { ...first!, bytes: Buffer.from('{}') }
    expect(only(await look(await colludingIssuance(given, [odd])))).toMatchObject({
      code: 'bad-record',
      log: 'issuance',
      record: 0,
    })
  })

  it('whose octets are of another are an alarm', async () => {
    await given.mustIssue()
    const [first, second] = await certificates()
    const issued: ShownLogs['issued'] = () =>
      Promise.resolve({
        certificates: [{ ...first!, certificate: second!.certificate }, second!],
        next: 2,
      })
    expect(only(await look({ issued }))).toMatchObject({
      code: 'not-allowed',
      reason: 'other-certificate',
    })
  })
})

function identityOf(leaf: Uint8Array): string {
  const text = Buffer.from(leaf).toString('latin1')
  return /\{"alias".*?\}/.exec(text)![0]
}
