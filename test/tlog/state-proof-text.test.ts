import { describe, expect, it } from '@jest/globals'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { sha256 } from '../../src/core/uid.js'
import type { Hash } from '../../src/tlog/hash.js'
import { mapKey } from '../../src/tlog/map-hash.js'
import { proveKey } from '../../src/tlog/map-proof.js'
import type { Policy } from '../../src/tlog/policy.js'
import { signCheckpoint } from '../../src/tlog/sign-note.js'
import {
  formatStateProof,
  isStateProof,
  parseRowName,
  parseStateProof,
  verifyStateProof,
} from '../../src/tlog/state-proof-text.js'
import { stateLine } from '../../src/tlog/state-root.js'
import { MemoryMapNodes } from '../support/memory-map-nodes.js'
import { logSigner } from '../support/note-signers.js'

const page = readFileSync(join(import.meta.dirname, '../../docs/format-index-log.md'), 'utf8')
const noWitnesses: Policy = { logs: [], witnesses: [], groups: [], quorum: undefined }
const signer = logSigner('acme.example/index')
const uid = 'euv4k2mfw3txpz7o5cq6dlbn2ygjh3ae'
const hex = (octets: Uint8Array): string => Buffer.from(octets).toString('hex')

/** The state of the worked example. */
const map = new MemoryMapNodes()
map.change([
  { key: mapKey('alias', 'shop/web'), value: Buffer.from(uid) },
  { key: mapKey('entry', uid), value: sha256('an entry as canonical JSON') },
])

const noteOf = (extensions: readonly string[]): Promise<string> =>
  signCheckpoint({ origin: signer.key.name, size: 7, root: sha256('root'), extensions }, signer)
const textOf = (name: string, note: string): string =>
  formatStateProof({
    about: { table: 'alias', name },
    proof: proveKey(map, map.root, mapKey('alias', name)),
    checkpoint: Buffer.from(note),
  })
const good = textOf('shop/web', await noteOf([stateLine(map.root.hash)]))

function judged(text: string, name = 'shop/web'): Hash | string | undefined {
  const read = parseStateProof(Buffer.from(text))
  if (!read.ok) return read.refusal.code
  const found = verifyStateProof(read.value, { table: 'alias', name }, signer.key, noWitnesses)
  return found.ok ? found.value.value : found.refusal.code
}

describe('a state proof as text', () => {
  it('is as the worked example says', () => {
    const examples = ['shop/web', 'shop/cart'].map((name) => textOf(name, ''))
    const values = [map.root.hash, ...['shop/web'].map((name) => mapKey('alias', name))]
    const wanted = [...examples.map((text) => text.trimEnd()), ...values.map(hex)]
    expect(wanted.filter((part) => !page.includes(part))).toEqual([])
  })

  it('is read as it was written, and shows what is there and what is not', async () => {
    const read = parseStateProof(Buffer.from(good))
    expect(read.ok && formatStateProof(read.value)).toBe(good)
    expect(Buffer.from(judged(good) as Hash).toString()).toBe(uid)
    const none = textOf('shop/cart', await noteOf([stateLine(map.root.hash)]))
    expect(judged(none, 'shop/cart')).toBeUndefined()
  })

  it('wants exactly one state root that was signed', async () => {
    const line = stateLine(map.root.hash)
    const other = stateLine(sha256('another'))
    for (const [extensions, code] of [
      [[], 'tlog.bad-proof'],
      [['other line'], 'tlog.bad-proof'],
      [[other], 'tlog.bad-proof'],
      [[line, line], 'tlog.malformed'],
      [[line, other], 'tlog.malformed'],
      [[`${line}=`], 'tlog.malformed'],
      [['state abc'], 'tlog.malformed'],
      [[line.replace('state ', 'state  ')], 'tlog.malformed'],
    ] as const) {
      expect([extensions, judged(textOf('shop/web', await noteOf(extensions)))]).toEqual([
        extensions,
        code,
      ])
    }
    const more = textOf('shop/web', await noteOf(['before', line, 'after']))
    expect(Buffer.from(judged(more) as Hash).toString()).toBe(uid)
    // Put there by somebody who cannot sign.
    expect(judged(textOf('shop/web', (await noteOf([])).replace('\n\n', `\n${line}\n\n`)))).toBe(
      'tlog.bad-signature',
    )
  })

  const [header, row, ...rest] = good.split('\n')
  const lines = (...some: readonly (string | undefined)[]): string => [...some, ...rest].join('\n')
  it.each([
    ['nothing', ''],
    ['another header', lines('capstan/state-proof@v2', row)],
    ['no row', lines(header)],
    ['a row of one word', lines(header, 'alias')],
    ['a row of three words', lines(header, `${row} x`)],
    ['two spaces', lines(header, 'alias  shop/web')],
    ['a space at the end', lines(header, `${row} `)],
    ['a table of another spelling', lines(header, 'Alias shop/web')],
    ['a name beyond ASCII', lines(header, 'alias sh\u00f6p')],
    ['a long name', lines(header, `alias ${'a'.repeat(401)}`)],
    ['carriage returns', good.replaceAll('\n', '\r\n')],
    ['no empty line', good.replace('\n\n', '\n')],
    ['too many lines', lines(header, row, ...Array.from({ length: 300 }, () => 'x'))],
    ['too many octets', `${good}${'x'.repeat(200_000)}`],
    ['a checkpoint that is none', `${good.slice(0, good.indexOf('\n\n'))}\n\nx`],
    ['a map proof of another header', good.replace('map-proof@v1', 'map-proof@v2')],
  ])('is not one with %s', (_, text) => {
    expect(judged(text)).toBe('tlog.malformed')
  })

  it.each([
    ['another name', { table: 'alias', name: 'shop/cart' }],
    ['another table', { table: 'entry', name: 'shop/web' }],
  ])('about one row says nothing of %s', (_, asked) => {
    const read = parseStateProof(Buffer.from(good))
    if (!read.ok) throw new Error(read.refusal.detail)
    const found = verifyStateProof(read.value, asked, signer.key, noWitnesses)
    expect(found.ok ? found.value : found.refusal).toMatchObject({
      code: 'tlog.bad-proof',
      wanted: `${asked.table} ${asked.name}`,
      found: 'alias shop/web',
    })
  })

  it('is known by its first line', () => {
    expect(isStateProof(Buffer.from(good))).toBe(true)
    expect(isStateProof(Buffer.from('capstan/state-proof@v1\n'))).toBe(true)
    for (const other of ['', 'capstan/state-proof@v1', 'capstan/state-proof@v12\n', ` ${good}`]) {
      expect(isStateProof(Buffer.from(other))).toBe(false)
    }
  })

  it('has a checkpoint that is text', () => {
    const octets = Buffer.concat([
      Buffer.from(good.slice(0, good.indexOf('\n\n') + 2)),
      Buffer.of(0xff),
    ])
    const read = parseStateProof(octets)
    expect(read.ok ? read.value : read.refusal.found).toBe('a checkpoint that is no text')
  })

  it('is not written of what could not be read', () => {
    for (const about of [
      { table: 'Alias', name: 'a' },
      { table: 'alias', name: '' },
      { table: 'alias', name: 'a b' },
      { table: 'alias', name: 'a\nb' },
    ]) {
      const proof = { path: [] }
      expect(() => formatStateProof({ about, proof, checkpoint: Buffer.of() })).toThrow(RangeError)
      expect(parseRowName(`${about.table} ${about.name}`)).toBeUndefined()
    }
  })
})
