import { type FileHandle, open } from 'node:fs/promises'
import { reasonOf } from '../core/error-code.js'
import { DependencyError } from '../core/dependency-error.js'
import type { Invocation } from './invocation.js'
import { type Outcome, usage } from './problem.js'

/** A file as it comes: some of it, and then the rest, whatever its size. */
export interface Pieces extends AsyncDisposable {
  /** So many octets as were asked for at least, or all that there are. */
  readonly first: Buffer
  /** What follows; read once. */
  readonly rest: AsyncIterable<Buffer>
}

const PIECE = 262_144

/** A file named on the command line; standard input, for `-`, is in memory whole. */
export async function piecesOf(
  call: Invocation,
  name: string,
  least: number,
): Promise<Outcome<Pieces>> {
  if (name === '-') {
    const read = await call.file(name)
    if (!read.ok) return read
    return opened(read.value, nothing(), () => Promise.resolve())
  }
  let handle: FileHandle | undefined
  try {
    handle = await open(call.path(name))
    const { close, pieces } = piecesIn(handle, name)
    let first = Buffer.alloc(0)
    while (first.length < least) {
      const more = await pieces.next()
      if (more.done === true) break
      first = Buffer.concat([first, more.value])
    }
    return opened(first, pieces, close)
  } catch (error) {
    await handle?.close()
    return usage(`cannot read ${name}`, { found: reasonOf(error) })
  }
}

const opened = (
  first: Buffer,
  rest: AsyncIterable<Buffer>,
  close: () => Promise<void>,
): Outcome<Pieces> => ({ ok: true, value: { first, rest, [Symbol.asyncDispose]: close } })

// eslint-disable-next-line @typescript-eslint/require-await -- there is nothing to wait for
async function* nothing(): AsyncGenerator<Buffer> {
  yield* []
}

function piecesIn(
  handle: FileHandle,
  name: string,
): { readonly pieces: AsyncGenerator<Buffer>; readonly close: () => Promise<void> } {
  let isFirst = true
  async function* read(): AsyncGenerator<Buffer> {
    for (;;) {
      const piece = Buffer.allocUnsafe(PIECE)
      const { bytesRead } = await handle.read(piece, 0, PIECE, null).catch((error: unknown) => {
        if (isFirst) throw error
        throw new DependencyError('file', `cannot read on in ${name}`, error)
      })
      isFirst = false
      if (bytesRead === 0) return
      yield piece.subarray(0, bytesRead)
    }
  }
  return { pieces: read(), close: () => handle.close() }
}

/** All of it, where it is not larger than that; undefined otherwise. */
export async function wholeOf({ first, rest }: Pieces, most: number): Promise<Buffer | undefined> {
  const parts = [first]
  let length = first.length
  for await (const piece of rest) {
    length += piece.length
    if (length > most) return undefined
    parts.push(piece)
  }
  return Buffer.concat(parts)
}

/** As one. */
export async function* allOf({ first, rest }: Pieces): AsyncGenerator<Buffer> {
  yield first
  yield* rest
}
