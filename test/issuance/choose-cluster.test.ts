import { describe, expect, it } from '@jest/globals'
import type { Alias } from '../../src/core/alias.js'
import { chooseCluster, type ClusterHints } from '../../src/issuance/choose-cluster.js'
import type { Cluster } from '../../src/namespace/cluster.js'
import type { IndexState } from '../../src/namespace/state.js'

const ISSUER = 'https://kubernetes.default.svc'
const cluster = (alias: string, more: Partial<Record<keyof Cluster, string>> = {}): Cluster =>
  ({
    ...{ alias, state: 'active', issuer: ISSUER, controlPlaneNamespace: 'linkerd' },
    ...{ identityTrustDomain: `${alias}.local`, ...more },
  }) as unknown as Cluster

const all = [
  cluster('prod'),
  cluster('test'),
  cluster('old', { state: 'retired', issuer: 'https://old.example' }),
  cluster('own', { issuer: 'https://own.example', controlPlaneNamespace: 'mesh' }),
]
const state = { clusters: new Map(all.map((one) => [one.alias, one])) } as unknown as IndexState
const named = (region: string): string => `web.shop.serviceaccount.identity.${region}`
const none = { issuer: undefined, cluster: undefined, identity: undefined }
const choose = (hints: Partial<ClusterHints>) => chooseCluster(state, { ...none, ...hints })

describe('chooseCluster finds', () => {
  it.each<{ when: string; hints: Partial<ClusterHints>; found: string }>([
    { when: 'by its issuer alone', hints: { issuer: 'https://own.example' }, found: 'own' },
    { when: 'by its alias', hints: { issuer: ISSUER, cluster: 'test' as Alias }, found: 'test' },
    {
      when: 'by the name asked for',
      hints: { issuer: ISSUER, identity: named('linkerd.prod.local') },
      found: 'prod',
    },
  ])('$when', ({ hints, found }) => {
    expect(choose(hints)).toMatchObject({ ok: true, value: { alias: found } })
  })
})

describe('chooseCluster refuses', () => {
  it('a token without an issuer', () => {
    expect(choose({})).toMatchObject({ refusal: { code: 'token.malformed' } })
  })

  it.each<{ when: string; hints: Partial<ClusterHints>; next: string }>([
    { when: 'no cluster has it', hints: { issuer: 'https://x' }, next: 'capstan cluster ls' },
    {
      when: 'its cluster is retired',
      hints: { issuer: 'https://old.example' },
      next: 'capstan cluster ls',
    },
    { when: 'two have it', hints: { issuer: ISSUER }, next: 'name the cluster in the request' },
    {
      when: 'another is asked for',
      hints: { issuer: ISSUER, cluster: 'own' as Alias },
      next: 'capstan cluster ls',
    },
    {
      when: 'the name is of another control plane',
      hints: { issuer: ISSUER, identity: named('mesh.prod.local') },
      next: 'capstan cluster ls',
    },
    {
      when: 'the name only ends alike',
      hints: { issuer: ISSUER, identity: 'xserviceaccount.identity.linkerd.prod.local' },
      next: 'capstan cluster ls',
    },
  ])('an issuer when $when', ({ hints, next }) => {
    expect(choose(hints)).toMatchObject({ refusal: { code: 'token.unknown-cluster', next } })
  })

  it('with no more than 200 characters of the issuer', () => {
    const refused = choose({ issuer: 'x'.repeat(5000) })
    expect(refused.ok || refused.refusal.found).toBe(`issuer "${'x'.repeat(200)}"`)
  })
})
