import { readFileSync } from 'node:fs'
import { describe, expect, it } from '@jest/globals'
import { parseCompactJws } from '../../src/tokenreview/compact-jws.js'
import { BadKeySet, parseJwks, type TokenKeys } from '../../src/tokenreview/jwks.js'
import { signatureIsGood } from '../../src/tokenreview/signature-algorithm.js'

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

/** Valid in general, and yet never a Kubernetes token: the whole list, by the reason to refuse. */
const refusedThoughValid = {
  json_web_signature_test: {
    'a secret key, which no public key set holds': [1, 348, 352, 357, 358, 359, 372, 373, 376, 377],
    'an algorithm that Kubernetes does not use': [
      265, 266, 267, 269, 270, 271, 273, 274, 275, 287, 288, 321, 322, 323, 326, 327, 328,
    ],
    'a PS256 key under a header that says PS384': [346, 350],
    'a key whose alg is "ES521", which does not exist': [347, 351],
    'an empty payload, in which no claims are': [259, 264, 268, 272, 320, 325],
  },
  json_web_key_test: { 'a secret key, which no public key set holds': [2, 13, 14, 15] },
}

describe.each([
  { file: 'json_web_signature_test', count: 401 },
  { file: 'json_web_key_test', count: 26 },
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
    const explained = new Set(Object.values(refusedThoughValid[file]).flat())
    expect(accepted).toEqual(valid.filter((tcId) => !explained.has(tcId)))
  })
})

it('decides cases of every algorithm here, not only by their looks', () => {
  const decided = new Set<string>()
  for (const group of read('json_web_signature_test')) {
    const keys = keysOf(group)
    for (const { jws } of group.tests) {
      const parsed = parseCompactJws(String(jws))
      if (parsed.ok && keys?.has(parsed.value.keyId) === true) decided.add(parsed.value.algorithm)
    }
  }
  expect([...decided].sort()).toEqual(['ES256', 'RS256'])
})

function read(file: string): readonly Group[] {
  const url = new URL(`../fixtures/jws/${file}.json`, import.meta.url)
  return (JSON.parse(readFileSync(url, 'utf8')) as { testGroups: readonly Group[] }).testGroups
}

/** Undefined: the key set is refused as a whole. */
function keysOf(group: Group): TokenKeys | undefined {
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
