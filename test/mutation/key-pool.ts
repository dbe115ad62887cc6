import * as crypto from 'node:crypto'
import { promisify } from 'node:util'

/**
 * `node:crypto` without its most costly repetitions. The same place of a test gets the same RSA keys
 * and the same random octets each time, and two places never share one; scrypt, which is a function
 * of what it is given, answers what it did before.
 */
let place = ''
let count = 0

/** From here on, what is random is that of this place, from its beginning. */
export function enterPlace(name: string): void {
  place = name
  count = 0
}

const here = (): string => `${place} ${(count += 1)}`

const keys = new Map<string, unknown>()

function generateKeyPairSync(...given: readonly unknown[]): unknown {
  const generate = crypto.generateKeyPairSync as (...all: readonly unknown[]) => unknown
  if (given[0] !== 'rsa') return generate(...given)
  const name = JSON.stringify([here(), given])
  const pair = keys.get(name) ?? generate(...given)
  keys.set(name, pair)
  return pair
}

type Ready = (error: Error | null, octets: Buffer) => void

function randomBytes(size: number, ready?: Ready): Buffer | undefined {
  if (ready) {
    crypto.randomBytes(size, ready)
    return undefined
  }
  return crypto.createHash('shake256', { outputLength: size }).update(here()).digest()
}

const derive = promisify<string, Uint8Array, number, object, Buffer>(crypto.scrypt)
const derived = new Map<string, Promise<Buffer>>()

function scrypt(
  password: string,
  salt: Uint8Array,
  length: number,
  options: object,
  ready: Ready,
): void {
  const name = JSON.stringify([password, Buffer.from(salt).toString('hex'), length, options])
  const octets = derived.get(name) ?? derive(password, salt, length, options)
  derived.set(name, octets)
  octets.then(
    (found) => ready(null, Buffer.from(found)),
    (error: unknown) => ready(error as Error, Buffer.alloc(0)),
  )
}

export const pooledCrypto: Readonly<Record<string, unknown>> = {
  ...crypto,
  ...{ generateKeyPairSync, randomBytes, scrypt },
}
