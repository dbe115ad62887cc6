import { answer, type Answer } from '../command.js'
import type { Invocation } from '../invocation.js'
import type { JsonReader } from '../json-reader.js'
import { type Outcome, usage } from '../problem.js'
import type { Look } from '../screen/look.js'
import { jsonOf } from './json-file.js'

/** What several sign, one after the other: shown before, and carried from one to the next in a file. */

/** Shown before anything is signed. Standard output is for the statement. */
export function showToSigner(call: Invocation, render: (look: Look) => string): void {
  const plain: Look = {
    width: undefined,
    now: call.world.clock.now(),
    paint: (_, text) => text,
  }
  call.world.stderr.write(`${render(plain)}\n\n`)
}

/** Those whom `--with` names beside whoever signs first. */
export const others = (call: Invocation): readonly string[] =>
  (call.text('with') ?? '')
    .split(',')
    .map((id) => id.trim())
    .filter((id) => id !== '')

/** For those who sign it too, and then for `capstan submit`. */
export const detached = (
  envelopes: readonly Readonly<Record<string, unknown>>[],
): Outcome<Answer> => answer({ envelopes }, () => JSON.stringify({ envelopes }, null, 2))

/** The envelopes in the file that the first argument names. */
export async function envelopesIn(
  call: Invocation,
  what: string,
): Promise<Outcome<readonly [JsonReader, ...JsonReader[]]>> {
  const file = call.word(0) ?? '-'
  const text = await call.file(file)
  if (!text.ok) return text
  const read = jsonOf(text.value, file)
  if (!read.ok) return read
  const [first, ...more] = read.value.objects('envelopes')
  return first
    ? { ok: true, value: [first, ...more] }
    : usage(`${file} holds nothing that was signed`, { wanted: what })
}

/** Of what type is what somebody signed? */
export function payloadTypeOf(envelopes: unknown): unknown {
  const [first] = Array.isArray(envelopes) ? (envelopes as readonly unknown[]) : []
  return typeof first === 'object' && first !== null && 'payloadType' in first
    ? first.payloadType
    : undefined
}
