import { describe, expect, it } from '@jest/globals'
import { unixSeconds } from '../../src/core/time.js'
import { type Checkpoint, formatCheckpoint, parseCheckpoint } from '../../src/tlog/checkpoint.js'
import { EMPTY_ROOT } from '../../src/tlog/hash.js'
import { formatNote, formatSignatureLine, parseNote, verifyNote } from '../../src/tlog/note.js'
import { parsePolicy, type Policy } from '../../src/tlog/policy.js'
import type { NoteSigner } from '../../src/tlog/ports.js'
import { cosign, signCheckpoint } from '../../src/tlog/sign-note.js'
import {
  formatVerifierKey,
  parseVerifierKey,
  signatureType,
  verifierKey,
} from '../../src/tlog/verifier-key.js'
import { type CheckpointRefusal, verifyCheckpoint } from '../../src/tlog/verify-checkpoint.js'
import { logSigner, witnessSigner } from '../support/note-signers.js'
import { numberedLeaf } from './reference-tree.js'

// sumdb/tlog/note_test.go of golang/mod @ fe2ec04 (BSD-3-Clause).
const golden = 'go.sum database tree\n123456789012\nTszzRgjTG6xce+z2AG31kAXYKBgQVtCSCE40HmuwBb0=\n'

describe('the text of a checkpoint', () => {
  it('is read and written', () => {
    const read = parseCheckpoint(golden)
    expect(read.ok && read.value).toMatchObject({
      origin: 'go.sum database tree',
      size: 123_456_789_012,
      extensions: [],
    })
    expect(read.ok && formatCheckpoint(read.value)).toBe(golden)
    const more = parseCheckpoint(`${golden}JOE\nANN\n`)
    expect(more.ok && more.value.extensions).toEqual(['JOE', 'ANN'])
  })

  it.each([
    ['a size in hex', golden.replace('123456789012', '0xabcdef')],
    ['a size with a zero before it', golden.replace('123456789012', '0123')],
    ['a size with a sign', golden.replace('123456789012', '+123')],
    ['a negative size', golden.replace('123456789012', '-1')],
    ['no size', golden.replace('123456789012', '')],
    ['a size of 2^53', golden.replace('123456789012', '9007199254740992')],
    ['a size with a space', golden.replace('123456789012', '12 ')],
    ['a root of 31 octets', `a\n1\n${Buffer.alloc(31).toString('base64')}\n`],
    ['a root of 33 octets', `a\n1\n${Buffer.alloc(33).toString('base64')}\n`],
    ['a root of another spelling', golden.replace('Bb0=', 'Bb1=')],
    ['no origin', golden.replace('go.sum database tree', '')],
    ['no line feed at the end', golden.slice(0, -1)],
    ['a last line without one', `${golden}JOE`],
    ['an empty extension line', `${golden}\n`],
    ['an empty line after many', `${golden}${'JOE\n'.repeat(16)}\nJOE\n`],
    ['more extension lines than 16', `${golden}${'JOE\n'.repeat(17)}`],
    ['two lines', golden.split('\n').slice(0, 2).join('\n') + '\n'],
    ['nothing', ''],
  ])('is not one with %s', (_, text) => {
    expect(parseCheckpoint(text).ok).toBe(false)
  })

  it('is not made of parts that are more than a line', () => {
    const good: Checkpoint = { origin: 'a', size: 0, root: EMPTY_ROOT, extensions: [] }
    expect(() => formatCheckpoint({ ...good, origin: 'a\n0' })).toThrow(RangeError)
    expect(() => formatCheckpoint({ ...good, size: 0.5 })).toThrow(RangeError)
    expect(() => formatCheckpoint({ ...good, extensions: ['a\nb'] })).toThrow(RangeError)
    expect(() => formatCheckpoint({ ...good, root: Buffer.alloc(3) })).toThrow(RangeError)
  })
})

const origin = 'log.example/1'
const log = logSigner(origin)
const [w1, w2, w3] = ['w1.example', 'w2.example', 'w3.example'].map(witnessSigner) as [
  NoteSigner,
  NoteSigner,
  NoteSigner,
]
const now = unixSeconds(1_700_000_000)
const head: Checkpoint = { origin, size: 5, root: numberedLeaf(0), extensions: [] }

function policyOf(...lines: readonly string[]): Policy {
  const witnesses = [w1, w2, w3].map(
    ({ key }, at) => `witness w${at + 1} ${formatVerifierKey(key)}`,
  )
  const read = parsePolicy(Buffer.from([...witnesses, ...lines, ''].join('\n')))
  if (!read.ok) throw new Error(read.refusal.found)
  return read.value
}
const none = policyOf('quorum none')
const two = policyOf('group g 2 w1 w2 w3', 'quorum g')

async function signed(witnesses: readonly NoteSigner[], checkpoint = head): Promise<string> {
  const note = await signCheckpoint(checkpoint, log)
  const text = formatCheckpoint(checkpoint)
  const lines = witnesses.map(async (w) => formatSignatureLine(await cosign(text, w, now)))
  return note + (await Promise.all(lines)).join('')
}
function verdict(note: string, policy = two, key = log.key): CheckpointRefusal['code'] | 'ok' {
  const read = verifyCheckpoint(Buffer.from(note), key, policy)
  return read.ok ? 'ok' : read.refusal.code
}

describe('a checkpoint', () => {
  it('with a quorum is verified, and says who signed it and when', async () => {
    const read = verifyCheckpoint(Buffer.from(await signed([w3, w1])), log.key, two)
    expect(read.ok && read.value.cosignatures).toEqual([
      { key: w3.key, time: now },
      { key: w1.key, time: now },
    ])
    expect(read.ok && read.value).toMatchObject(head)
  })

  it('without one is not', async () => {
    expect(verdict(await signed([w1]))).toBe('tlog.no-quorum')
    expect(verdict(await signed([]))).toBe('tlog.no-quorum')
    expect(verdict(await signed([]), none)).toBe('ok')
  })

  it('is not carried to a quorum by one witness that signs twice', async () => {
    const text = formatCheckpoint(head)
    const later = formatSignatureLine(await cosign(text, w1, unixSeconds(now + 1)))
    expect(verdict((await signed([w1])) + later)).toBe('tlog.no-quorum')
  })

  it('is not signed by cosigners alone', async () => {
    const note = await signed([w1, w2])
    const without = note.replace(/— log\.example.*\n/, '')
    expect(verdict(without)).toBe('tlog.unknown-key')
  })

  it('of another log is refused, though the key has signed it', async () => {
    const other = { ...head, origin: 'log.example/2' }
    expect(verdict(await signed([w1, w2], other))).toBe('tlog.unknown-log')
  })

  it('is refused with a cosignature over another text, or at another time', async () => {
    const note = await signed([w1, w2])
    const otherSize = await signed([w1, w2], { ...head, size: 6 })
    const lines = otherSize.split('\n').filter((line) => line.includes('w2.example'))
    const mixed = note.replace(/— w2\.example.*/, lines[0]!)
    expect(verdict(mixed)).toBe('tlog.bad-signature')
    const parsed = parseNote(Buffer.from(note))
    const [logs, first, second] = parsed.ok ? parsed.value.signatures : []
    const moved = Uint8Array.from(second!.signature)
    moved[7]! ^= 1
    const changed = formatNote({
      text: formatCheckpoint(head),
      signatures: [logs!, first!, { ...second!, signature: moved }],
    })
    expect(verdict(changed)).toBe('tlog.bad-signature')
  })

  it('is refused with any octet of its signed text changed', async () => {
    const note = await signed([w1, w2])
    for (let at = 0; at < formatCheckpoint(head).length; at++) {
      const octets = Buffer.from(note)
      octets[at]! ^= 1
      expect(verifyCheckpoint(octets, log.key, two).ok).toBe(false)
    }
  })

  it('with extension lines has them signed by all', async () => {
    const more = { ...head, extensions: ['more'] }
    const note = await signed([w1, w2], more)
    expect(verdict(note)).toBe('ok')
    expect(verdict(note.replace('more', 'mere'))).toBe('tlog.bad-signature')
    expect(verdict(note.replace('more\n', ''))).toBe('tlog.bad-signature')
  })

  it('of an empty tree has the root of one', async () => {
    expect(verdict(await signed([w1, w2], { ...head, size: 0 }))).toBe('tlog.bad-proof')
    expect(verdict(await signed([w1, w2], { ...head, size: 0, root: EMPTY_ROOT }))).toBe('ok')
  })

  it('is not signed by its log with a key of a witness, though it has the name of the log', async () => {
    const witness = witnessSigner(head.origin)
    const line = formatSignatureLine(await cosign(formatCheckpoint(head), witness, now))
    const note = `${formatCheckpoint(head)}\n${line}`
    const read = verifyCheckpoint(Buffer.from(note), witness.key, none)
    expect(read.ok ? 'ok' : read.refusal.code).toBe('tlog.unknown-key')
  })

  it('may be of any of the logs that the policy lists, by name and key', async () => {
    const note = await signed([w1, w2])
    const other = `log ${formatVerifierKey(logSigner('other').key)}`
    const both = policyOf(other, `log ${formatVerifierKey(log.key)}`, 'quorum none')
    expect(verdict(note, both)).toBe('ok')
    // The same public key under the name of another log.
    const renamed = verifierKey('other', signatureType.ed25519, log.key.publicKey)
    const named = policyOf(`log ${formatVerifierKey(renamed!)}`, 'quorum none')
    expect(verdict(note, named)).toBe('tlog.unknown-log')
  })

  it('of a log that the policy does not list is refused', async () => {
    const note = await signed([w1, w2])
    const listed = policyOf(`log ${formatVerifierKey(log.key)}`, 'quorum none')
    const unlisted = policyOf(`log ${formatVerifierKey(logSigner('other').key)}`, 'quorum none')
    expect(verdict(note, listed)).toBe('ok')
    expect(verdict(note, unlisted)).toBe('tlog.unknown-log')
  })

  it('is cosigned as nothing but a checkpoint', async () => {
    await expect(cosign('a note\n', w1, now)).rejects.toThrow(RangeError)
    await expect(cosign(golden, log, now)).rejects.toThrow(TypeError)
    await expect(signCheckpoint(head, w1)).rejects.toThrow(TypeError)
  })
})

// cmd/litewitness/testdata/sumdb.txt of FiloSottile/torchwood @ 341dc2f (ISC).
it('a checkpoint of the Go checksum database is signed by it', () => {
  const key = parseVerifierKey(
    'sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8',
  )
  const note = `go.sum database tree
35225469
vt5T6GaLCXvyHFl9VUvvItR43XZxfLgftEcTyO3eJCQ=

— sum.golang.org Az3grpukl5AXaVfYkLiDGORx/DN2nlcS5kZHR5uYOBV2KA2HgXpD+gu9HHONebHLAyaKbbTM75QTtPydhKCExixSfwQ=
`
  if (!key.ok) throw new Error('no key')
  const parsed = parseNote(Buffer.from(note))
  const verified = parsed.ok && verifyNote(parsed.value, [key.value])
  expect(verified && verified.ok).toBe(true)
  // Its origin is not the name of its key, which C2SP tlog-policy wants.
  expect(verdict(note, none, key.value)).toBe('tlog.unknown-log')
})
