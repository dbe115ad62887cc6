import { readFileSync } from 'node:fs'
import { DependencyError } from '../../src/core/dependency-error.js'
import { shownKeys } from '../../src/reader/shown-keys.js'
import { type Ask, shownLogs } from '../../src/reader/shown-logs.js'
import { toBase64 } from '../../src/tlog/note-text.js'
import { formatVerifierKey } from '../../src/tlog/verifier-key.js'
import { logKey } from '../given/signed-tree.js'
import { smallLog } from '../given/small-index.js'
import { mutateJson } from '../mutate/json.js'
import { hold } from '../oracle/hold.js'
import type { Target } from '../target.js'

const FROM = 3
const LIMIT = 4

const run = (input: Uint8Array): Promise<string> => readAll(input, () => undefined)

/** Octets that are read stand in the answer: looking for them costs more than reading does. */
function check(input: Uint8Array): Promise<string> {
  const said = Buffer.from(input).toString('latin1')
  return readAll(input, (octets) => {
    // JSON may spell it otherwise.
    const isThere = said.includes(toBase64(octets)) || said.includes('\\')
    hold(isThere, 'octets are those that were shown')
  })
}

/** The input is what a server answers, whatever it was asked. */
async function readAll(input: Uint8Array, isShown: (octets: Uint8Array) => void): Promise<string> {
  const answering =
    (status: number): Ask =>
    () =>
      Promise.resolve({ status, body: input })
  const logs = shownLogs(answering(200))
  const ends = [
    await ending('records', async () => {
      const found = await logs.records(FROM, LIMIT)
      hold(found.length <= LIMIT, 'no more records than were asked for')
      const isInPlace = found.every(({ seq }, at) => seq === FROM + at)
      hold(isInPlace, 'records have the numbers that were asked for')
      for (const { bytes, envelopes } of found)
        for (const one of [bytes, ...envelopes]) isShown(one)
      return `${found.length} ${found.reduce((sum, { envelopes }) => sum + envelopes.length, 0)}`
    }),
    await ending('issued', async () => {
      const { certificates, next } = await logs.issued(FROM, LIMIT)
      hold(next > FROM && next <= FROM + LIMIT, 'a page ends where it may')
      const numbers = certificates.map(({ seq }) => seq)
      const isRising = numbers.every((seq, at) => seq > (numbers[at - 1] ?? FROM - 1))
      hold(isRising && numbers.every((seq) => seq < next), 'numbers of a page rise, and are of it')
      for (const { bytes, certificate } of certificates)
        for (const one of [bytes, certificate]) isShown(one)
      return `${numbers.length} of ${next - FROM}`
    }),
    await ending('tile', async () => {
      const tile = await logs.tile('index', { level: 0, index: 0, width: 2 })
      hold(tile.length === 64, 'a tile has its width')
      return ''
    }),
    await ending('keys', async () => {
      const { index, issuance } = await shownKeys(answering(200))
      const said = Buffer.from(input).toString('utf8')
      const texts = [index, issuance].map((key) => JSON.stringify(formatVerifierKey(key)))
      // JSON may spell it otherwise; what is not there in any spelling is not a key of it.
      const isThere = texts.every((text) => said.includes(text) || said.includes('\\'))
      hold(isThere, 'a key is one that was shown')
      return ''
    }),
    await ending('refused', async () => {
      const none = await shownLogs(answering(404)).checkpoint('index')
      hold(none === undefined, 'there is no checkpoint where none is')
      await shownLogs(answering(403)).checkpoint('issuance')
      return 'shown'
    }),
  ]
  return ends.join(', ')
}

/** How it ended; what is thrown is said in words that are fit for a log. */
async function ending(what: string, read: () => Promise<string>): Promise<string> {
  try {
    return `${what} ${await read()}`
  } catch (thrown) {
    if (!(thrown instanceof DependencyError)) throw thrown
    hold(/^[ -~]{1,200}$/.test(thrown.message), 'text of strangers is not repeated')
    return `${what} no${/answered \d+ (\S+)/.exec(thrown.message)?.[1] === 'to' ? '' : ' code'}`
  }
}

const vectors = new URL('../../docs/format/vectors/issuance.json', import.meta.url)
const { records: issued } = JSON.parse(readFileSync(vectors, 'utf8')) as {
  readonly records: readonly { readonly record: string }[]
}
const json = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value))

function seeds(): readonly Uint8Array[] {
  const records = smallLog.records.slice(0, 3).map(({ bytes, envelopes }) => ({
    record: toBase64(bytes),
    envelopes: envelopes.map(toBase64),
  }))
  const certificates = issued.slice(0, 2).map(({ record }, at) => ({
    seq: FROM + at,
    record: toBase64(Buffer.from(record)),
    certificate: toBase64(Buffer.from('a certificate')),
    evidence: '{"kind":"none"}',
  }))
  const key = formatVerifierKey(logKey)
  return [
    json({ records, next: FROM + 3 }),
    json({ records: [], next: 0 }),
    json({ records: certificates, next: FROM + LIMIT }),
    json({ records: certificates.slice(0, 1), next: FROM + 1 }),
    json({ index: { logKey: key }, issuance: { logKey: key } }),
    json({ type: 'about:blank', code: 'reader.not-allowed', status: 403 }),
    Buffer.alloc(64, 7),
  ]
}

export const target: Target = { seeds, mutators: [mutateJson], run, check }
