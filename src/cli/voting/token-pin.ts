import { open } from 'node:fs/promises'
import { reasonOf } from '../../core/error-code.js'
import { ok, refuse, type Result } from '../../core/result.js'
import { visible } from '../../core/visible.js'
import type { AskPin } from '../../namespace/ports.js'
import type { World } from '../world.js'

/** Longer than the PIN of any token. */
const MAX_PIN_OCTETS = 1024

/** The PIN of a token, out of the file that the URI names, or from whoever sits at the terminal. */
export const pinFrom =
  (world: Pick<World, 'secret'>, file: string | undefined): AskPin =>
  (token) =>
    file === undefined ? askedFor(world, token) : inFile(file)

async function askedFor(world: Pick<World, 'secret'>, token: string): Promise<Result<string>> {
  const pin = await world.secret(`PIN of the token ${visible(token)}: `)
  if (pin !== undefined && pin !== '') return ok(pin)
  return refuse('cli.usage', 'the token wants a PIN', {
    wanted: 'a terminal to ask at, or pin-source=file:/PATH in the URI',
    found: pin === undefined ? 'no terminal' : 'none',
  })
}

/** Its first line, as it is. A file that others may read is refused, as that of a key is. */
async function inFile(path: string): Promise<Result<string>> {
  let text: string
  try {
    await using file = await open(path, 'r')
    const { mode, size } = await file.stat()
    if ((mode & 0o077) !== 0) {
      return refuse('keys.unsafe-permissions', 'others may read this PIN', {
        found: path,
        next: `chmod 600 ${path}`,
      })
    }
    if (size > MAX_PIN_OCTETS) return noPin(path)
    text = (await file.readFile('utf8')).replace(/\r?\n$/, '')
  } catch (error) {
    return refuse('cli.usage', `cannot read ${path}`, { found: reasonOf(error) })
  }
  return text === '' || /[\r\n\0]/.test(text) ? noPin(path) : ok(text)
}

const noPin = (path: string): Result<never> =>
  refuse('cli.usage', 'there is no PIN in this file', { wanted: 'one line', found: path })
