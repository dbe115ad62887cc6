import { sign } from 'node:crypto'
import { parseStrictJson } from '../../src/server/http/strict-json.js'
import { seconds, unixSeconds } from '../../src/core/time.js'
import type { CompactJws } from '../../src/tokenreview/compact-jws.js'
import { BadKeySet, parseJwks, type TokenKey } from '../../src/tokenreview/jwks.js'
import { reviewOffline } from '../../src/tokenreview/review-offline.js'
import { parseStrictObject } from '../../src/tokenreview/strict-json.js'
import { readClaims, type TokenExpectation } from '../../src/tokenreview/token-claims.js'
import { readToken } from '../../src/tokenreview/unverified-token.js'
import { filesBelow } from '../given/files.js'
import { p256Pair } from '../given/keys.js'
import { mutatedValue, mutateJson, parse } from '../mutate/json.js'
import type { Mutator } from '../mutate/mutator.js'
import { BrokenProperty, endingOf, hold, sameOctets } from '../oracle/hold.js'
import type { Target } from '../target.js'

const NOW = unixSeconds(1_795_219_200)
const ISSUER = 'https://kubernetes.default.svc.cluster.local'
const AUDIENCE = 'https://ca.example'
const expected: TokenExpectation = { issuer: ISSUER, audience: AUDIENCE, leeway: seconds(10) }

const signer = p256Pair('token')
const key: TokenKey = { algorithm: 'ES256', key: signer.publicKey }
const keys = { find: (keyId: string) => Promise.resolve(keyId === 'key-1' ? key : undefined) }

async function run(input: Uint8Array): Promise<string> {
  // Tokens reach the code as text, one octet for each character.
  const text = Buffer.from(input).toString('latin1')
  return text.startsWith('{') || text.startsWith('[') ? readJson(input) : review(text)
}

async function review(text: string): Promise<string> {
  const token = readToken(text)
  if (!token.ok) return endingOf(token.refusal)
  const { jws, claims, issuer } = token.value
  checkSpelling(text, jws)
  const read = readClaims(claims, expected, NOW)
  const reviewed = await reviewOffline(token.value, expected, keys, NOW)
  if (!reviewed.ok) return endingOf(reviewed.refusal)
  hold(read.ok, 'whose claims are refused is refused')
  hold(issuer === ISSUER, 'who is believed is of the cluster')
  hold(jws.algorithm === 'ES256' && jws.keyId === 'key-1', 'the key is the one of the set')
  return 'believed'
}

function checkSpelling(text: string, jws: CompactJws): void {
  const [header = '', payload = '', signature = '', ...more] = jws.text.split('.')
  hold(more.length === 0 && text.replace(/\n$/, '') === jws.text, 'one spelling for one token')
  hold(Buffer.from(jws.payload).toString('base64url') === payload, 'the payload is the second part')
  hold(Buffer.from(jws.signature).toString('base64url') === signature, 'the signature is the third')
  hold(sameOctets(jws.signingInput, Buffer.from(`${header}.${payload}`)), 'what is signed')
  const parameters = parse(Buffer.from(header, 'base64url')) as Record<string, unknown>
  hold(parameters['alg'] === jws.algorithm && parameters['kid'] === jws.keyId, 'the header says so')
}

function readJson(input: Uint8Array): string {
  const object = parseStrictObject(input)
  const strict = parseStrictJson(input)
  const isObject = strict.ok && typeof strict.value === 'object' && !Array.isArray(strict.value)
  if (isObject && strict.value !== null) hold(object !== undefined, 'both strict readers accept it')
  if (object === undefined) return 'no object'
  // The other reader also minds depth, half characters and `__proto__`.
  const isPlain = strict.ok || /nested|half|__proto__/.test(strict.refusal.detail)
  hold(isPlain, 'both strict readers refuse what names a member twice')
  hold(
    JSON.stringify(object) === JSON.stringify(parse(input)),
    'a strict reader reads as JSON.parse',
  )
  const claims = readClaims(object, expected, NOW)
  return `${claims.ok ? 'claims' : endingOf(claims.refusal)}, ${readKeySet(object)}`
}

function readKeySet(document: unknown): string {
  try {
    const found = parseJwks(document)
    for (const [keyId, { key: imported }] of found) {
      hold(keyId !== '' && imported.type === 'public', 'a key set holds public keys')
    }
    return `${found.size} keys`
  } catch (error) {
    if (error instanceof BadKeySet && !(error instanceof BrokenProperty)) {
      return error.message.replaceAll(/\d+/g, '#')
    }
    throw error
  }
}

function signed(header: unknown, payload: unknown): Uint8Array {
  const input = [header, payload]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.')
  const parameters = { key: signer.privateKey, dsaEncoding: 'ieee-p1363' } as const
  return Buffer.from(
    `${input}.${sign('sha256', Buffer.from(input), parameters).toString('base64url')}`,
  )
}

/** Changes the header or the claims, and signs the token again. */
const mutateAndSign: Mutator = (input, material) => {
  const [header, payload] = Buffer.from(input)
    .toString('latin1')
    .split('.')
    .map((part) => parse(Buffer.from(part, 'base64url')))
  if (header === undefined || payload === undefined) return undefined
  return material.random.oneIn(3)
    ? signed(mutatedValue(header, material), payload)
    : signed(header, mutatedValue(payload, material))
}

const BASE64URL = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

/** Another last character for one of the parts, or one more: the same octets, perhaps. */
const mutateSpelling: Mutator = (input, { random }) => {
  const parts = Buffer.from(input).toString('latin1').split('.')
  const at = random.below(parts.length)
  const end = random.pick([...BASE64URL.split(''), '=', '==', ' ', '\n', 'A='])
  parts[at] = `${(parts[at] ?? '').slice(0, random.oneIn(4) ? undefined : -1)}${end}`
  return Buffer.from(parts.join('.'), 'latin1')
}

const header = { alg: 'ES256', kid: 'key-1' }
const claims = {
  aud: [AUDIENCE],
  exp: NOW + 600,
  iat: NOW,
  iss: ISSUER,
  jti: '8a5a0270-fba0-4b98-a267-22925e3d10f9',
  'kubernetes.io': {
    namespace: 'app',
    node: { name: 'node-1', uid: '5d8e6a1c-0b7c-4a40-8b54-5a4f7e0f0001' },
    pod: { name: 'web-0', uid: '09df6376-1a58-4cb6-86db-188c0f0dcd59' },
    serviceaccount: { name: 'web', uid: '76ea7f0b-98a3-49bf-8154-51eff1bc507c' },
  },
  nbf: NOW,
  sub: 'system:serviceaccount:app:web',
}

interface WycheproofGroup {
  readonly private?: object
  readonly public?: object
  readonly tests: readonly { readonly jws?: unknown; readonly jwk?: unknown }[]
}

function seeds(): readonly Uint8Array[] {
  const jwk = { ...signer.publicKey.export({ format: 'jwk' }), kid: 'key-1', use: 'sig' }
  const groups = filesBelow('test/fixtures/jws')
    .filter(({ path }) => path.endsWith('.json'))
    .flatMap(({ octets }) => (parse(octets) as { testGroups: WycheproofGroup[] }).testGroups)
  const sets = groups.map((group) => ({ keys: [group.public ?? {}] }))
  const tokens = groups.flatMap((group) => group.tests.map((test) => test.jws))
  return [
    signed({ ...header, typ: 'JWT' }, claims),
    ...[claims, header, { keys: [jwk] }, ...sets].map((value) =>
      Buffer.from(JSON.stringify(value)),
    ),
    ...tokens.filter((jws) => typeof jws === 'string').map((jws) => Buffer.from(jws)),
  ]
}

export const target: Target = {
  seeds,
  mutators: [mutateJson, mutateJson, mutateAndSign, mutateSpelling],
  run,
}
