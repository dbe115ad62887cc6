import { rename, writeFile } from 'node:fs/promises'
import { reasonOf } from '../core/error-code.js'
import { answer, type Answer } from './command.js'
import type { Invocation } from './invocation.js'
import { type Outcome, usage } from './problem.js'

/** To `--out`, in one step, or to the screen. */
export async function deliver(
  call: Invocation,
  json: unknown,
  content: string | Uint8Array,
): Promise<Outcome<Answer>> {
  const out = call.text('out')
  if (out === undefined) return answer(json, () => Buffer.from(content).toString())
  const written = await writeWhole(call, out, content)
  if (!written.ok) return written
  return answer(json, (look) => `${look.paint('green', 'wrote')} ${out}`)
}

/** Nobody ever reads half of it. */
export async function writeWhole(
  call: Invocation,
  name: string,
  content: string | Uint8Array,
): Promise<Outcome<undefined>> {
  const path = call.path(name)
  const part = `${path}.${Buffer.from(call.world.random(4)).toString('hex')}.part`
  try {
    await writeFile(part, content, { flag: 'wx', mode: 0o644 })
    await rename(part, path)
  } catch (error) {
    return usage(`cannot write ${name}`, { found: reasonOf(error) })
  }
  return { ok: true, value: undefined }
}
