import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import { DependencyError } from '../../src/core/dependency-error.js'
import { connectKube, type KubeConnection } from '../../src/kube/kube-connection.js'
import { kubeTokenReviewApi } from '../../src/kube/token-review-api.js'
import type { TokenReviewApi } from '../../src/tokenreview/ports.js'
import { everythingIn, tokenReviewApiContract } from '../contract/token-review-api.contract.js'
import {
  echo,
  FakeKubeApi,
  json,
  paths,
  redirect,
  silence,
  status,
  tokenReviews,
} from '../support/fake-kube-api.js'
import { AUDIENCE, identity, TokenSigner } from '../support/service-account-token.js'

const token = new TokenSigner('ES256').sign()
let fake: FakeKubeApi
let connection: KubeConnection
let api: TokenReviewApi

beforeAll(async () => {
  fake = await FakeKubeApi.started()
  connection = await connectKube('prod', { kubeconfig: fake.kubeconfig() })
  api = kubeTokenReviewApi(connection)
})
afterAll(async () => {
  connection.close()
  await fake.stop()
})
beforeEach(() => {
  fake.seen.length = 0
  fake.on(paths.review, tokenReviews(token, AUDIENCE))
})

tokenReviewApiContract('a fake of kube-apiserver', () => {
  return { api, audience: AUDIENCE, token, podUid: identity.podUid }
})

const review = (signal = AbortSignal.timeout(10_000)) => api.review(token, AUDIENCE, signal)

describe('kubeTokenReviewApi', () => {
  it('asks one question, with the token and one audience, as itself (CVE-2020-16250)', async () => {
    await review()
    expect(
      fake.seen.map(({ method, path, authorization }) => [method, path, authorization]),
    ).toEqual([['POST', paths.review, 'Bearer our-own-token']])
    expect(JSON.parse(fake.seen[0]?.body ?? '')).toEqual({
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenReview',
      spec: { token, audiences: [AUDIENCE] },
    })
  })

  it('keeps its connection from one review to the next', async () => {
    await review()
    const before = fake.connections
    await review()
    await review()
    expect(fake.connections).toBe(before)
  })

  it.each([
    { when: 'our credentials are unknown', answer: status(401, 'Unauthorized') },
    { when: 'we may not create TokenReviews', answer: status(403, 'Forbidden') },
    { when: 'the server wants fewer requests', answer: status(429, 'TooManyRequests') },
    { when: 'the server fails', answer: status(500, 'InternalError') },
    { when: 'a proxy finds no server', answer: status(503, 'ServiceUnavailable') },
    { when: 'an error echoes the request', answer: echo(500) },
    { when: 'a 400 echoes the request', answer: echo(400) },
    {
      when: 'the answer is another kind (CVE-2020-16250)',
      answer: json(201, { kind: 'Status', status: 'Success' }),
    },
    { when: 'the answer is no JSON', answer: json(201, undefined, 'text/html') },
    { when: 'authenticated is a string', answer: reviewed({ authenticated: 'true' }) },
    { when: 'audiences are objects', answer: reviewed({ authenticated: true, audiences: [{}] }) },
    { when: 'the answer is larger than 1 MiB', answer: reviewed({ error: 'x'.repeat(1_100_000) }) },
  ])('throws, and tells neither token nor answer, when $when', async ({ answer }) => {
    fake.on(paths.review, answer)
    const error = await review().catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(DependencyError)
    expect(error).toMatchObject({ dependency: 'kubernetes prod' })
    expect(everythingIn(error)).not.toContain(token)
    expect(everythingIn(error)).not.toContain('our-own-token')
  })

  it('carries no token to where a redirect points (CVE-2026-49478)', async () => {
    const other = await FakeKubeApi.started()
    other.on(paths.review, tokenReviews(token, AUDIENCE))
    fake.on(paths.review, redirect(`${other.url}${paths.review}`))
    await expect(review()).rejects.toThrow(DependencyError)
    expect(other.connections).toBe(0)
    await other.stop()
  })

  it('stops waiting when its signal says so', async () => {
    const asked = new Promise<void>((resolve) => {
      fake.on(paths.review, (seen, response) => {
        silence(seen, response)
        resolve()
      })
    })
    const leaving = new AbortController()
    const failed = expect(review(leaving.signal)).rejects.toThrow(DependencyError)
    await asked
    leaving.abort()
    await failed
  })

  it('does not talk to a server that its CA did not certify', async () => {
    const impostor = await FakeKubeApi.started()
    impostor.on(paths.review, tokenReviews(token, AUDIENCE))
    const kubeconfig = fake.kubeconfig({ server: impostor.url })
    const deceived = kubeTokenReviewApi(await connectKube('prod', { kubeconfig }))
    const failed = deceived.review(token, AUDIENCE, AbortSignal.timeout(10_000))
    await expect(failed).rejects.toThrow(DependencyError)
    expect(impostor.seen).toHaveLength(0)
    await impostor.stop()
  })

  it('throws when nobody listens', async () => {
    const gone = await FakeKubeApi.started()
    const kubeconfig = fake.kubeconfig({ server: gone.url })
    await gone.stop()
    const alone = kubeTokenReviewApi(await connectKube('prod', { kubeconfig }))
    const failed = alone.review(token, AUDIENCE, AbortSignal.timeout(10_000))
    await expect(failed).rejects.toThrow(/ECONNREFUSED/)
  })
})

function reviewed(answer: object) {
  return json(201, { kind: 'TokenReview', apiVersion: 'authentication.k8s.io/v1', status: answer })
}
