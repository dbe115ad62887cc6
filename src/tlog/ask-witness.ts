import {
  CLOCK_TOLERANCE,
  minus,
  minutes,
  plus,
  type UnixSeconds,
  unixSeconds,
} from '../core/time.js'
import { parseSignatureLine, verifyNote } from './note.js'
import { decimal, toBase64, utf8 } from './note-text.js'
import { parseNote } from './note.js'
import type { SignedHead, TileReader, WitnessClient } from './ports.js'
import { proveConsistency, rootAt } from './prove.js'
import { isKeyOf, type VerifierKey } from './verifier-key.js'

/** How old a time may be that was stated just now: it would be asked for a newer one for ever. */
const BEHIND = minutes(5)

/** A witness to ask: its key, and the prefix of its add-checkpoint. */
export interface AskedWitness {
  readonly key: VerifierKey
  readonly url: string
}

/** What asking a witness came to. */
export type Asked =
  /** It has signed this head, at this time. */
  | { readonly kind: 'cosigned'; readonly line: string; readonly at: UnixSeconds }
  /** It says that it has cosigned more records than this log has: the log was cut short, or it lies. */
  | { readonly kind: 'ahead'; readonly size: number }
  /** What it has cosigned is not the beginning of this log: there are two histories. */
  | { readonly kind: 'forked'; readonly size: number }
  /** It does not know this log or its key, or something else is in its way. */
  | { readonly kind: 'refused'; readonly status: number }
  /** It answered what the protocol does not have, or signed nothing that holds. */
  | { readonly kind: 'bad-answer'; readonly what: string }

interface Deps {
  readonly client: WitnessClient
  readonly tiles: TileReader
  readonly signal: AbortSignal
  readonly now: () => UnixSeconds
}

/**
 * Asks a witness to cosign a head (add-checkpoint of C2SP tlog-witness), from the size that it is
 * thought to have; where it has another, once more from that. Rejects with `DependencyError` where it
 * does not answer, and where the tiles do not come to the head.
 */
export async function askWitness(
  deps: Deps,
  witness: AskedWitness,
  signed: SignedHead,
  thought: number,
): Promise<Asked> {
  const first = await ask(deps, witness, signed, Math.min(thought, signed.size))
  if (first.kind !== 'elsewhere') return first
  if (first.size > signed.size) return { kind: 'ahead', size: first.size }
  const second = await ask(deps, witness, signed, first.size)
  return second.kind === 'elsewhere'
    ? { kind: 'bad-answer', what: 'it changes its mind about what it has' }
    : second
}

async function ask(
  { client, tiles, signal, now }: Deps,
  { key, url }: AskedWitness,
  signed: SignedHead,
  from: number,
): Promise<Asked | { readonly kind: 'elsewhere'; readonly size: number }> {
  const body = await requestOf(tiles, signed, from)
  const answer = await client.addCheckpoint(url, body, signal)
  switch (answer.status) {
    case 200:
      return readLines(utf8(answer.body), key, signed, now())
    case 409: {
      const size = decimal((utf8(answer.body) ?? '').replace(/\n$/, ''))
      if (size === undefined || size === from) return badAnswer('a conflict without another size')
      return { kind: 'elsewhere', size }
    }
    case 422:
      return { kind: 'forked', size: from }
    default:
      return { kind: 'refused', status: answer.status }
  }
}

async function requestOf(tiles: TileReader, signed: SignedHead, from: number): Promise<Uint8Array> {
  const root = from === 0 ? signed.root : await rootAt(tiles, from, signed.size)
  const proof = await proveConsistency(tiles, { size: from, root }, signed)
  const lines = [`old ${from}`, ...proof.map(toBase64), '', signed.note]
  return Buffer.from(lines.join('\n'))
}

/** The witness's own line among what it answered; others are of keys that nobody asked for. */
function readLines(
  text: string | undefined,
  key: VerifierKey,
  signed: SignedHead,
  now: UnixSeconds,
): Asked {
  const lines = text?.endsWith('\n') === true ? text.slice(0, -1).split('\n') : []
  const line = lines.find((one) => {
    const read = parseSignatureLine(one)
    return read !== undefined && isKeyOf(key, read)
  })
  if (line === undefined) return badAnswer('no signature of its key')
  const own = signed.note.slice(0, signed.note.lastIndexOf('\n\n') + 2)
  const note = parseNote(Buffer.from(`${own}${line}\n`))
  const verified = note.ok ? verifyNote(note.value, [key]) : note
  const time = verified.ok ? verified.value[0]?.time : undefined
  if (time === undefined || time === 0) return badAnswer('a signature that does not hold')
  if (time > plus(now, CLOCK_TOLERANCE)) {
    return badAnswer('a time that has not come: one of the clocks is wrong')
  }
  if (time < minus(now, BEHIND)) return badAnswer('a time long past: one of the clocks is wrong')
  return { kind: 'cosigned', line: `${line}\n`, at: unixSeconds(time) }
}

const badAnswer = (what: string): Extract<Asked, { readonly kind: 'bad-answer' }> => ({
  kind: 'bad-answer',
  what,
})
