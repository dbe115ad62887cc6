import { createHmac } from 'node:crypto'
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { compactVerify } from 'jose'
import type { Uid } from '../../src/core/uid.js'
import { type AskedParty, tokenVerifier } from '../../src/tokenreview/review-token.js'
import { FakeClock, T0 } from '../support/fake-clock.js'
import {
  AUDIENCE,
  base64Url,
  bound,
  claims,
  ISSUER,
  reviewedUser,
  TokenSigner,
} from '../support/service-account-token.js'
import { FakeJwksSource, FakeTimers, FakeTokenReviewApi } from '../support/token-review-world.js'
import { verifyingText } from '../support/token-text.js'

const cluster = `c${'a'.repeat(31)}` as Uid
const never = new AbortController()
const rsa = new TokenSigner('RS256', 'rsa')
const ec = new TokenSigner('ES256', 'ec')

/** Of P-256: FIPS 186-5, SP 800-186 section 3.2.1.3. */
const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n

/** An API server that says yes to everything, and keys that are read only when they are asked for. */
function world(validation: AskedParty['validation']) {
  const api = FakeTokenReviewApi.saying({
    authenticated: true,
    audiences: [AUDIENCE],
    user: reviewedUser,
  })
  const jwks = new FakeJwksSource(rsa.jwk, ec.jwk)
  const judge = tokenVerifier({
    cluster,
    alias: 'prod',
    issuer: ISSUER,
    audience: AUDIENCE,
    asked: { validation, api, jwks },
    clock: new FakeClock(),
    timers: new FakeTimers(),
  })
  const { verify } = verifyingText(judge)
  return { api, jwks, verify: (token: string) => verify(token, T0, never) }
}

const signed = (changed: object): string => rsa.sign(claims({ ...changed }))
const under = (header: object | string): string => rsa.sign(claims(), header)
const withHeader = (changed: object): string => under({ ...rsa.header, ...changed })

/** The public key, in every form that a careless verifier takes for an HMAC secret. */
const secrets: Readonly<Record<string, string | Buffer>> = {
  PEM: rsa.publicKey.export({ type: 'spki', format: 'pem' }),
  'PEM with white space before it': `\n  ${rsa.publicKey.export({ type: 'spki', format: 'pem' }).toString()}`,
  DER: rsa.publicKey.export({ type: 'spki', format: 'der' }),
  'JWK text': JSON.stringify(rsa.jwk),
}

function hmac(secret: string | Buffer, kid: string): string {
  const input = `${base64Url({ alg: 'HS256', kid })}.${base64Url(claims())}`
  return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`
}

function psychic(): string {
  const input = `${base64Url(ec.header)}.${base64Url(claims())}`
  return `${input}.${Buffer.alloc(64).toString('base64url')}`
}

const parts = rsa.sign().split('.')
const [head = '', body = '', tail = ''] = parts

interface Attack {
  readonly when: string
  readonly token: string
}

/** Of no form that Kubernetes writes: `token.malformed`. */
const malformed: readonly Attack[] = [
  ...['none', 'None', 'nOnE', 'NONE', '', ['RS256'], null, 0, {}].map((alg) => ({
    when: `alg is ${JSON.stringify(alg)}`,
    token: withHeader({ alg }),
  })),
  {
    when: 'alg is none, without a signature',
    token: `${base64Url({ alg: 'none', kid: 'rsa' })}.${body}.`,
  },
  { when: 'alg is missing', token: under({ kid: 'rsa' }) },
  { when: 'alg is a member of every object', token: withHeader({ alg: 'constructor' }) },
  { when: 'alg is RS512', token: withHeader({ alg: 'RS512' }) },
  ...Object.entries(secrets).map(([form, secret]) => ({
    when: `HS256 is keyed with the public key as ${form} (CVE-2026-34950)`,
    token: hmac(secret, 'rsa'),
  })),
  { when: 'the header brings its own key', token: withHeader({ jwk: rsa.jwk }) },
  {
    when: 'the header says where its keys are',
    token: withHeader({ jku: 'https://evil.example/jwks' }),
  },
  {
    when: 'the header says where its certificate is',
    token: withHeader({ x5u: 'https://evil.example/c' }),
  },
  { when: 'the header brings a certificate', token: withHeader({ x5c: ['MII='] }) },
  { when: 'something unknown is critical', token: withHeader({ crit: ['exp'] }) },
  { when: 'crit is empty', token: withHeader({ crit: [] }) },
  { when: 'the payload is not encoded', token: withHeader({ b64: false, crit: ['b64'] }) },
  { when: 'it is compressed (CVE-2024-28176)', token: withHeader({ zip: 'DEF' }) },
  { when: 'it wraps another token', token: withHeader({ cty: 'JWT' }) },
  { when: 'typ is an access token', token: withHeader({ typ: 'at+jwt' }) },
  { when: 'typ is a logout token', token: withHeader({ typ: 'logout+jwt' }) },
  { when: 'typ is JOSE', token: withHeader({ typ: 'JOSE' }) },
  { when: 'the header names alg twice', token: under('{"alg":"RS256","kid":"rsa","alg":"none"}') },
  {
    when: 'the header names __proto__',
    token: under('{"alg":"RS256","kid":"rsa","__proto__":{"alg":"none"}}'),
  },
  {
    when: 'sub is named twice',
    token: rsa.sign(
      JSON.stringify(claims()).replace('{', '{"sub":"system:serviceaccount:app:admin",'),
    ),
  },
  {
    when: 'sub is named twice, escaped',
    token: rsa.sign(
      JSON.stringify(claims()).replace(
        '{',
        String.raw`{"s\u0075b":"system:serviceaccount:app:admin",`,
      ),
    ),
  },
  {
    when: 'an inner claim is named twice',
    token: rsa.sign(
      JSON.stringify(claims()).replace('"namespace":', '"namespace":"kube-system","namespace":'),
    ),
  },
  { when: 'there are two parts', token: `${head}.${body}` },
  { when: 'there are five parts, as of a JWE (CVE-2022-36083)', token: `${rsa.sign()}.AAAA.AAAA` },
  {
    when: 'it is JWS JSON serialization',
    token: JSON.stringify({ protected: head, payload: body, signature: tail }),
  },
  { when: 'it holds 10 000 dots', token: '.'.repeat(10_000) },
  {
    when: 'it holds 10 000 dots after a token (CVE-2025-30204, CVE-2025-66506)',
    token: rsa.sign() + '.'.repeat(10_000),
  },
  { when: 'it is larger than 8 KiB', token: rsa.sign(claims({ padding: 'x'.repeat(8192) })) },
  { when: 'it is a megabyte', token: 'A'.repeat(1_048_576) },
  { when: 'the signature is padded', token: `${rsa.sign()}==` },
  {
    when: 'a space is in the signature',
    token: `${head}.${body}.${tail.slice(0, 8)} ${tail.slice(8)}`,
  },
  {
    when: 'unused bits of the signature are set',
    token: `${head}.${body}.${tail.slice(0, -1)}${tail.endsWith('A') ? 'B' : nextLetter(tail)}`,
  },
  { when: 'r and s are zero (CVE-2022-21449)', token: psychic() },
  {
    when: 'the RSA key has 1024 bits (CVE-2022-23539)',
    token: new TokenSigner('RS256', 'rsa', 1024).sign(),
  },
  ...[undefined, String(T0 + 600), T0 + 0.5, -1, 2 ** 53, null, [T0 + 600], true].map((exp) => ({
    when: `exp is ${JSON.stringify(exp)}`,
    token: signed({ exp }),
  })),
  {
    when: 'exp is NaN',
    token: rsa.sign(JSON.stringify(claims()).replace(/"exp":\d+/, '"exp":NaN')),
  },
]

/** Well formed, and not for us, not now or not for a pod. */
const misplaced: readonly (Attack & { readonly code: string })[] = [
  { when: 'iss is an array', code: 'token.wrong-issuer', token: signed({ iss: [ISSUER, 'x'] }) },
  {
    when: 'iss is another cluster with the same sub',
    code: 'token.wrong-issuer',
    token: signed({ iss: 'https://other.example' }),
  },
  { when: 'iss is missing', code: 'token.wrong-issuer', token: signed({ iss: undefined }) },
  ...[
    { aud: 'https://ca.example.evil' },
    { aud: 'https://ca.exampl' },
    { aud: 'HTTPS://CA.EXAMPLE' },
    { aud: ['https://ca.example/'] },
    { aud: [[AUDIENCE]] },
    { aud: `${AUDIENCE},other` },
    { aud: [] },
    { aud: undefined },
    { aud: { [AUDIENCE]: true } },
  ].map((changed) => ({
    when: `aud is ${JSON.stringify(changed.aud)}`,
    code: 'token.wrong-audience',
    token: signed(changed),
  })),
  {
    when: 'exp is past',
    code: 'token.expired',
    token: signed({ exp: T0 - 60, iat: T0 - 660, nbf: T0 - 660 }),
  },
  { when: 'nbf is in the future', code: 'token.not-yet-valid', token: signed({ nbf: T0 + 61 }) },
  { when: 'iat is in the future', code: 'token.not-yet-valid', token: signed({ iat: T0 + 61 }) },
  {
    when: 'it lives for a year',
    code: 'token.lives-too-long',
    token: signed({ exp: T0 + 31_536_000 }),
  },
  {
    when: 'it was prolonged for an old client',
    code: 'token.lives-too-long',
    token: signed({ 'kubernetes.io': bound({ warnafter: T0 + 3607 }) }),
  },
  {
    when: 'it is bound to nothing',
    code: 'token.not-bound-to-a-pod',
    token: signed({ 'kubernetes.io': bound({ pod: undefined }) }),
  },
  {
    when: 'it is a legacy secret token',
    code: 'token.wrong-issuer',
    token: signed({ iss: 'kubernetes/serviceaccount', aud: undefined, exp: undefined }),
  },
  {
    when: "it has the CA's audience and a user's subject",
    code: 'token.not-bound-to-a-pod',
    token: signed({ sub: 'jane', 'kubernetes.io': undefined }),
  },
]

const attacks = [
  ...malformed.map((attack) => ({ ...attack, code: 'token.malformed' })),
  ...misplaced,
]

describe.each(['online', 'offline', 'both'] as const)('a token, checked %s', (validation) => {
  it('passes when it is honest', async () => {
    expect(await world(validation).verify(rsa.sign())).toMatchObject({ ok: true })
    expect(await world(validation).verify(ec.sign())).toMatchObject({ ok: true })
  })

  it.each(attacks)('is refused, and nobody is asked, when $when', async ({ token, code }) => {
    const { verify, api, jwks } = world(validation)
    expect(await verify(token)).toMatchObject({ ok: false, refusal: { code } })
    expect(api.asked).toHaveLength(0)
    expect(jwks.read).toBe(0)
  })
})

describe.each(['offline', 'both'] as const)('a forged token, checked %s', (validation) => {
  it.each([
    { when: 'kid is a path', kid: '../../../../dev/null' },
    { when: 'kid is SQL', kid: "x' UNION SELECT 'secret" },
    { when: 'kid is __proto__', kid: '__proto__' },
    { when: 'kid is constructor', kid: 'constructor' },
    { when: 'kid is a URL', kid: 'https://evil.example/jwks' },
  ])('finds no key when $when', async ({ kid }) => {
    const { verify, api } = world(validation)
    expect(await verify(withHeader({ kid }))).toMatchObject({
      refusal: { code: 'token.unknown-key' },
    })
    expect(api.asked).toHaveLength(0)
  })

  it('is no token at all when its header names an algorithm whose signatures look otherwise (CVE-2026-22817)', async () => {
    const { verify, api } = world(validation)
    const answer = await verify(withHeader({ alg: 'ES256' }))
    expect(answer).toMatchObject({ refusal: { code: 'token.malformed' } })
    expect(api.asked).toHaveLength(0)
  })

  it.each([
    { when: 'an RSA token names the EC key', token: withHeader({ kid: 'ec' }) },
    {
      when: "the signature is another token's",
      token: `${head}.${base64Url(claims({ jti: 'x' }))}.${tail}`,
    },
    {
      when: 'another key of the same name signed it',
      token: new TokenSigner('RS256', 'rsa').sign(),
    },
    {
      when: 'another EC key of the same name signed it',
      token: new TokenSigner('ES256', 'ec').sign(),
    },
    { when: 'r is the order of the curve', token: forgedEc(ORDER, 1n) },
    { when: 's is the order of the curve', token: forgedEc(1n, ORDER) },
    { when: 'r and s are one', token: forgedEc(1n, 1n) },
  ])('has a bad signature when $when', async ({ token }) => {
    const { verify, api } = world(validation)
    expect(await verify(token)).toMatchObject({ refusal: { code: 'token.bad-signature' } })
    expect(api.asked).toHaveLength(0)
  })
})

it('takes the n-s twin of an ES256 token for what it is: the same facts, by a good signature', async () => {
  const token = ec.sign()
  const [header = '', payload = '', signature = ''] = token.split('.')
  const bytes = Buffer.from(signature, 'base64url')
  const s = BigInt(`0x${bytes.subarray(32).toString('hex')}`)
  bytes.set(scalar(ORDER - s), 32)
  const twin = `${header}.${payload}.${bytes.toString('base64url')}`
  expect(await world('offline').verify(twin)).toEqual(await world('offline').verify(token))
})

it('never accepts what jose refuses, whatever one character becomes', async () => {
  const token = ec.sign()
  const alphabet = Array.from('ABCZabcz0189-_=+/. \n"\\\u0000é')
  await fc.assert(
    fc.asyncProperty(fc.nat(token.length - 1), fc.constantFrom(...alphabet), async (at, letter) => {
      const mutated = token.slice(0, at) + letter + token.slice(at + 1)
      const ours = await world('offline').verify(mutated)
      if (ours.ok) await compactVerify(mutated, ec.publicKey)
      expect(ours.ok).toBe(mutated === token)
    }),
    { numRuns: 300 },
  )
})

it('answers every text, and lets none through', async () => {
  const { verify, api } = world('online')
  await fc.assert(
    fc.asyncProperty(fc.string({ maxLength: 200 }), async (text) => {
      expect((await verify(text)).ok).toBe(false)
    }),
  )
  expect(api.asked).toHaveLength(0)
})

it('holds no token in any refusal', async () => {
  for (const { token } of attacks) {
    const answer = await world('both').verify(token)
    const longest = token
      .split('.')
      .reduce((one, other) => (one.length > other.length ? one : other))
    if (longest.length > 20) expect(JSON.stringify(answer)).not.toContain(longest.slice(0, 20))
  }
})

function scalar(value: bigint): Buffer {
  return Buffer.from(value.toString(16).padStart(64, '0'), 'hex')
}

function forgedEc(r: bigint, s: bigint): string {
  const input = `${base64Url(ec.header)}.${base64Url(claims())}`
  return `${input}.${Buffer.concat([scalar(r), scalar(s)]).toString('base64url')}`
}

/** A lax decoder drops the lowest bits of the last letter. */
function nextLetter(text: string): string {
  return String.fromCharCode(text.charCodeAt(text.length - 1) + 1)
}
