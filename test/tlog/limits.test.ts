import { describe, expect, it } from '@jest/globals'
import { sha256 } from '../../src/core/uid.js'
import { formatCheckpoint, parseCheckpoint } from '../../src/tlog/checkpoint.js'
import { decodeBundle } from '../../src/tlog/entry-bundle.js'
import { parseLogKeys } from '../../src/tlog/known-logs.js'
import {
  formatMapProof,
  MAX_MAP_PROOF_OCTETS,
  parseMapProof,
} from '../../src/tlog/map-proof-text.js'
import { MAX_NOTE_OCTETS, parseNote } from '../../src/tlog/note.js'
import { MAX_POLICY_OCTETS, parsePolicy } from '../../src/tlog/policy.js'
import { formatProof, parseProof } from '../../src/tlog/proof-text.js'
import { formatStateProof, parseStateProof } from '../../src/tlog/state-proof-text.js'
import { formatVerifierKey } from '../../src/tlog/verifier-key.js'
import { MAX_REQUEST_OCTETS, parseWitnessRequest } from '../../src/tlog/witness-request.js'
import { logSigner } from '../support/note-signers.js'

const hash = sha256('a hash')
const base64 = Buffer.from(hash).toString('base64')
const line = `\u2014 a ${Buffer.alloc(68, 7).toString('base64')}\n`
const vkey = formatVerifierKey(logSigner('log.example').key)

/** What a refusal found; undefined where there is none. */
function found(read: {
  readonly ok: boolean
  readonly refusal?: { readonly code: string; readonly found?: string }
}): string | undefined {
  if (read.ok) return undefined
  return `${read.refusal?.code}: ${read.refusal?.found}`
}

/** `text` with octets put in the place of "X", so that there are `octets` of it. */
const filled = (text: string, octets: number): Buffer =>
  Buffer.from(text.replace('X', 'x'.repeat(octets - Buffer.byteLength(text) + 1)))

describe('the largest that is read, and one more', () => {
  it.each<[string, string, number, (octets: Uint8Array) => Parameters<typeof found>[0], string]>([
    ['a note', `X\n\n${line}`, MAX_NOTE_OCTETS, parseNote, 'more octets than a note has'],
    [
      'a policy',
      '#X\nquorum none\n',
      MAX_POLICY_OCTETS,
      parsePolicy,
      'more octets than a policy has',
    ],
    ['keys of logs', `#X\n${vkey}\n`, 4_194_304, parseLogKeys, 'no text of at most 4 MiB'],
    [
      'a proof',
      'c2sp.org/tlog-proof@v1\nindex 0\n\nX',
      262_144,
      parseProof,
      'more octets than a proof has',
    ],
    [
      'a state proof',
      'capstan/state-proof@v1\nalias a\ncapstan/map-proof@v1\nempty\n\nX',
      512 + MAX_MAP_PROOF_OCTETS + MAX_NOTE_OCTETS,
      parseStateProof,
      'more octets than a proof has',
    ],
  ])('of octets of %s', (_, text, most, read, what) => {
    expect(found(read(filled(text, most)))).toBeUndefined()
    expect(found(read(filled(text, most + 1)))).toBe(`tlog.malformed: ${what}`)
  })

  it('of octets of a request to a witness', () => {
    const checkpoint = `o\n1\n${base64}\n`
    const head = ['old 9007199254740991', ...Array.from({ length: 63 }, () => base64)].join('\n')
    const request = (octets: number) => {
      const text = `${head}\n\n${checkpoint}\n${line}${line.replace(' a ', ' X ')}`
      return parseWitnessRequest(filled(text, octets))
    }
    expect(MAX_REQUEST_OCTETS).toBe(Buffer.byteLength(`${head}\n\n`) + MAX_NOTE_OCTETS)
    expect(found(request(MAX_REQUEST_OCTETS))).toBeUndefined()
    expect(found(request(MAX_REQUEST_OCTETS + 1))).toBe(
      'tlog.malformed: more octets than a request has',
    )
    const fit = `${head}\n\n${checkpoint}\n${line}`
    expect(found(parseWitnessRequest(Buffer.from(fit)))).toBeUndefined()
    const more = fit.replace('\n\n', `\n${base64}\n\n`)
    expect(found(parseWitnessRequest(Buffer.from(more)))).toBe(
      'tlog.malformed: no empty line where one must be',
    )
  })

  it('of signatures of a note', () => {
    const note = (count: number) => parseNote(Buffer.from(`text\n\n${line.repeat(count)}`))
    expect(found(note(64))).toBeUndefined()
    expect(found(note(65))).toBe('tlog.malformed: too many signatures')
    expect(found(note(66))).toBe('tlog.malformed: no signature line at the end')
  })

  it('of extension lines of a checkpoint', () => {
    const text = (count: number): string => `o\n1\n${base64}\n${'x\n'.repeat(count)}`
    const read = parseCheckpoint(text(16))
    expect(read.ok && formatCheckpoint(read.value)).toBe(text(16))
    expect(found(parseCheckpoint(text(17)))).toBe('tlog.malformed: too few lines, or too many')
    expect(found(parseCheckpoint('o\n1\n'))).toBe('tlog.malformed: too few lines, or too many')
  })

  it('of keys of logs', () => {
    const keys = (count: number) => parseLogKeys(Buffer.from(`${vkey}\n`.repeat(count)))
    expect(found(keys(10_000))).toBeUndefined()
    expect(found(keys(10_001))).toBe('tlog.malformed: more than 10000 keys')
    expect(found(parseLogKeys(Buffer.from(`# ours\n${vkey}\nno key\n`)))).toMatch(
      /^tlog.malformed: line 3: ./,
    )
  })

  it('of hashes, and of data, in a proof', () => {
    const proof = (hashes: number, extra?: number) => {
      const data = extra === undefined ? {} : { extra: Buffer.alloc(extra) }
      const path = Array.from({ length: hashes }, () => hash)
      const text = formatProof({ ...data, index: 0, path, checkpoint: Buffer.from('note\n') })
      return parseProof(Buffer.from(text))
    }
    expect(found(proof(63, 65_536))).toBeUndefined()
    expect(found(proof(63))).toBeUndefined()
    expect(found(proof(64))).toBe('tlog.malformed: a line that is no hash')
    expect(found(proof(0, 65_537))).toBe('tlog.malformed: no data in the extra line')
  })

  it('of steps of a map proof', () => {
    const path = Array.from({ length: 256 }, (_, at) => ({ bit: 255 - at, sibling: hash }))
    const text = formatMapProof({ leaf: { key: hash, value: hash }, path })
    const read = parseMapProof(Buffer.from(text))
    expect(read.ok && read.value.path).toHaveLength(256)
    const [first, ...rest] = text.split('\n')
    const wide = [first, ...rest.slice(0, 1), `256 ${base64}`, ...rest.slice(1)].join('\n')
    expect(found(parseMapProof(Buffer.from(wide)))).toBe(
      'tlog.malformed: steps that do not lead up',
    )
    const proof = {
      about: { table: 'alias', name: 'a' },
      proof: { leaf: { key: hash, value: hash }, path },
    }
    const state = formatStateProof({ ...proof, checkpoint: Buffer.from('note\n') })
    expect(found(parseStateProof(Buffer.from(state)))).toBeUndefined()
    const more = state.replace('\n\n', `\n${`${base64}\n`.repeat(1)}\n`)
    expect(found(parseStateProof(Buffer.from(more)))).toBe(
      'tlog.malformed: no empty line where one must be',
    )
  })

  it('of words in the lines of a map proof', () => {
    const text = (first: string, ...steps: readonly string[]): Buffer =>
      Buffer.from(['capstan/map-proof@v1', first, ...steps, ''].join('\n'))
    const leaf = `leaf ${base64} ${base64}`
    expect(found(parseMapProof(text(leaf, `7 ${base64}`)))).toBeUndefined()
    for (const other of [`blatt ${base64} ${base64}`, `${leaf} ${base64}`, `leaf ${base64}`]) {
      expect(found(parseMapProof(text(other)))).toBe('tlog.malformed: no leaf in the second line')
    }
    for (const step of [`7 ${base64} ${base64}`, '7', base64, `-1 ${base64}`, `0.5 ${base64}`]) {
      expect(found(parseMapProof(text(leaf, step)))).toBe('tlog.malformed: a line that is no step')
    }
    expect(found(parseMapProof(text('empty', `7 ${base64}`)))).toBe(
      'tlog.malformed: steps in an empty map',
    )
  })

  it('of the lines of a map proof that is no text, or is too long', () => {
    const what = 'tlog.malformed: another first line, or last'
    expect(found(parseMapProof(Buffer.of(0xff)))).toBe(what)
    expect(found(parseMapProof(Buffer.alloc(0)))).toBe(what)
    expect(found(parseMapProof(Buffer.alloc(MAX_MAP_PROOF_OCTETS + 1, 'x')))).toBe(
      'tlog.malformed: more octets than a proof has',
    )
    expect(found(parseMapProof(Buffer.alloc(MAX_MAP_PROOF_OCTETS, 'x')))).toBe(what)
  })

  it.each([
    ['a length cut short after one octet', [0, 1, 97, 0], 2, 'a length is cut short'],
    ['an entry cut short', [0, 2, 97], 1, 'an entry is cut short'],
    ['entries that are missing', [0, 1, 97], 2, 'entries are missing'],
    ['octets after the last', [0, 1, 97, 0], 1, 'octets after the last entry'],
  ])('of an entry bundle: %s', (_, octets, count, what) => {
    expect(found(decodeBundle(Uint8Array.from(octets), count))).toBe(`tlog.malformed: ${what}`)
  })
})
