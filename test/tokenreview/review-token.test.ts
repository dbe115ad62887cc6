import { beforeEach, describe, expect, it } from '@jest/globals'
import type { KubernetesFacts } from '../../src/attestation/facts.js'
import type { PodAttestor } from '../../src/attestation/pod-attestor.js'
import { DependencyError } from '../../src/core/dependency-error.js'
import { minutes, plus, seconds } from '../../src/core/time.js'
import type { Uid } from '../../src/core/uid.js'
import type { TokenReviewStatus } from '../../src/tokenreview/ports.js'
import { defaultReviewLimits } from '../../src/tokenreview/review-queue.js'
import {
  type AskedParty,
  type TokenVerifier,
  type TokenVerifierDeps,
  tokenVerifier,
} from '../../src/tokenreview/review-token.js'
import { FakeClock, T0 } from '../support/fake-clock.js'
import {
  AUDIENCE,
  bound,
  claims,
  identity,
  ISSUER,
  reviewedUser,
  TokenSigner,
} from '../support/service-account-token.js'
import {
  FakeJwksSource,
  FakeTimers,
  FakeTokenReviewApi,
  settle,
} from '../support/token-review-world.js'
import { verifyingText } from '../support/token-text.js'

const cluster = `c${'a'.repeat(31)}` as Uid
const never = new AbortController()
const signer = new TokenSigner('RS256')
const stranger = new TokenSigner('RS256')
const good: TokenReviewStatus = { authenticated: true, audiences: [AUDIENCE], user: reviewedUser }

let api: FakeTokenReviewApi
let jwks: FakeJwksSource
beforeEach(() => {
  api = FakeTokenReviewApi.saying(good)
  jwks = new FakeJwksSource(signer.jwk)
})

function judge(
  validation: AskedParty['validation'],
  more: Partial<TokenVerifierDeps> = {},
): TokenVerifier & PodAttestor {
  return tokenVerifier({
    cluster,
    alias: 'prod',
    issuer: ISSUER,
    audience: AUDIENCE,
    asked: { validation, api, jwks },
    clock: new FakeClock(),
    timers: new FakeTimers(),
    ...more,
  })
}

const verify = (validation: AskedParty['validation'], token: string, now = T0) =>
  verifyingText(judge(validation)).verify(token, now, never)

describe('tokenVerifier', () => {
  it.each(['online', 'offline', 'both'] as const)(
    'turns a good token into facts, %s',
    async (how) => {
      const facts: KubernetesFacts = { kind: 'k8s', cluster, ...identity, checked: how }
      expect(await verify(how, signer.sign())).toEqual({ ok: true, value: facts })
    },
  )

  it.each(['RS256', 'ES256', 'ES384', 'ES512'] as const)(
    'verifies %s offline',
    async (algorithm) => {
      const other = new TokenSigner(algorithm)
      jwks.publish(other.jwk)
      expect(await verify('offline', other.sign())).toMatchObject({ ok: true })
    },
  )

  it.each([
    { how: 'online', api: 1, jwks: 0 },
    { how: 'offline', api: 0, jwks: 1 },
    { how: 'both', api: 1, jwks: 1 },
  ] as const)('asks whom it should ask, $how', async ({ how, ...asked }) => {
    await verify(how, signer.sign())
    expect({ api: api.asked.length, jwks: jwks.read }).toEqual(asked)
  })

  it('sends the API server one spelling, with one audience', async () => {
    const token = signer.sign()
    await verify('online', `${token}\n`)
    expect(api.asked).toEqual([{ token, audience: AUDIENCE }])
  })

  it.each(['offline', 'both'] as const)('refuses a signature by another key, %s', async (how) => {
    expect(await verify(how, stranger.sign())).toMatchObject({
      refusal: { code: 'token.bad-signature' },
    })
    expect(api.asked).toHaveLength(0)
  })

  it.each(['offline', 'both'] as const)('refuses a key that is not published, %s', async (how) => {
    expect(await verify(how, new TokenSigner('ES256', 'unknown').sign())).toMatchObject({
      refusal: { code: 'token.unknown-key' },
    })
    expect(api.asked).toHaveLength(0)
  })

  it("refuses a header whose algorithm is not the key's", async () => {
    jwks.publish(new TokenSigner('ES384', 'key-1').jwk)
    expect(await verify('offline', signer.sign())).toMatchObject({
      refusal: { code: 'token.bad-signature' },
    })
  })

  it('does not ask twice, nor without an audience, when the audience is refused (linkerd-identity)', async () => {
    api = FakeTokenReviewApi.saying({
      error:
        '[invalid bearer token, token audiences ["x"] is invalid for the target audiences ["y"]]',
      user: {},
    })
    expect(await verify('online', signer.sign())).toMatchObject({
      refusal: { code: 'token.not-authenticated' },
    })
    expect(api.asked).toHaveLength(1)
  })

  it.each([
    { what: 'account', user: { username: 'system:serviceaccount:app:other' } },
    {
      what: 'namespace',
      user: {
        username: 'system:serviceaccount:kube-system:web',
        groups: ['system:serviceaccounts', 'system:serviceaccounts:kube-system'],
      },
    },
    { what: 'account uid', user: { uid: 'another' } },
    {
      what: 'pod name',
      user: {
        extra: { ...reviewedUser.extra, 'authentication.kubernetes.io/pod-name': ['web-1'] },
      },
    },
    {
      what: 'pod uid',
      user: {
        extra: { ...reviewedUser.extra, 'authentication.kubernetes.io/pod-uid': ['another'] },
      },
    },
    {
      what: 'node',
      user: {
        extra: { ...reviewedUser.extra, 'authentication.kubernetes.io/node-name': ['another'] },
      },
    },
    {
      what: 'credential',
      user: {
        extra: { ...reviewedUser.extra, 'authentication.kubernetes.io/credential-id': ['JTI=x'] },
      },
    },
  ])(
    'refuses when the API server vouches for another $what than the token names',
    async ({ user }) => {
      api = FakeTokenReviewApi.saying({ ...good, user: { ...reviewedUser, ...user } })
      for (const how of ['online', 'both'] as const) {
        expect(await verify(how, signer.sign())).toMatchObject({
          refusal: { code: 'token.disagreement' },
        })
      }
    },
  )

  it('takes node and credential from whoever tells them', async () => {
    const token = signer.sign(
      claims({ jti: undefined, 'kubernetes.io': bound({ node: undefined }) }),
    )
    expect(await verify('both', token)).toMatchObject({
      value: { nodeName: identity.nodeName, credentialId: identity.credentialId },
    })
  })

  it('takes them from the token where an older API server does not tell them', async () => {
    const extra = {
      'authentication.kubernetes.io/pod-name': [identity.podName],
      'authentication.kubernetes.io/pod-uid': [identity.podUid],
    }
    api = FakeTokenReviewApi.saying({ ...good, user: { ...reviewedUser, extra } })
    for (const how of ['online', 'both'] as const) {
      expect(await verify(how, signer.sign())).toMatchObject({ ok: true, value: identity })
    }
  })

  it('says that it is overloaded when too many tokens wait for the API server', async () => {
    api = new FakeTokenReviewApi(() => new Promise(() => undefined))
    const limits = { ...defaultReviewLimits, concurrency: 1, queue: 0 }
    const verifier = verifyingText(judge('online', { limits }))
    void verifier.verify(signer.sign(), T0, never)
    await settle()
    expect(await verifier.verify(signer.sign(claims({ jti: 'other' })), T0, never)).toMatchObject({
      refusal: { code: 'server.overloaded' },
    })
  })

  it('leaves the last minute to the API server, whose leeway is 60 s, and 10 s to itself', async () => {
    const expiry = plus(T0, minutes(10))
    expect(await verify('online', signer.sign(), plus(expiry, seconds(59)))).toMatchObject({
      ok: true,
    })
    expect(await verify('online', signer.sign(), plus(expiry, minutes(1)))).toMatchObject({
      ok: false,
    })
    for (const how of ['offline', 'both'] as const) {
      expect(await verify(how, signer.sign(), plus(expiry, seconds(9)))).toMatchObject({ ok: true })
      expect(await verify(how, signer.sign(), plus(expiry, seconds(10)))).toMatchObject({
        refusal: { code: 'token.expired' },
      })
    }
  })

  it.each(['online', 'both'] as const)(
    'never answers yes or no when the API server is down, %s',
    async (how) => {
      api = new FakeTokenReviewApi(() =>
        Promise.reject(new DependencyError('kubernetes prod', 'down')),
      )
      await expect(verify(how, signer.sign())).rejects.toThrow(DependencyError)
    },
  )

  it.each(['offline', 'both'] as const)(
    'never answers yes or no when the keys cannot be read, %s',
    async (how) => {
      jwks.answer = () => Promise.resolve({ keys: 'none' })
      await expect(verify(how, signer.sign())).rejects.toMatchObject({
        dependency: 'kubernetes prod',
      })
      jwks.answer = () => Promise.reject(new DependencyError('kubernetes prod', 'down'))
      await expect(verify(how, signer.sign())).rejects.toThrow(DependencyError)
      expect(api.asked).toHaveLength(0)
    },
  )
})
