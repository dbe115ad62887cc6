import { readFileSync } from 'node:fs'
import { describe, expect, it } from '@jest/globals'
import { parseCompactJws } from '../../src/tokenreview/compact-jws.js'
import { BadKeySet, parseJwks, type TokenKeys } from '../../src/tokenreview/jwks.js'
import {
  type SignatureAlgorithm,
  signatureFits,
  signatureIsGood,
} from '../../src/tokenreview/signature-algorithm.js'
import { signatureCases } from '../support/wycheproof.js'
import { acceptable, tokenDifferences } from '../support/wycheproof-differences.js'

interface Case {
  readonly tcId: number
  readonly comment: string
  readonly jws: unknown
  readonly result: 'valid' | 'invalid'
}

interface Group {
  readonly public?: object
  readonly private?: object
  readonly tests: readonly Case[]
}

type Published = Pick<Group, 'public' | 'private'>

describe.each([
  { file: 'json_web_signature', count: 401 },
  { file: 'json_web_key', count: 26 },
] as const)('Wycheproof $file', ({ file, count }) => {
  const groups = read(file)

  it('has every case', () => {
    expect(groups.flatMap(({ tests }) => tests)).toHaveLength(count)
  })

  it('is judged alike, but for the valid ones in the table', () => {
    const accepted = groups.flatMap((group) => {
      const keys = keysOf(group)
      return group.tests.filter(({ jws }) => isGood(keys, jws)).map(({ tcId }) => tcId)
    })
    const valid = groups
      .flatMap(({ tests }) => tests)
      .filter(({ result }) => result === 'valid')
      .map(({ tcId }) => tcId)
    const listed = tokenDifferences.filter((difference) => difference.file === file)
    const explained = new Set(listed.flatMap((difference) => difference.cases))
    expect(accepted).toEqual(valid.filter((tcId) => !explained.has(tcId)))
  })
})

/** The signatures alone, under keys that a cluster might publish. */
describe.each<{
  file: string
  algorithm: SignatureAlgorithm
  count: number
  unclear: readonly number[]
}>([
  { file: 'ecdsa_secp256r1_sha256_p1363', count: 262, algorithm: 'ES256', unclear: [] },
  { file: 'ecdsa_secp384r1_sha384_p1363', count: 280, algorithm: 'ES384', unclear: [] },
  { file: 'ecdsa_secp521r1_sha512_p1363', count: 318, algorithm: 'ES512', unclear: [] },
  { file: 'rsa_signature_2048_sha256', count: 259, algorithm: 'RS256', unclear: acceptable.cases },
])('Wycheproof $file as $algorithm', ({ file, algorithm, count, unclear }) => {
  it('is judged alike', () => {
    const sets = new Map<object, TokenKeys | undefined>()
    const setOf = (jwk: object): TokenKeys | undefined => {
      if (!sets.has(jwk)) sets.set(jwk, keysOf({ public: { ...jwk, kid: 'k' } }))
      return sets.get(jwk)
    }
    const cases = signatureCases(file)
    const wrong = cases.filter(({ publicKeyJwk, message, signature, result }) => {
      const key = setOf(publicKeyJwk)?.get('k')
      const isGood =
        key?.algorithm === algorithm &&
        signatureFits(algorithm, signature) &&
        signatureIsGood(algorithm, key.key, message, signature)
      return isGood !== (result === 'valid')
    })
    const listed = tokenDifferences.find((difference) => difference.file === file)
    expect(wrong.map(({ id }) => id)).toEqual(listed?.cases ?? [])
    expect(cases.filter(({ result }) => result === 'acceptable').map(({ id }) => id)).toEqual(
      unclear,
    )
    expect(cases).toHaveLength(count)
  })
})

it('decides cases of every algorithm here, not only by their looks', () => {
  const decided = new Set<string>()
  for (const group of read('json_web_signature')) {
    const keys = keysOf(group)
    for (const { jws } of group.tests) {
      const parsed = parseCompactJws(String(jws))
      if (parsed.ok && keys?.has(parsed.value.keyId) === true) decided.add(parsed.value.algorithm)
    }
  }
  expect([...decided].sort()).toEqual(['ES256', 'RS256'])
})

function read(file: string): readonly Group[] {
  const url = new URL(`../fixtures/jws/${file}_test.json`, import.meta.url)
  return (JSON.parse(readFileSync(url, 'utf8')) as { testGroups: readonly Group[] }).testGroups
}

/** Undefined: the key set is refused as a whole. */
function keysOf(group: Published): TokenKeys | undefined {
  const published = group.public ?? group.private ?? {}
  try {
    return parseJwks('keys' in published ? published : { keys: [published] })
  } catch (error) {
    if (error instanceof BadKeySet) return undefined
    throw error
  }
}

function isGood(keys: TokenKeys | undefined, token: unknown): boolean {
  const jws = parseCompactJws(typeof token === 'string' ? token : JSON.stringify(token))
  const key = jws.ok ? keys?.get(jws.value.keyId) : undefined
  if (!jws.ok || key?.algorithm !== jws.value.algorithm) return false
  return signatureIsGood(key.algorithm, key.key, jws.value.signingInput, jws.value.signature)
}
