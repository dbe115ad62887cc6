import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type { CertificateDer } from '../../src/core/der.js'
import type { Evidence } from '../../src/issuance/evidence.js'
import { join } from 'node:path'
import {
  codeOf,
  linkerdName,
  givenInstallation,
  type Installation,
  valueOf,
} from '../scenario/given-installation.js'

/**
 * Evidence of one kind shown as another (CVE-2025-44005, CVE-2026-30836): each kind has one
 * attestor, and what it cannot judge it refuses.
 */
let given: Installation
let podToken = ''
let leaf: CertificateDer

beforeAll(async () => {
  given = await givenInstallation()
  podToken = given.cluster.token('shop', 'web', given.clock.now())
  leaf = valueOf(await given.issueToPod()).leaf
})
afterAll(() => given[Symbol.asyncDispose]())

describe('evidence of another kind (CVE-2025-44005)', () => {
  it.each([
    {
      shown: 'a join token as a service account token',
      make: async () => ({ kind: 'kubernetes', token: await given.joinToken() }),
    },
    {
      shown: 'a service account token as a join token',
      make: () => ({ kind: 'join-token', token: podToken }),
    },
    {
      shown: 'a certificate as a join token',
      make: () => ({ kind: 'join-token', token: Buffer.from(leaf).toString('base64') }),
    },
    {
      shown: 'a service account token as a certificate',
      make: () => ({ kind: 'renewal', certificate: Buffer.from(podToken) }),
    },
    {
      shown: 'no octets as a certificate',
      make: () => ({ kind: 'renewal', certificate: new Uint8Array(0) }),
    },
    { shown: 'an empty token', make: () => ({ kind: 'kubernetes', token: '' }) },
  ])('is refused, and issues nothing: $shown', async ({ make }) => {
    const before = await given.issued()
    const evidence = (await make()) as Evidence
    const refused = await given.issue(evidence)
    expect(codeOf(refused)).toMatch(/^(token|evidence|renewal)\./)
    expect(await given.issued()).toBe(before)
  })

  it.each(['', 'x509pop', 'Kubernetes', '__proto__', 'toString'])(
    'of a kind that nobody knows ends in an error, never in a certificate (CVE-2026-30836): %j',
    async (kind) => {
      const before = await given.issued()
      await expect(given.issue({ kind, token: podToken } as unknown as Evidence)).rejects.toThrow()
      expect(await given.issued()).toBe(before)
    },
  )

  it('is not rescued by other evidence beside it: one request shows one thing', async () => {
    const both = {
      kind: 'join-token',
      token: 'jt1.x',
      certificate: leaf,
      facts: { kind: 'join-token' },
    }
    expect(codeOf(await given.issue(both as Evidence))).toBe('evidence.not-accepted')
  })
})

describe('two clusters whose tokens have one issuer (CVE-2025-59048)', () => {
  const facts = (identityTrustDomain: string) => ({
    identityTrustDomain,
    controlPlaneNamespace: 'linkerd',
    issuer: given.cluster.issuer,
    audience: given.cluster.audience,
    validation: 'offline',
    jwks: { file: join(given.home, 'jwks.json') },
  })
  const token = (): Evidence => ({
    kind: 'kubernetes',
    token: given.cluster.token('shop', 'web', given.clock.now()),
  })

  it('are told apart by the identity that is asked for, and never guessed', async () => {
    await given.change({
      op: 'cluster.register',
      alias: 'staging',
      cluster: facts('staging.local'),
    })
    expect(codeOf(await given.issue(token()))).toBe('token.unknown-cluster')
    const ours = await given.issue(token(), { identity: linkerdName })
    expect(valueOf(ours).record.alias).toBe('shop/web')
    // Staging's service account is bound to nobody: the genuine token of the other says nothing there.
    const theirs = 'web.shop.serviceaccount.identity.linkerd.staging.local'
    expect(codeOf(await given.issue(token(), { identity: theirs }))).toBe('grant.no-entry')
    await given.change({ op: 'cluster.remove', alias: 'staging' })
  })
})

describe("what changes while evidence is being checked (Let's Encrypt 2023-06-15)", () => {
  /** Holds every attestation until it is let go, as a slow API server does. */
  function slowly(): () => void {
    let go = (): void => undefined
    const held = new Promise<void>((resolve) => (go = resolve))
    const { clusters } = given.instance
    const attestor = clusters.attestor.bind(clusters)
    Object.assign(clusters, {
      attestor: (uid: Parameters<typeof attestor>[0]) => {
        const real = attestor(uid)
        return (
          real && {
            verify: async (...args: Parameters<typeof real.verify>) => {
              await held
              return real.verify(...args)
            },
          }
        )
      },
    })
    return () => {
      Object.assign(clusters, { attestor })
      go()
    }
  }

  it.each([
    {
      what: 'its entry is suspended',
      op: { op: 'entry.suspend', alias: 'shop/web' },
      undo: { op: 'entry.reactivate', alias: 'shop/web' },
      code: 'grant.not-active',
    },
    {
      what: 'its binding goes',
      op: { op: 'binding.remove', alias: 'shop/web', binding: 'prod/shop/web' },
      undo: {
        op: 'binding.add',
        alias: 'shop/web',
        binding: { kind: 'k8s', cluster: 'prod', namespace: 'shop', serviceAccount: 'web' },
      },
      code: 'grant.no-entry',
    },
    {
      what: 'its envelope is narrowed',
      op: { op: 'envelope.set', alias: 'shop/web', envelope: { attestors: ['join-token'] } },
      undo: {
        op: 'envelope.set',
        alias: 'shop/web',
        envelope: { attestors: ['kubernetes', 'join-token'] },
      },
      code: 'grant.not-admitted',
    },
  ])('decides: $what', async ({ op, undo, code }) => {
    const before = await given.issued()
    const letGo = slowly()
    const answer = given.issueToPod()
    await given.change(op)
    letGo()
    expect(codeOf(await answer)).toBe(code)
    expect(await given.issued()).toBe(before)
    // A name that was certified is the entry's until its last certificate has ended.
    await given.change(undo)
  })
})
