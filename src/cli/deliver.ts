import { open, rename, rm, writeFile } from 'node:fs/promises'
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
  const part = partOf(call, path)
  try {
    await writeFile(part, content, { flag: 'wx', mode: 0o644 })
    await rename(part, path)
  } catch (error) {
    return usage(`cannot write ${name}`, { found: reasonOf(error) })
  }
  return { ok: true, value: undefined }
}

const partOf = (call: Invocation, path: string): string =>
  `${path}.${Buffer.from(call.world.random(4)).toString('hex')}.part`

/** In as many parts as `fill` writes; where that is refused, or fails, there is no file. */
export async function writeInParts(
  call: Invocation,
  name: string,
  fill: (write: (text: string) => Promise<void>) => Promise<Outcome<undefined>>,
): Promise<Outcome<undefined>> {
  const path = call.path(name)
  const part = partOf(call, path)
  let failed: unknown
  const orFailed = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await work
    } catch (error) {
      failed = error
      throw error
    }
  }
  let isDone = false
  try {
    const file = await orFailed(open(part, 'wx', 0o644))
    try {
      const filled = await fill((text) => orFailed(file.appendFile(text)))
      if (!filled.ok) return filled
    } finally {
      await orFailed(file.close())
    }
    await orFailed(rename(part, path))
    isDone = true
    return { ok: true, value: undefined }
  } catch (error) {
    // What the server did is not the file's fault.
    if (error !== failed) throw error
    return usage(`cannot write ${name}`, { found: reasonOf(error) })
  } finally {
    if (!isDone) await rm(part, { force: true }).catch(() => undefined)
  }
}
