import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createIssuer, createTrustAnchor } from '../../src/ca/hierarchy.js'
import type { Alias } from '../../src/core/alias.js'
import { renderPem } from '../../src/core/pem.js'
import { keyPair, newSigner, nextSerial, pkcs8Of, spkiOf } from '../ca/given-authorities.js'
import { FakeClock, T0 } from '../support/fake-clock.js'
import { codeOf, Installation } from './given-installation.js'

const folder = mkdtempSync(join(tmpdir(), 'capstan-constrained-'))
let given: Installation

/** On an issuer that is held to what Linkerd's proxies are called. */
beforeAll(async () => {
  const signer = newSigner()
  const common = { commonName: 'Operator', now: T0 }
  const certificate = await createTrustAnchor({ ...common, signer, serial: nextSerial() })
  const issuer = keyPair('P-256')
  const issuerCertificate = await createIssuer({
    ...common,
    superior: { certificate, signer },
    serial: nextSerial(),
    spki: spkiOf(issuer.publicKey),
    dnsConstraints: ['identity.linkerd.cluster.local'],
  })
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text)
    return join(folder, name)
  }
  given = await Installation.founded(new FakeClock(), {
    rootCert: file('root.pem', renderPem('CERTIFICATE', certificate)),
    issuerCert: file('issuer.pem', renderPem('CERTIFICATE', issuerCertificate)),
    issuerKey: file('issuer.key', renderPem('PRIVATE KEY', pkcs8Of(issuer.privateKey))),
  })
})

afterAll(async () => {
  await given[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true })
})

it('issues the names that the issuer may sign for', async () => {
  expect((await given.issueToPod()).ok).toBe(true)
})

it('refuses the others, which nobody would take, and leaves nothing behind', async () => {
  await given.change({
    op: 'entry.create',
    alias: 'shop/api',
    owner: { controller: 'team-shop' },
    bindings: [],
  })
  const before = await given.issued()
  const token = await given.joinToken('shop/api' as Alias)
  for (let attempt = 0; attempt < 2; attempt += 1) {
    const refused = await given.issue({ kind: 'join-token', token })
    // The second time too: the token is not spent.
    expect(codeOf(refused)).toBe('ca.name-not-permitted')
  }
  expect(await given.issued()).toBe(before)
})
