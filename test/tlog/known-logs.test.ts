import { describe, expect, it } from '@jest/globals'
import { seconds, unixSeconds } from '../../src/core/time.js'
import { knownLogs, parseLogKey, parseLogKeys } from '../../src/tlog/known-logs.js'
import { timeAfter, timeFault } from '../../src/tlog/sane-time.js'
import { formatVerifierKey } from '../../src/tlog/verifier-key.js'
import { logSigner, witnessSigner } from '../support/note-signers.js'
import { T0 } from '../support/fake-clock.js'

const a = logSigner('a.example').key
const b = logSigner('b.example').key
const witness = witnessSigner('a.example').key

describe('the logs of a witness', () => {
  it('are one key in a line, with remarks between', () => {
    const text = `# ours\n\n${formatVerifierKey(a)}\r\n  ${formatVerifierKey(b)}\n`
    const read = parseLogKeys(Buffer.from(text))
    const names = read.ok ? read.value.map(({ name }) => name) : []
    expect(names).toEqual(['a.example', 'b.example'])
  })

  it.each([
    ['a key of a witness', formatVerifierKey(witness)],
    ['text that is no key', 'a.example'],
    ['two keys in a line', `${formatVerifierKey(a)} ${formatVerifierKey(b)}`],
    ['the id of another key', formatVerifierKey(a).replace(/\+[0-9a-f]{8}\+/, '+00000000+')],
  ])('are refused with %s', (_, text) => {
    const read = parseLogKeys(Buffer.from(`${text}\n`))
    expect(!read.ok && read.refusal.code).toBe('tlog.malformed')
    expect(parseLogKey(text).ok).toBe(false)
  })

  it('are refused where they are no text, or too many', () => {
    expect(parseLogKeys(Buffer.of(0xff, 0xfe)).ok).toBe(false)
    expect(parseLogKeys(Buffer.from(`${formatVerifierKey(a)}\n`.repeat(10_001))).ok).toBe(false)
    expect(parseLogKeys(Buffer.alloc(5_000_000, '#')).ok).toBe(false)
  })

  it('are found by the whole name of a key, each key once', () => {
    const logs = knownLogs([a, b, a])
    expect(logs('a.example')).toEqual([a])
    expect(logs('A.example')).toBeUndefined()
    expect(logs('__proto__')).toBeUndefined()
  })
})

describe('the time that a witness states', () => {
  const seen = { at: T0, ago: seconds(3600) }
  const now = unixSeconds(T0 + 3600)
  it('is believed where nothing speaks against it', () => {
    expect(timeFault(now, undefined, seen)).toBeUndefined()
    expect(timeFault(now, unixSeconds(now + 30), seen)).toBeUndefined()
  })
  it.each([
    ['1970', unixSeconds(0), undefined],
    ['before the last cosignature', now, unixSeconds(now + 61)],
    ['a day ahead of what has passed', unixSeconds(now + 86_400), undefined],
    ['a day behind what has passed', unixSeconds(now - 86_400), undefined],
  ])('is not stated where it is %s', (_, at, latest) => {
    expect(timeFault(at, latest, seen)).toContain('the clock')
  })
  it('is believed up to the last second of what is tolerated', () => {
    const first = unixSeconds(1_767_225_600)
    const atFirst = { at: first, ago: seconds(0) }
    expect(timeFault(first, undefined, atFirst)).toBeUndefined()
    expect(timeFault(unixSeconds(first - 1), undefined, atFirst)).toMatch('the clock says')
    expect(timeFault(now, unixSeconds(now + 60), seen)).toBeUndefined()
    for (const way of [-1, 1]) {
      expect(timeFault(unixSeconds(now + way * 300), undefined, seen)).toBeUndefined()
      expect(timeFault(unixSeconds(now + way * 301), undefined, seen)).toMatch(`${way * 301} sec`)
    }
  })
  it('falls no further back than a clock that is kept right steps', () => {
    expect(timeAfter(undefined, now)).toBe(now)
    expect(timeAfter(unixSeconds(now - 5), now)).toBe(now)
    expect(timeAfter(unixSeconds(now + 60), now)).toBe(now + 60)
    expect(timeAfter(unixSeconds(now + 61), now)).toBe(now)
  })
  it('is stated again after a restart, where the clock has jumped', () => {
    expect(timeFault(unixSeconds(now + 86_400), undefined, seen)).toContain('restart the witness')
  })
})
