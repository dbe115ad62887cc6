import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type { Caller } from '../../../src/core/caller.js'
import { DependencyError } from '../../../src/core/dependency-error.js'
import { minutes, plus, type UnixSeconds } from '../../../src/core/time.js'
import type { Uid } from '../../../src/core/uid.js'
import { openCluster, type OpenedCluster } from '../../../src/kube/open-cluster.js'
import { systemTimers } from '../../../src/kube/timers.js'
import { systemClock, systemRandom } from '../../../src/system.js'
import { readReview } from '../../../src/tokenreview/review-online.js'
import { type AskedParty, tokenVerifier } from '../../../src/tokenreview/review-token.js'
import { tokenReviewApiContract } from '../../contract/token-review-api.contract.js'
import { KubeServer } from '../../support/kube-apiserver.js'
import { issuerNamed, type TextVerifier, verifyingText } from '../../support/token-text.js'

const AUDIENCE = 'https://ca.example'
const BUILD_MS = 900_000
const cluster = `c${'a'.repeat(31)}` as Uid
const every = ['online', 'offline', 'both'] as const
const timers = systemTimers(systemRandom)
const now = (): UnixSeconds => systemClock.now()
const soon = (): Caller => ({ signal: AbortSignal.timeout(20_000) })

let kube: KubeServer
let opened: OpenedCluster[] = []
let accountUid = ''
let podUid = ''
let token = ''

beforeAll(async () => {
  kube = await KubeServer.started()
  await kube.createNamespace('app')
  await kube.createNode('node-1')
  accountUid = await kube.createServiceAccount('app', 'web')
  podUid = await kube.createPod('app', 'web-0', 'web', 'node-1')
  token = await kube.requestToken({
    namespace: 'app',
    serviceAccount: 'web',
    audience: AUDIENCE,
    pod: 'web-0',
  })
}, BUILD_MS)

afterAll(async () => {
  for (const one of opened) one.close()
  await kube.stop()
})

async function open(
  validation: AskedParty['validation'],
  changed: { kubeconfig?: string; issuer?: string } = {},
) {
  const one = await openCluster({
    alias: 'prod',
    issuer: changed.issuer ?? kube.issuer,
    audience: AUDIENCE,
    validation,
    tokenReview: { kubeconfig: changed.kubeconfig ?? kube.kubeconfig },
    jwks: { discovery: true },
  })
  opened = [...opened, one]
  return one
}

async function verifier(...wanted: Parameters<typeof open>): Promise<TextVerifier> {
  const { asked } = await open(...wanted)
  const [, changed] = wanted
  const issuer = changed?.issuer ?? kube.issuer
  const judge = tokenVerifier({
    cluster,
    alias: 'prod',
    issuer,
    audience: AUDIENCE,
    asked,
    clock: systemClock,
    timers,
  })
  return verifyingText(judge)
}

/** Asks until the answer is this one: an API server caches a yes for 10 seconds. */
async function eventually(
  verify: () => ReturnType<TextVerifier['verify']>,
  code: string,
): Promise<void> {
  for (let tries = 0; tries < 60; tries += 1) {
    const answer = await verify()
    if (!answer.ok) {
      expect(answer.refusal.code).toBe(code)
      return
    }
    await new Promise((resolve) => setTimeout(resolve, 500))
  }
  throw new Error('the token is still good after 30 seconds')
}

describe('a token of a real API server', () => {
  it.each(every)('names its pod, %s', async (how) => {
    const { verify } = await verifier(how)
    expect(issuerNamed(token)).toBe(kube.issuer)
    expect(await verify(token, now(), soon())).toEqual({
      ok: true,
      value: {
        kind: 'k8s',
        cluster,
        namespace: 'app',
        serviceAccount: 'web',
        serviceAccountUid: accountUid,
        podName: 'web-0',
        podUid,
        nodeName: 'node-1',
        credentialId: expect.stringMatching(/^JTI=[0-9a-f-]{36}$/),
        checked: how,
      },
    })
  })

  it.each(every)('is refused for another audience, %s', async (how) => {
    const { verify } = await verifier(how)
    const other = await kube.requestToken({
      namespace: 'app',
      serviceAccount: 'web',
      audience: kube.issuer,
      pod: 'web-0',
    })
    expect(await verify(other, now(), soon())).toMatchObject({
      refusal: { code: 'token.wrong-audience' },
    })
  })

  it.each(every)('is refused when it is bound to no pod, %s', async (how) => {
    const { verify } = await verifier(how)
    const loose = await kube.requestToken({
      namespace: 'app',
      serviceAccount: 'web',
      audience: AUDIENCE,
    })
    expect(await verify(loose, now(), soon())).toMatchObject({
      refusal: { code: 'token.not-bound-to-a-pod' },
    })
  })

  it.each(every)('is refused once it has expired, %s', async (how) => {
    const { verify } = await verifier(how)
    const later = plus(now(), minutes(11))
    expect(await verify(token, later, soon())).toMatchObject({ refusal: { code: 'token.expired' } })
  })

  it.each(every)('is refused with a signature that is not its own, %s', async (how) => {
    const { verify } = await verifier(how)
    const other = await kube.requestToken({
      namespace: 'app',
      serviceAccount: 'web',
      audience: AUDIENCE,
      pod: 'web-0',
      expirationSeconds: 700,
    })
    const mixed = [...token.split('.').slice(0, 2), other.split('.')[2]].join('.')
    const code = how === 'online' ? 'token.not-authenticated' : 'token.bad-signature'
    expect(await verify(mixed, now(), soon())).toMatchObject({ refusal: { code } })
  })

  it.each(['online', 'both'] as const)('is refused once its pod is gone, %s', async (how) => {
    const { verify } = await verifier(how)
    await kube.createPod('app', `short-${how}`, 'web')
    const short = await kube.requestToken({
      namespace: 'app',
      serviceAccount: 'web',
      audience: AUDIENCE,
      pod: `short-${how}`,
    })
    expect(await verify(short, now(), soon())).toMatchObject({ ok: true })
    await kube.deletePod('app', `short-${how}`)
    await eventually(() => verify(short, now(), soon()), 'token.not-authenticated')
  })

  it('is refused once its service account is gone, and after one of that name is made again', async () => {
    const { verify } = await verifier('online')
    await kube.createServiceAccount('app', 'brief')
    await kube.createPod('app', 'brief-0', 'brief')
    const brief = await kube.requestToken({
      namespace: 'app',
      serviceAccount: 'brief',
      audience: AUDIENCE,
      pod: 'brief-0',
    })
    await kube.deleteServiceAccount('app', 'brief')
    await eventually(() => verify(brief, now(), soon()), 'token.not-authenticated')
    await kube.createServiceAccount('app', 'brief')
    expect(await verify(brief, now(), soon())).toMatchObject({
      refusal: { code: 'token.not-authenticated' },
    })
  })

  it('is refused as a legacy secret token, even if the API server is asked about it', async () => {
    const legacy = await kube.createLegacyToken('app', 'web', accountUid)
    for (const how of every) {
      const { verify } = await verifier(how)
      expect(await verify(legacy, now(), soon())).toMatchObject({
        refusal: { code: 'token.wrong-issuer' },
      })
    }
    const { asked } = await open('online')
    if (asked.validation !== 'online') throw new Error('not reached')
    const status = await asked.api.review(legacy, AUDIENCE, soon().signal)
    expect(readReview(status, AUDIENCE).ok).toBe(false)
    // Asked with its own audience, the API server vouches for that token, which never expires.
    const unasked = await asked.api.review(legacy, kube.issuer, soon().signal)
    expect(unasked.authenticated).toBe(true)
    expect(readReview(unasked, AUDIENCE).ok).toBe(false)
    expect(readReview(unasked, kube.issuer)).toMatchObject({
      refusal: { code: 'token.not-bound-to-a-pod' },
    })
  })
})

tokenReviewApiContract('a real kube-apiserver', () => {
  const [first] = opened
  if (first?.asked.validation !== 'online') throw new Error('the first cluster is online')
  return { api: first.asked.api, audience: AUDIENCE, token, podUid }
})

describe('a token of another cluster', () => {
  let other: KubeServer
  let foreign = ''

  beforeAll(async () => {
    other = await KubeServer.started({ issuer: 'https://other.example', signingKey: 'ec' })
    await other.createNamespace('app')
    await other.createServiceAccount('app', 'web')
    await other.createPod('app', 'web-0', 'web')
    foreign = await other.requestToken({
      namespace: 'app',
      serviceAccount: 'web',
      audience: AUDIENCE,
      pod: 'web-0',
    })
  }, BUILD_MS)
  afterAll(() => other.stop())

  it.each(every)('is good there, signed with ES256, %s', async (how) => {
    const { verify } = await verifier(how, { kubeconfig: other.kubeconfig, issuer: other.issuer })
    expect(await verify(foreign, now(), soon())).toMatchObject({ ok: true })
  })

  it.each(every)('is refused here by its issuer, %s', async (how) => {
    const { verify } = await verifier(how)
    expect(await verify(foreign, now(), soon())).toMatchObject({
      refusal: { code: 'token.wrong-issuer' },
    })
  })

  it.each([
    { how: 'online' as const, code: 'token.not-authenticated' },
    { how: 'offline' as const, code: 'token.unknown-key' },
  ])('is refused here even under an issuer that both share, $how', async ({ how, code }) => {
    const { asked } = await open(how)
    // Only the cluster's keys can tell: the issuer is what is expected.
    const { issuer } = other
    const judge = tokenVerifier({
      cluster,
      alias: 'prod',
      issuer,
      audience: AUDIENCE,
      asked,
      clock: systemClock,
      timers,
    })
    const { verify } = verifyingText(judge)
    expect(await verify(foreign, now(), soon())).toMatchObject({ refusal: { code } })
  })
})

describe('a reviewer without rights', () => {
  it('gets no answer, and the preflight names the rule', async () => {
    const kubeconfig = kube.strangerKubeconfig
    const { verify } = await verifier('online', { kubeconfig })
    await expect(verify(token, now(), soon())).rejects.toThrow(DependencyError)
    const checks = await (await open('both', { kubeconfig })).check(systemClock, soon().signal)
    const failed = checks.filter(({ ok }) => !ok)
    expect(failed.map(({ name }) => name)).toEqual(['token-review', 'issuer', 'keys'])
    expect(failed[0]?.next).toContain('--resource=tokenreviews.authentication.k8s.io')
    expect(failed[0]?.next).toContain("--user='stranger'")
    expect(failed[1]?.next).toContain('system:service-account-issuer-discovery')
  })

  it('has the rights that the preflight asks for, once they are granted', async () => {
    const checks = await (await open('both')).check(systemClock, soon().signal)
    expect(checks.filter(({ ok }) => !ok)).toEqual([])
  })
})

describe('an API server that stops', () => {
  it('is neither yes nor no, and answers again by itself once it is back', async () => {
    const online = await verifier('online')
    const offline = await verifier('offline')
    expect(await online.verify(token, now(), soon())).toMatchObject({ ok: true })
    expect(await offline.verify(token, now(), soon())).toMatchObject({ ok: true })

    await kube.stopApiServer()
    await expect(online.verify(token, now(), soon())).rejects.toThrow(DependencyError)
    // Offline holds the keys it read before.
    expect(await offline.verify(token, now(), soon())).toMatchObject({ ok: true })
    const fresh = await verifier('offline')
    await expect(fresh.verify(token, now(), soon())).rejects.toThrow(DependencyError)

    await kube.restartApiServer()
    expect(await online.verify(token, now(), soon())).toMatchObject({ ok: true })
  })
})
