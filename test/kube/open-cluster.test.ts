import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import { DependencyError } from '../../src/core/dependency-error.js'
import { minutes, unixSeconds } from '../../src/core/time.js'
import type { ClusterCheck } from '../../src/kube/check-cluster.js'
import { type ClusterOptions, openCluster } from '../../src/kube/open-cluster.js'
import {
  accessReview,
  FakeKubeApi,
  healthy,
  json,
  paths,
  status,
} from '../support/fake-kube-api.js'
import { FakeClock } from '../support/fake-clock.js'
import { AUDIENCE, ISSUER, TokenSigner, without } from '../support/service-account-token.js'

const { jwk } = new TokenSigner('ES256')
const soon = (): AbortSignal => AbortSignal.timeout(10_000)
const now = (): FakeClock => new FakeClock(unixSeconds(Math.floor(Date.now() / 1000)))
let fake: FakeKubeApi

beforeAll(async () => {
  fake = await FakeKubeApi.started()
})
afterAll(() => fake.stop())
beforeEach(() => {
  healthy(fake, [jwk])
  fake.seen.length = 0
})

function options(changed: Partial<ClusterOptions> = {}): ClusterOptions {
  return {
    alias: 'prod',
    issuer: ISSUER,
    audience: AUDIENCE,
    validation: 'both',
    tokenReview: { kubeconfig: fake.kubeconfig() },
    jwks: { discovery: true },
    ...changed,
  }
}

async function check(changed: Partial<ClusterOptions> = {}, clock = now()) {
  const cluster = await openCluster(options(changed))
  const checks = await cluster.check(clock, soon())
  cluster.close()
  return checks
}

const bad = (checks: readonly ClusterCheck[]) =>
  checks.filter(({ ok }) => !ok).map(({ name }) => name)

describe('openCluster', () => {
  it.each(['online', 'offline', 'both'] as const)(
    'sends nothing before it is asked to, %s',
    async (validation) => {
      const cluster = await openCluster(options({ validation }))
      expect(cluster.asked.validation).toBe(validation)
      expect(fake.seen).toHaveLength(0)
    },
  )

  it.each([
    {
      when: 'online has no API server',
      changed: { validation: 'online' as const, tokenReview: undefined },
    },
    { when: 'both has no API server', changed: { tokenReview: undefined } },
    { when: 'both has no keys', changed: { jwks: undefined } },
    { when: 'offline has no keys', changed: { validation: 'offline' as const, jwks: undefined } },
    {
      when: 'discovery has no API server',
      changed: { validation: 'offline' as const, tokenReview: undefined },
    },
    { when: 'the kubeconfig is absent', changed: { tokenReview: { kubeconfig: '/nonexistent' } } },
    {
      when: 'the context is absent',
      changed: () => ({ tokenReview: { kubeconfig: fake.kubeconfig(), context: 'none' } }),
    },
    {
      when: 'the kubeconfig turns TLS verification off',
      changed: () => ({
        tokenReview: { kubeconfig: fake.kubeconfig({ 'insecure-skip-tls-verify': true }) },
      }),
    },
    {
      when: 'the API server is not on https',
      changed: () => ({
        tokenReview: { kubeconfig: fake.kubeconfig({ server: 'http://127.0.0.1:1' }) },
      }),
    },
  ])('throws when $when', async ({ changed }) => {
    const wanted = { ...options(), ...(typeof changed === 'function' ? changed() : changed) }
    const kept = Object.entries(wanted).filter(([, value]) => value !== undefined)
    const failed = openCluster(Object.fromEntries(kept) as unknown as ClusterOptions)
    await expect(failed).rejects.toThrow(DependencyError)
  })
})

describe('check', () => {
  it('passes a healthy cluster, and names what it looked at', async () => {
    const checks = await check()
    expect(bad(checks)).toEqual([])
    expect(checks.map(({ name }) => name)).toEqual([
      'audience',
      'reachable',
      'clock',
      'token-review',
      'issuer',
      'keys',
    ])
  })

  it('asks an API server about tokens only where it is used for them', async () => {
    const file = fake.file('jwks.json', JSON.stringify({ keys: [jwk] }))
    const alone = without(options({ validation: 'offline', jwks: { file } }), 'tokenReview')
    const cluster = await openCluster(alone)
    const checks = await cluster.check(now(), soon())
    expect(checks.map(({ name, ok }) => [name, ok])).toEqual([
      ['audience', true],
      ['keys', true],
    ])
    expect(fake.seen).toHaveLength(0)
  })

  it('names the missing rule, and the commands that grant it to whoever we are', async () => {
    fake.on(paths.access, accessReview({ allowed: false }))
    const checks = await check()
    expect(bad(checks)).toEqual(['token-review'])
    const { next = '' } = checks.find(({ name }) => name === 'token-review') ?? {}
    expect(next).toContain('--verb=create --resource=tokenreviews.authentication.k8s.io')
    expect(next).toContain('--serviceaccount=capstan:server')
    expect(
      JSON.parse(fake.seen.find(({ path }) => path === paths.access)?.body ?? ''),
    ).toMatchObject({
      spec: {
        resourceAttributes: {
          group: 'authentication.k8s.io',
          resource: 'tokenreviews',
          verb: 'create',
        },
      },
    })
  })

  it("quotes a user's name for the shell", async () => {
    fake.on(paths.access, accessReview({ allowed: false }))
    fake.on(
      paths.whoAmI,
      json(201, { kind: 'SelfSubjectReview', status: { userInfo: { username: "o'neil; rm" } } }),
    )
    const checks = await check()
    const { next = '' } = checks.find(({ name }) => name === 'token-review') ?? {}
    expect(next).toContain(String.raw`--user='o'\''neil; rm'`)
  })

  it.each([
    {
      when: "the audience is the API server's own",
      bad: ['audience'],
      changed: { audience: ISSUER },
    },
    {
      when: 'the issuer is another',
      bad: ['issuer', 'keys'],
      changed: { issuer: 'https://other.example' },
    },
  ])('fails when $when', async ({ bad: expected, changed }) => {
    expect(bad(await check(changed))).toEqual(expected)
  })

  it.each([
    {
      when: 'discovery is forbidden',
      path: paths.discovery,
      answer: status(403, 'Forbidden'),
      expected: ['issuer', 'keys'],
    },
    {
      when: 'the access review fails',
      path: paths.access,
      answer: status(500, 'InternalError'),
      expected: ['token-review'],
    },
    {
      when: 'the access review says nothing',
      path: paths.access,
      answer: json(201, { kind: 'SelfSubjectAccessReview' }),
      expected: ['token-review'],
    },
    {
      when: 'the key set holds no key',
      path: paths.keys,
      answer: json(200, { keys: [] }),
      expected: ['keys'],
    },
    {
      when: 'the key set is refused',
      path: paths.keys,
      answer: json(200, { keys: [jwk, jwk] }),
      expected: ['keys'],
    },
  ])('fails when $when', async ({ path, answer, expected }) => {
    fake.on(path, answer)
    expect(bad(await check())).toEqual(expected)
  })

  it('does not fail online validation over a discovery that it has no use for', async () => {
    fake.on(paths.discovery, status(403, 'Forbidden'))
    expect(bad(await check({ validation: 'online' }))).toEqual([])
  })

  it('tells how far the clocks are apart, and fails beyond 10 seconds', async () => {
    const clock = now()
    clock.advance(minutes(2))
    expect(bad(await check({}, clock))).toEqual(['clock'])
  })

  it('stops at a server that does not answer', async () => {
    const gone = await FakeKubeApi.started()
    const kubeconfig = fake.kubeconfig({ server: gone.url })
    await gone.stop()
    const checks = await check({ tokenReview: { kubeconfig } })
    expect(checks.map(({ name, ok }) => [name, ok])).toEqual([
      ['audience', true],
      ['reachable', false],
    ])
  })
})
