import { createPublicKey } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'

/** One signature of Project Wycheproof. */
export interface SignatureCase {
  /** `tcId`, its number in the file. */
  readonly id: number
  readonly publicKeyDer: Uint8Array
  /** As published, or the same key written by Node where the group has none. */
  readonly publicKeyJwk: object
  readonly message: Uint8Array
  readonly signature: Uint8Array
  readonly result: 'valid' | 'acceptable' | 'invalid'
}

interface Group {
  readonly publicKeyDer: string
  readonly publicKeyJwk?: object
  readonly keyJwk?: object
  readonly tests: readonly {
    readonly tcId: number
    readonly msg: string
    readonly sig: string
    readonly result: SignatureCase['result']
  }[]
}

/** Every case of test/fixtures/signatures/`name`_test.json.gz. */
export function signatureCases(name: string): readonly SignatureCase[] {
  const file = new URL(`../fixtures/signatures/${name}_test.json.gz`, import.meta.url)
  const { testGroups } = JSON.parse(gunzipSync(readFileSync(file)).toString()) as {
    readonly testGroups: readonly Group[]
  }
  return testGroups.flatMap((group) => {
    const publicKeyJwk = group.publicKeyJwk ?? group.keyJwk ?? jwkOf(group.publicKeyDer)
    return group.tests.map(({ tcId, msg, sig, result }) => ({
      id: tcId,
      publicKeyDer: Buffer.from(group.publicKeyDer, 'hex'),
      publicKeyJwk,
      message: Buffer.from(msg, 'hex'),
      signature: Buffer.from(sig, 'hex'),
      result,
    }))
  })
}

const jwkOf = (hex: string): object =>
  createPublicKey({ key: Buffer.from(hex, 'hex'), format: 'der', type: 'spki' }).export({
    format: 'jwk',
  })
