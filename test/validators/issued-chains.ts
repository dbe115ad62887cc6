import type { KeyObject } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { authorityId } from '../../src/ca/certificate-chain.js'
import type { Signer } from '../../src/ca/ports.js'
import { openVault } from '../../src/compose/open-vault.js'
import { OwnCertificates } from '../../src/compose/server-certificates.js'
import type { Alias } from '../../src/core/alias.js'
import { certificateDer, type CertificateDer } from '../../src/core/der.js'
import { keyAlgorithms } from '../../src/core/key-algorithm.js'
import { parsePem } from '../../src/core/pem.js'
import type { SerialNumber } from '../../src/core/serial.js'
import { unixSeconds } from '../../src/core/time.js'
import type { Issued, IssueRequest } from '../../src/issuance/issue-leaf.js'
import { loadKey } from '../../src/keys/key-signer.js'
import { privateKeyFromPem } from '../../src/keys/private-key-from-pem.js'
import { fullEnvelope } from '../../src/namespace/envelope.js'
import { systemRandom } from '../../src/system.js'
import { context, Installation, valueOf } from '../scenario/given-installation.js'
import { FakeClock } from '../support/fake-clock.js'
import { type LeafKey, leafKey } from './leaf-keys.js'
import type { LeafKind } from './matrix.js'
import { factsOf } from './reissue.js'
import { type OperatorHierarchy, operatorFiles } from './operator-hierarchy.js'

/** What a peer shows, and what it is judged by. */
export interface Chain {
  /** Leaf first, then upward; without the trust anchor. */
  readonly certificates: readonly CertificateDer[]
  readonly trustAnchor: CertificateDer
  /** A DNS name of the leaf. */
  readonly name: string
  /** The leaf's own. */
  readonly key: KeyObject
}

/** A real installation on a hierarchy, whose clock is that of the machine at the founding. */
export class IssuingHierarchy implements AsyncDisposable {
  readonly installation: Installation
  /** The issuer, then upward; the trust anchor last. */
  readonly authorities: readonly CertificateDer[]
  readonly signers: { readonly root: Signer; readonly superior: Signer; readonly issuer: Signer }

  private constructor(parts: Pick<IssuingHierarchy, 'installation' | 'authorities' | 'signers'>) {
    this.installation = parts.installation
    this.authorities = parts.authorities
    this.signers = parts.signers
  }

  static async founded(
    folder: string,
    brought: OperatorHierarchy | 'none',
  ): Promise<IssuingHierarchy> {
    const files = brought === 'none' ? undefined : operatorFiles(folder, brought)
    // The tools look at the machine's clock: Capstan's agrees with it.
    const clock = new FakeClock(unixSeconds(Math.floor(Date.now() / 1000)))
    const installation = await Installation.founded(clock, files?.init)
    const envelope = { ...fullEnvelope, keyAlgs: [...keyAlgorithms].sort() }
    await installation.change({ op: 'envelope.set', alias: '', envelope })
    await installation.change({ op: 'envelope.set', alias: 'shop', envelope })
    for (const alias of ['shop/web', 'shop/api'] as Alias[]) {
      if (alias === 'shop/api') {
        const owner = { controller: 'team-shop' }
        await installation.change({ op: 'entry.create', alias, owner, bindings: [] })
      }
      await installation.change({ op: 'envelope.set', alias, envelope })
    }
    const authority = installation.instance.authority()
    const issuer = valueOf(authority.issuer(clock.now()))
    const signer = authority.crlSigner(issuer.id)?.signer
    if (!signer) throw new Error("the issuer's key is not here")
    const root = files ? signerFrom(files.rootKey) : await rootSigner(installation)
    return new IssuingHierarchy({
      installation,
      authorities: [...issuer.chain, issuer.trustAnchor],
      signers: { root, superior: files ? signerFrom(files.superiorKey) : root, issuer: signer },
    })
  }

  /** By the path that such leaves have in a running server. */
  async issue(leaf: LeafKind, key: LeafKey, more: Partial<IssueRequest> = {}): Promise<Chain> {
    const { privateKey, csr } = leafKey(key)
    switch (leaf) {
      case 'Linkerd': {
        const issued = await this.installation.issueToPod('web', { csr, ...more })
        return this.chainOf(valueOf(issued), privateKey)
      }
      case 'SPIFFE': {
        const token = await this.installation.joinToken('shop/api' as Alias)
        const evidence = { kind: 'join-token', token } as const
        const issued = await this.installation.issue(evidence, { csr, ...more })
        return this.chainOf(valueOf(issued), privateKey)
      }
      case "HTTP server's":
      case "Linkerd server's":
        return this.serverChain(leaf)
    }
  }

  /** The issuer's CRL as of the installation's clock, DER. */
  async crl(): Promise<Uint8Array> {
    const id = authorityId(factsOf(this.authorities[0]!))
    return valueOf(await this.installation.instance.operations.crl(id))
  }

  async revoke({ certificates }: Chain): Promise<void> {
    const serial = factsOf(certificates[0]!).serial as SerialNumber
    const { operations } = this.installation.instance
    valueOf(await operations.revoke({ kind: 'serial', serial }, 'superseded', context()))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.installation[Symbol.asyncDispose]()
  }

  private async serverChain(leaf: "HTTP server's" | "Linkerd server's"): Promise<Chain> {
    const { instance, clock } = this.installation
    const own = new OwnCertificates({
      issuer: (now) => instance.authority().issuer(now),
      ledger: instance.store.ledger,
      clock,
      random: systemRandom,
      names: ['localhost', '127.0.0.1'],
      regions: () => [...instance.index.state.clusters.values()],
      failed: (error) => {
        throw error
      },
    })
    await own.refresh()
    const certificates = leaf === "HTTP server's" ? own.http : own.linkerd
    const name = leaf === "HTTP server's" ? 'localhost' : linkerdServer
    const { chainPem, key } = certificates.current(name) ?? {}
    if (chainPem === undefined || !key) throw new Error(`no certificate for ${name}`)
    return {
      certificates: certificatesOf(chainPem),
      trustAnchor: this.trustAnchor,
      name,
      key,
    }
  }

  private get trustAnchor(): CertificateDer {
    return this.authorities.at(-1)!
  }

  private chainOf({ leaf, chain, names }: Issued, key: KeyObject): Chain {
    const name = names.find(({ kind }) => kind === 'dns')?.value ?? ''
    return { certificates: [leaf, ...chain], trustAnchor: this.trustAnchor, name, key }
  }
}

const linkerdServer = 'linkerd-identity.linkerd.serviceaccount.identity.linkerd.cluster.local'

const certificatesOf = (pem: string): readonly CertificateDer[] =>
  (parsePem(pem) ?? []).map(({ der }) => certificateDer(der))

function signerFrom(pemFile: string): Signer {
  const key = loadKey(valueOf(privateKeyFromPem(readFileSync(pemFile, 'utf8'))))
  if (!key) throw new Error(`${pemFile}: no key that signs`)
  return key.signer
}

/** Of a hierarchy that Capstan made itself: sealed in its data directory. */
async function rootSigner({ config, instance }: Installation): Promise<Signer> {
  const vault = valueOf(await openVault({ config, env: {}, random: systemRandom }))
  const records = await instance.store.authorities.list()
  const { keyRef } = records.find(({ role }) => role === 'trust-anchor') ?? {}
  const signer = keyRef === undefined ? undefined : await vault.open(keyRef)
  if (!signer) throw new Error("the trust anchor's key is not here")
  return signer
}
