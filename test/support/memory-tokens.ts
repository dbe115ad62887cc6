import { createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { DependencyError } from '../../src/core/dependency-error.js'
import { ok, refuse, type Result } from '../../src/core/result.js'
import type { AskPin, TokenKey, TokenKeyName, VoterTokens } from '../../src/namespace/ports.js'
import type { VoterAlgorithm, VoterJwk } from '../../src/namespace/voter-key.js'

interface HeldKey {
  readonly label: string | undefined
  readonly id: string
  readonly key: KeyObject
}

/** Tokens with a PIN, in memory. */
export class MemoryTokens implements VoterTokens {
  readonly module = '/memory/module.so'
  readonly pin: string
  #tokens: ReadonlyMap<string, HeldKey[]>

  constructor(labels: readonly string[], pin = '1234') {
    this.pin = pin
    this.#tokens = new Map(labels.map((label) => [label, []]))
  }

  put(
    token: string,
    kind: 'p256' | 'rsa' | 'Ed25519',
    label: string | undefined,
    id: string,
  ): void {
    this.#tokens.get(token)?.push({ label, id, key: newKey(kind) })
  }

  pull(): void {
    this.#tokens = new Map()
  }

  async open(name: TokenKeyName, pin: AskPin): Promise<Result<TokenKey>> {
    const token = await this.#entered(name, pin)
    if (!token.ok) return token
    const found = token.value.keys.filter((key) => isMeant(key, name))
    const [only] = found
    if (!only) return refuse('keys.not-found', 'no such key')
    if (found.length > 1) return refuse('keys.ambiguous', 'several keys')
    return this.#held(token.value.label, only.key)
  }

  async create(name: TokenKeyName, alg: VoterAlgorithm, pin: AskPin): Promise<Result<TokenKey>> {
    const token = await this.#entered(name, pin)
    if (!token.ok) return token
    const { keys, label } = token.value
    const id = name.id && Buffer.from(name.id).toString('hex')
    if (
      keys.some((key) => (name.object !== undefined && key.label === name.object) || key.id === id)
    ) {
      return refuse('keys.exists', 'a key of this name')
    }
    this.put(label, alg === 'ES256' ? 'p256' : 'Ed25519', name.object, id ?? `made ${keys.length}`)
    const key = keys.at(-1)?.key
    return key ? this.#held(label, key) : refuse('keys.not-found', 'no such token')
  }

  async #entered(
    name: TokenKeyName,
    ask: AskPin,
  ): Promise<Result<{ readonly label: string; readonly keys: HeldKey[] }>> {
    if (name.module !== this.module) return refuse('keys.pkcs11-unavailable', 'no module')
    const labels = [...this.#tokens.keys()].filter(
      (one) => name.serial === undefined && (name.token === undefined || name.token === one),
    )
    const [label] = labels
    if (label === undefined) return refuse('keys.not-found', 'no such token')
    if (labels.length > 1) return refuse('keys.ambiguous', 'several tokens')
    const pin = await ask(label)
    if (!pin.ok) return pin
    if (pin.value !== this.pin) return refuse('keys.wrong-pin', 'another PIN')
    return ok({ label, keys: this.#tokens.get(label) ?? [] })
  }

  #held(label: string, key: KeyObject): Result<TokenKey> {
    const jwk = { ...createPublicKey(key).export({ format: 'jwk' }) } as unknown as VoterJwk
    if (key.asymmetricKeyType === 'rsa') return refuse('keys.malformed', 'no key to vote with')
    return ok({
      jwk,
      sign: (bytes) => {
        if (!this.#tokens.has(label)) {
          return Promise.reject(new DependencyError('token', 'it was pulled out'))
        }
        const signature =
          jwk.kty === 'OKP'
            ? sign(null, bytes, key)
            : sign('sha256', bytes, { key, dsaEncoding: 'ieee-p1363' })
        return Promise.resolve(signature)
      },
      close: () => undefined,
    })
  }
}

function newKey(kind: 'p256' | 'rsa' | 'Ed25519'): KeyObject {
  switch (kind) {
    case 'p256':
      return generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
    case 'rsa':
      return generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
    case 'Ed25519':
      return generateKeyPairSync('ed25519').privateKey
  }
}

const isMeant = ({ label, id }: HeldKey, name: TokenKeyName): boolean =>
  (name.object === undefined || name.object === label) &&
  (name.id === undefined || Buffer.from(name.id).toString('hex') === id)
