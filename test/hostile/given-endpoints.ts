import type { KeyObject } from 'node:crypto'
import { leafEncoder, wrapCertificate } from '../../src/ca/encode-leaf.js'
import type { Signer } from '../../src/ca/ports.js'
import { certificateFacts } from '../../src/ca/certificate-facts.js'
import { renderPem } from '../../src/core/pem.js'
import type { SerialNumber } from '../../src/core/serial.js'
import { hours, minutes, minus, plus } from '../../src/core/time.js'
import { certifyWith } from '../../src/issuance/linkerd-certify.js'
import { listenLoopbackH2c } from '../../src/server/grpc/listen-linkerd.js'
import { keyPair, newSigner, pkcs8Of, spkiOf, valueOf } from '../ca/given-authorities.js'
import { csr } from '../csr/make-csr.js'
import { givenInstallation, type Installation } from '../scenario/given-installation.js'
import { given as givenGrpc } from '../server/grpc/given-listener.js'
import { ask, type Asked, type Credential, serve, type Served } from '../server/http/harness.js'
import { certifyOverH2c } from '../support/linkerd-client.js'

/** What a caller was told, but for what differs from one request to the next. */
export interface Told {
  readonly status: number
  readonly headers: object
  readonly body: object | undefined
}

/** A whole installation, and both of its endpoints on real sockets. */
export class Endpoints implements AsyncDisposable {
  readonly installation: Installation
  private readonly http: Served
  private readonly grpc: Awaited<ReturnType<typeof listenLoopbackH2c>>

  private constructor(installation: Installation, http: Served, grpc: Endpoints['grpc']) {
    this.installation = installation
    this.http = http
    this.grpc = grpc
  }

  static async open(): Promise<Endpoints> {
    const installation = await givenInstallation()
    const { instance } = installation
    const http = await serve('tls', {
      operations: instance.operations,
      rate: { perSecond: 1_000_000, burst: 1_000_000 },
    })
    const certify = certifyWith({ issueLeaf: instance.issueLeaf })
    return new Endpoints(installation, http, await listenLoopbackH2c(givenGrpc({ certify })))
  }

  async ask(asked: Asked): Promise<Told> {
    const { status, headers, json } = await ask(this.http, asked)
    const { date: _, 'x-request-id': _id, ...kept } = headers
    const { requestId, ...body } = json ?? {}
    if (typeof requestId !== 'string') throw new Error('an answer without a request id')
    return { status, headers: kept, body }
  }

  post(path: string, body: object, as?: Credential): Promise<Told> {
    return this.ask({ method: 'POST', path, body, ...(as && { as }) })
  }

  async certify(identity: string, token: string, request = csr()): Promise<object> {
    const reply = await certifyOverH2c({ ...this.grpc.address, identity, token, csr: request })
    return reply.ok ? { ok: true } : reply
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.grpc.close(0)
    await this.http.listener.close(0)
    await this.installation[Symbol.asyncDispose]()
  }
}

/** How a certificate that only looks like one of ours is made. */
export interface Forgery {
  readonly spiffeId: string
  readonly serial: SerialNumber
  /** A key of the forger's own unless said. */
  readonly signedBy?: Signer
  /** The subject of our issuer unless said. */
  readonly issuerName?: Uint8Array
}

/** A certificate with the issuer's name, key identifier and profile, and somebody else's signature. */
export async function forged(
  installation: Installation,
  { spiffeId, serial, signedBy = newSigner(), issuerName }: Forgery,
): Promise<Credential> {
  const now = installation.clock.now()
  const [issuer] = installation.instance.authority().issuers
  const { subject, subjectKeyId } = valueOf(certificateFacts(issuer!.certificate))
  const pair = keyPair('P-256')
  const encode = leafEncoder({
    signatureAlgorithm: signedBy.algorithm,
    name: issuerName ?? subject,
    keyId: subjectKeyId!,
  })
  const tbs = encode({
    serial,
    spki: spkiOf(pair.publicKey),
    notBefore: minus(now, minutes(2)),
    notAfter: plus(now, hours(24)),
    names: [{ kind: 'uri', value: spiffeId }],
    usages: ['serverAuth', 'clientAuth'],
  })
  const der = wrapCertificate(tbs, signedBy.algorithm, await signedBy.sign(tbs))
  return credentialOf(pair.privateKey, [der])
}

/** What a client shows in a TLS handshake, its own certificate first. */
export const credentialOf = (key: KeyObject, chain: readonly Uint8Array[]): Credential => ({
  keyPem: renderPem('PRIVATE KEY', pkcs8Of(key)),
  certPem: chain.map((der) => renderPem('CERTIFICATE', der)).join(''),
  certDer: chain[0]!,
})
