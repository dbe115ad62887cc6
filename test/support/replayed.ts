// Replays a log that is given on stdin, as JSON, and prints the digest of what it comes to. Nothing
// here tells the time, or draws a number.
import { applyRecord, verifyRecord } from '../../src/namespace/fold-record.js'
import { FoldedState } from '../../src/namespace/folded-state.js'
import { canonicalState } from '../../src/namespace/state.js'
import { sha256Hex } from '../../src/core/uid.js'

const chunks: Buffer[] = []
for await (const chunk of process.stdin) chunks.push(chunk as Buffer)
const log = JSON.parse(Buffer.concat(chunks).toString()) as readonly {
  readonly bytes: string
  readonly envelopes: readonly string[]
}[]

const never = (what: string) => (): never => {
  throw new Error(`a replay asks for ${what}`)
}
Date.now = never('the time')
Math.random = never('a random number')
crypto.getRandomValues = never('random octets')

const state = new FoldedState()
for (const [seq, { bytes, envelopes }] of log.entries()) {
  const stored = {
    seq,
    bytes: Buffer.from(bytes, 'base64'),
    envelopes: envelopes.map((text) => Buffer.from(text, 'base64')),
  }
  const verified = verifyRecord(state, stored)
  if (!verified.ok) throw new Error(verified.refusal.detail)
  applyRecord(state, verified.value)
}
process.stdout.write(`${sha256Hex(canonicalState(state))}\n`)
