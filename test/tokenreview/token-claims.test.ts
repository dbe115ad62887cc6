import { describe, expect, it } from '@jest/globals'
import { seconds } from '../../src/core/time.js'
import { parseStrictObject } from '../../src/tokenreview/strict-json.js'
import { readClaims, type TokenExpectation } from '../../src/tokenreview/token-claims.js'
import { readToken } from '../../src/tokenreview/unverified-token.js'
import { T0 } from '../support/fake-clock.js'
import {
  AUDIENCE,
  bound,
  claims,
  identity,
  ISSUER,
  TokenSigner,
  without,
} from '../support/service-account-token.js'

const expected: TokenExpectation = { issuer: ISSUER, audience: AUDIENCE, leeway: seconds(10) }
const read = (payload: object) => {
  const written = parseStrictObject(Buffer.from(JSON.stringify(payload)))
  return readClaims(written!, expected, T0)
}
const lacking = (name: string): object => claims({ [name]: undefined })

describe('readClaims', () => {
  it('reads the pod of a token that the API server made for it', () => {
    expect(read(claims())).toEqual({ ok: true, value: identity })
  })

  it('does without a node and a jti, which clusters before 1.30 do not name', () => {
    const rest = without(identity, 'nodeName', 'credentialId')
    const older = claims({ jti: undefined, 'kubernetes.io': bound({ node: undefined }) })
    expect(read(older)).toEqual({ ok: true, value: rest })
  })

  it('admits dots in the name of a service account', () => {
    const dotted = claims({
      sub: 'system:serviceaccount:app:web.v2',
      'kubernetes.io': bound({ serviceaccount: { name: 'web.v2', uid: 'u' } }),
    })
    expect(read(dotted)).toMatchObject({ ok: true, value: { serviceAccount: 'web.v2' } })
  })

  it.each([
    { when: 'the audience is a plain string', changed: { aud: AUDIENCE } },
    { when: 'ours is one audience of several', changed: { aud: ['other', AUDIENCE] } },
    {
      when: 'it expires within the leeway',
      changed: { exp: T0 - 9, iat: T0 - 600, nbf: T0 - 600 },
    },
    { when: 'it was made by a clock that is 10 s ahead', changed: { iat: T0 + 10, nbf: T0 + 10 } },
    { when: 'it is valid since 1970', changed: { nbf: 0 } },
    { when: 'it lives 24 hours', changed: { exp: T0 + 86_400 } },
  ])('accepts when $when', ({ changed }) => {
    expect(read(claims(changed)).ok).toBe(true)
  })

  it.each([
    {
      when: 'iss is another cluster',
      payload: claims({ iss: 'https://other.example' }),
      code: 'token.wrong-issuer',
    },
    {
      when: 'iss has a trailing slash',
      payload: claims({ iss: `${ISSUER}/` }),
      code: 'token.wrong-issuer',
    },
    {
      when: 'iss is an array (CVE-2025-30144)',
      payload: claims({ iss: [ISSUER] }),
      code: 'token.wrong-issuer',
    },
    { when: 'iss is missing', payload: lacking('iss'), code: 'token.wrong-issuer' },
    { when: 'aud is another', payload: claims({ aud: ['other'] }), code: 'token.wrong-audience' },
    {
      when: 'aud is a prefix',
      payload: claims({ aud: ['https://ca.exampl'] }),
      code: 'token.wrong-audience',
    },
    {
      when: 'aud has ours as a prefix (CVE-2024-5798)',
      payload: claims({ aud: `${AUDIENCE}.evil` }),
      code: 'token.wrong-audience',
    },
    {
      when: 'aud holds ours as a substring (CVE-2024-5798)',
      payload: claims({ aud: `x ${AUDIENCE} y` }),
      code: 'token.wrong-audience',
    },
    {
      when: 'aud differs in case (CVE-2024-5798)',
      payload: claims({ aud: ['https://CA.example'] }),
      code: 'token.wrong-audience',
    },
    { when: 'aud is empty', payload: claims({ aud: [] }), code: 'token.wrong-audience' },
    { when: 'aud is missing', payload: lacking('aud'), code: 'token.wrong-audience' },
    { when: 'aud is nested', payload: claims({ aud: [[AUDIENCE]] }), code: 'token.wrong-audience' },
    {
      when: 'aud mixes types',
      payload: claims({ aud: [AUDIENCE, 1] }),
      code: 'token.wrong-audience',
    },
    {
      when: 'aud is an object',
      payload: claims({ aud: { 0: AUDIENCE } }),
      code: 'token.wrong-audience',
    },
    { when: 'exp is missing (SPIRE 1.12.3)', payload: lacking('exp'), code: 'token.malformed' },
    { when: 'iat is missing', payload: lacking('iat'), code: 'token.malformed' },
    { when: 'nbf is missing', payload: lacking('nbf'), code: 'token.malformed' },
    {
      when: 'exp is a string',
      payload: claims({ exp: String(T0 + 600) }),
      code: 'token.malformed',
    },
    { when: 'exp is a fraction', payload: claims({ exp: T0 + 600.5 }), code: 'token.malformed' },
    { when: 'exp is negative', payload: claims({ exp: -1 }), code: 'token.malformed' },
    { when: 'exp is 2^53', payload: claims({ exp: 2 ** 53 }), code: 'token.malformed' },
    { when: 'exp is null', payload: claims({ exp: null }), code: 'token.malformed' },
    {
      when: 'it expired 10 s ago',
      payload: claims({ exp: T0 - 10, iat: T0 - 610, nbf: T0 - 610 }),
      code: 'token.expired',
    },
    {
      when: 'nbf is in the future',
      payload: claims({ nbf: T0 + 11 }),
      code: 'token.not-yet-valid',
    },
    {
      when: 'nbf is the last instant that there is',
      payload: claims({ nbf: 253_402_300_799 }),
      code: 'token.not-yet-valid',
    },
    {
      when: 'nbf is later than that',
      payload: claims({ nbf: 253_402_300_800 }),
      code: 'token.malformed',
    },
    {
      when: 'iat is in the future',
      payload: claims({ iat: T0 + 11 }),
      code: 'token.not-yet-valid',
    },
    {
      when: 'it lives longer than 24 hours',
      payload: claims({ exp: T0 + 86_401 }),
      code: 'token.lives-too-long',
    },
    {
      when: 'its life was prolonged for old clients',
      payload: claims({ 'kubernetes.io': bound({ warnafter: T0 + 3607 }) }),
      code: 'token.lives-too-long',
    },
    {
      when: 'warnafter is null',
      payload: claims({ 'kubernetes.io': bound({ warnafter: null }) }),
      code: 'token.lives-too-long',
    },
    {
      when: 'the kubernetes.io claim is missing',
      payload: lacking('kubernetes.io'),
      code: 'token.not-bound-to-a-pod',
    },
    { when: 'its claims are flat', payload: legacy(), code: 'token.not-bound-to-a-pod' },
    {
      when: 'it is bound to a secret',
      payload: claims({
        'kubernetes.io': bound({ pod: undefined, secret: { name: 's', uid: 'u' } }),
      }),
      code: 'token.not-bound-to-a-pod',
    },
    {
      when: 'the pod has no uid',
      payload: claims({ 'kubernetes.io': bound({ pod: { name: 'web-0' } }) }),
      code: 'token.not-bound-to-a-pod',
    },
    {
      when: 'the pod has an empty name',
      payload: claims({ 'kubernetes.io': bound({ pod: { name: '', uid: 'u' } }) }),
      code: 'token.not-bound-to-a-pod',
    },
    {
      when: 'sub is another account',
      payload: claims({ sub: 'system:serviceaccount:app:other' }),
      code: 'token.not-a-service-account',
    },
    {
      when: 'sub is in another namespace',
      payload: claims({ sub: 'system:serviceaccount:kube-system:web' }),
      code: 'token.not-a-service-account',
    },
    { when: 'sub is missing', payload: lacking('sub'), code: 'token.not-a-service-account' },
    {
      when: 'sub is an array',
      payload: claims({ sub: ['system:serviceaccount:app:web'] }),
      code: 'token.not-a-service-account',
    },
    {
      when: 'the namespace is another',
      payload: claims({ 'kubernetes.io': bound({ namespace: 'other' }) }),
      code: 'token.not-a-service-account',
    },
    {
      when: 'the account has no uid',
      payload: claims({ 'kubernetes.io': bound({ serviceaccount: { name: 'web' } }) }),
      code: 'token.not-a-service-account',
    },
  ])('refuses when $when', ({ payload, code }) => {
    expect(read(payload)).toMatchObject({ ok: false, refusal: { code } })
  })

  it.each([
    {
      when: 'a claim is named twice',
      payload: JSON.stringify(claims()).replace('{', `{"sub":"x",`),
    },
    { when: 'exp is NaN', payload: JSON.stringify(claims()).replace(/"exp":\d+/, '"exp":NaN') },
    {
      when: 'exp is infinite',
      payload: JSON.stringify(claims()).replace(/"exp":\d+/, '"exp":1e999'),
    },
    { when: 'it is no JSON', payload: 'foo' },
  ])('refuses when $when', ({ payload }) => {
    const text = new TokenSigner('RS256').sign(payload)
    const token = readToken(text)
    const answer = token.ok ? readClaims(token.value.claims, expected, T0) : token
    expect(answer).toMatchObject({ refusal: { code: 'token.malformed' } })
  })
})

function legacy(): object {
  return claims({
    'kubernetes.io': undefined,
    'kubernetes.io/serviceaccount/namespace': 'app',
    'kubernetes.io/serviceaccount/service-account.name': 'web',
    'kubernetes.io/serviceaccount/service-account.uid': 'u',
  })
}
