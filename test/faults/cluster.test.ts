import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { setTimeout as pause } from 'node:timers/promises'
import { unixSeconds } from '../../src/core/time.js'
import {
  FakeKubeApi,
  healthy,
  json,
  paths,
  redirect,
  silence,
  status,
} from '../support/fake-kube-api.js'
import { bound, claims, TokenSigner } from '../support/service-account-token.js'
import { Gate, type Manner } from './gate.js'
import { after, type Answer, AUDIENCE, half, huge, page, review, short } from './review-answers.js'
import { UnderLoad } from './under-load.js'

const ISSUER = 'https://edge.test.example'
const IDENTITY = 'api.shop.serviceaccount.identity.linkerd.edge.local'
/** A review is given up after this, tries and pauses included; a loaded machine needs a little more. */
const GIVEN_UP_MS = 5000 + 2500
const RECOVERS_MS = 3000
/** Linkerd's own answer where the API server could not be asked is INTERNAL. */
const TRY_AGAIN = ['HTTP 503 unavailable', 'gRPC 13']

/**
 * One cluster whose API server is asked about every token and misbehaves, and one whose keys are at
 * hand: that one must not notice.
 */
describe('an API server', () => {
  const signer = new TokenSigner('ES256')
  let kube: FakeKubeApi
  let gate: Gate
  let run: UnderLoad

  const token = (): string => {
    const now = unixSeconds(Math.floor(Date.now() / 1000))
    const pod = bound({
      namespace: 'shop',
      serviceaccount: { name: 'api', uid: '76ea7f0b-98a3-49bf-8154-51eff1bc507c' },
    })
    const sub = 'system:serviceaccount:shop:api'
    const own = { iss: ISSUER, aud: [AUDIENCE], sub, 'kubernetes.io': pod }
    return signer.sign(claims(own, now))
  }
  const edge = { token, identity: IDENTITY }

  beforeAll(async () => {
    kube = await FakeKubeApi.started()
    healthy(kube, [signer.jwk])
    kube.on(paths.review, review())
    gate = await Gate.before(Number(new URL(kube.url).port))
    const kubeconfig = kube.kubeconfig({ server: `https://127.0.0.1:${gate.port}` })
    run = await UnderLoad.founded(
      { logLevel: 'warn' },
      {
        clusters: `
  - alias: edge
    identityTrustDomain: edge.local
    controlPlaneNamespace: linkerd
    issuer: ${ISSUER}
    audience: ${AUDIENCE}
    validation: online
    tokenReview: { kubeconfig: ${kubeconfig} }`,
        entries: `
  - alias: shop/api
    owner: { controller: team-shop }
    bindings: [{ kind: k8s, cluster: edge, namespace: shop, serviceAccount: api }]`,
      },
    )
    await run.capstan.start()
    run.load({ as: 'edge: ', ...edge, loopback: 4, tls: 0, http: 2 })
    run.load({ as: 'prod: ', loopback: 1, tls: 1, http: 0 })
  })
  afterAll(async () => {
    await run.finish()
    run.print('an API server misbehaves')
    expect(run.lost()).toEqual([])
    await run[Symbol.asyncDispose]()
    await gate[Symbol.asyncDispose]()
    await kube.stop()
  })

  /** While `fault` lasts: what the clients of that cluster see. The others are served, and it heals. */
  async function during(name: string, fault: Fault, forMs: number): Promise<string[]> {
    const unavailable = await run.metric('capstan_unavailable_total', 'edge')
    await begin(fault)
    // Answers that were under way come first.
    run.phase(`${name}: it begins`)
    await pause(600)
    run.phase(name)
    await pause(forMs)
    // A caller who asked just before the fault may have waited all this time, and count for nothing.
    for (let waited = 0; waited < GIVEN_UP_MS && seenBy('edge', name).length === 0; waited += 100) {
      await pause(100)
    }
    const isReady = await run.unready()
    run.phase(`${name}: it ends`)
    await begin({})
    expect(await run.recovered(20_000, edge)).toBeLessThan(RECOVERS_MS + GIVEN_UP_MS)
    expect(run.capstan.isRunning).toBe(true)
    // One cluster's trouble is no reason to send the others' proxies away.
    expect(isReady).toEqual([])
    expect(seenBy('prod', name)).toEqual(['certificate'])
    if (run.count(name, /^edge: (gRPC 13|HTTP 503)/) > 0) {
      expect(await run.metric('capstan_unavailable_total', 'edge')).toBeGreaterThan(unavailable)
    }
    return seenBy('edge', name)
  }

  /** What the callers of one cluster saw in a phase. */
  function seenBy(cluster: 'edge' | 'prod', name: string): string[] {
    const as = `${cluster}: `
    const outcomes = run.outcomes(name).filter((seen) => seen.startsWith(as))
    return outcomes.map((seen) => seen.slice(as.length))
  }

  interface Fault {
    readonly manner?: Manner
    readonly answer?: Answer
  }

  async function begin({ manner = 'pass', answer = review() }: Fault): Promise<void> {
    kube.on(paths.review, answer)
    await gate.turn(manner)
  }

  it('that takes a second: everybody waits for it, and is answered', async () => {
    expect(await during('slow', { answer: after(1000, review()) }, 4000)).toEqual(['certificate'])
  })

  it.each<{ what: string; fault: Fault }>([
    { what: 'takes too long', fault: { answer: after(3000, review()) } },
    { what: 'takes requests and never answers', fault: { answer: silence } },
    { what: 'accepts connections and says nothing', fault: { manner: 'hold' } },
  ])('that $what: callers are told to try again, within the time of a review', async (given) => {
    const seen = await during(given.what, given.fault, GIVEN_UP_MS)
    only(seen, TRY_AGAIN)
    expect(run.slowest(given.what)).toBeLessThan(GIVEN_UP_MS + 2000)
  })

  it.each<{ what: string; fault: Fault }>([
    { what: 'is not there', fault: { manner: 'refuse' } },
    { what: 'cuts every connection', fault: { manner: 'reset' } },
    { what: 'cuts its answers', fault: { manner: 'cut' } },
    { what: 'answers 500', fault: { answer: status(500, 'InternalError') } },
    { what: 'answers 429', fault: { answer: status(429, 'TooManyRequests') } },
    { what: 'does not know us', fault: { answer: status(401, 'Unauthorized') } },
    { what: 'sends us elsewhere', fault: { answer: redirect('https://127.0.0.1:1/') } },
    { what: 'answers with a page', fault: { answer: page } },
    { what: 'answers with half of an answer', fault: { answer: half } },
    { what: 'answers with less than it announced', fault: { answer: short } },
    { what: 'answers with 5 MB', fault: { answer: huge } },
    {
      what: 'answers with nothing',
      fault: { answer: (_seen, to) => void to.writeHead(201).end() },
    },
    { what: 'answers with another kind', fault: { answer: json(201, { kind: 'Pod' }) } },
    { what: 'answers with wrong types', fault: { answer: review({ authenticated: 'yes' }) } },
  ])('that $what: nobody gets a certificate, callers are told to try again', async (given) => {
    only(await during(given.what, given.fault, 2500), TRY_AGAIN)
  })

  it.each<{ what: string; fault: Fault }>([
    { what: 'answers for another audience', fault: { answer: review({ audiences: ['api'] }) } },
    { what: 'answers for no audience', fault: { answer: review({ audiences: undefined }) } },
  ])('that $what: it is a no', async (given) => {
    const no = ['HTTP 401 token.wrong-audience', 'gRPC 9 token.wrong-audience']
    only(await during(given.what, given.fault, 1500), no)
  })

  it('that comes and goes: whoever asks while it is there is served', async () => {
    const stop = new AbortController()
    const flapping = (async () => {
      while (!stop.signal.aborted) {
        await gate.turn('refuse')
        await pause(300)
        await gate.turn('pass')
        await pause(700)
      }
    })()
    await pause(600)
    run.phase('flapping')
    await pause(5000)
    stop.abort()
    await flapping
    run.phase('steady')
    expect(await run.recovered(20_000, edge)).toBeLessThan(RECOVERS_MS)
    await pause(500)
    expect(run.count('flapping', 'edge: certificate')).toBeGreaterThan(0)
    expect(run.failures('flapping').every((seen) => /^edge: (gRPC 13|HTTP 503)/.test(seen))).toBe(
      true,
    )
    expect(run.failures('steady')).toEqual([])
  })
})

/** Something was seen, and nothing but this. */
function only(seen: readonly string[], allowed: readonly string[]): void {
  expect(seen.length).toBeGreaterThan(0)
  expect(seen.filter((outcome) => !allowed.includes(outcome))).toEqual([])
}
