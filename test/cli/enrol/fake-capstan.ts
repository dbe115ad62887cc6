import 'reflect-metadata'
import { createHash, type webcrypto } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import type { TLSSocket } from 'node:tls'
import * as x509 from '@peculiar/x509'

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }

/** TLS libraries go by the real clock: certificates of these tests start when the tests do. */
export const STARTED = Math.floor(Date.now() / 1000)
const date = (unix: number): Date => new Date(unix * 1000)
const iso = (unix: number): string => date(unix).toISOString().replace('.000Z', 'Z')

/** The `UID` attribute of RFC 4519 section 2.39, which the library has no name for. */
const USER_ID = '0.9.2342.19200300.100.1.1'

export const UID = 'eabcdefghijklmnopqrstuvwxyz23456'

interface Authority {
  readonly certificate: x509.X509Certificate
  readonly keys: webcrypto.CryptoKeyPair
}

export interface LeafWish {
  readonly alias?: string
  readonly uid?: string
  readonly notBefore?: number
  readonly notAfter?: number
  /** Instead of the SPIFFE ID of the alias. */
  readonly altNames?: x509.JsonGeneralNames
}

/** A trust anchor, an issuer, and what they sign. */
export class FakeAuthority {
  readonly root: Authority
  readonly issuer: Authority
  private serial = 0x40

  private constructor(root: Authority, issuer: Authority) {
    this.root = root
    this.issuer = issuer
  }

  static async make(name = 'test'): Promise<FakeAuthority> {
    const rootKeys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
    const lifetime = { notBefore: date(STARTED - 600), notAfter: date(STARTED + 864_000) }
    const ca = (pathLength?: number): x509.Extension[] => [
      new x509.BasicConstraintsExtension(true, pathLength, true),
      new x509.KeyUsagesExtension(
        x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign,
        true,
      ),
    ]
    const root = await x509.X509CertificateGenerator.createSelfSigned({
      name: `CN=${name} root`,
      serialNumber: '01',
      ...lifetime,
      signingAlgorithm: algorithm,
      keys: rootKeys,
      extensions: ca(),
    })
    const issuerKeys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
    const issuer = await x509.X509CertificateGenerator.create({
      subject: `CN=${name} issuer`,
      issuer: root.subject,
      serialNumber: '02',
      ...lifetime,
      signingAlgorithm: algorithm,
      publicKey: issuerKeys.publicKey,
      signingKey: rootKeys.privateKey,
      extensions: ca(0),
    })
    return new FakeAuthority(
      { certificate: root, keys: rootKeys },
      { certificate: issuer, keys: issuerKeys },
    )
  }

  get rootPem(): string {
    return `${this.root.certificate.toString('pem')}\n`
  }

  get issuerPem(): string {
    return `${this.issuer.certificate.toString('pem')}\n`
  }

  get fingerprint(): string {
    return `sha256:${createHash('sha256').update(Buffer.from(this.root.certificate.rawData)).digest('hex')}`
  }

  /** The answer to a good request, for the key of the CSR. */
  async answer(
    publicKey: webcrypto.CryptoKey | x509.PublicKey,
    wish: LeafWish = {},
  ): Promise<Record<string, unknown>> {
    const alias = wish.alias ?? 'payments/db'
    const uid = wish.uid ?? UID
    const notBefore = wish.notBefore ?? STARTED - 120
    const notAfter = wish.notAfter ?? STARTED + 86_280
    const name = `spiffe://test.example/${alias}`
    this.serial += 1
    const leaf = await x509.X509CertificateGenerator.create({
      subject: new x509.Name([{ [USER_ID]: [{ utf8String: uid }] }]),
      issuer: this.issuer.certificate.subject,
      serialNumber: this.serial.toString(16).padStart(2, '0').repeat(16),
      notBefore: date(notBefore),
      notAfter: date(notAfter),
      signingAlgorithm: algorithm,
      publicKey,
      signingKey: this.issuer.keys.privateKey,
      extensions: [
        new x509.SubjectAlternativeNameExtension(wish.altNames ?? [{ type: 'url', value: name }]),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        new x509.ExtendedKeyUsageExtension([
          x509.ExtendedKeyUsage.serverAuth,
          x509.ExtendedKeyUsage.clientAuth,
        ]),
      ],
    })
    return {
      serial: leaf.serialNumber,
      alias,
      uid,
      names: [name],
      notBefore: iso(notBefore),
      notAfter: iso(notAfter),
      issuer: '5b7d1f2846a0c8e2',
      certificate: `${leaf.toString('pem')}\n`,
      chain: [this.issuerPem],
      requestId: 'a'.repeat(26),
    }
  }

  /** Certificate and key of an HTTPS server. */
  async server(hosts: readonly string[] = ['127.0.0.1']): Promise<{ cert: string; key: string }> {
    const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
    const leaf = await x509.X509CertificateGenerator.create({
      subject: '',
      issuer: this.issuer.certificate.subject,
      serialNumber: '7f',
      notBefore: date(STARTED - 120),
      notAfter: date(STARTED + 86_280),
      signingAlgorithm: algorithm,
      publicKey: keys.publicKey,
      signingKey: this.issuer.keys.privateKey,
      extensions: [
        new x509.SubjectAlternativeNameExtension(
          hosts.map((value) => ({ type: /^[0-9.]+$/.test(value) ? 'ip' : 'dns', value })),
        ),
      ],
    })
    const pkcs8 = Buffer.from(await crypto.subtle.exportKey('pkcs8', keys.privateKey))
    return {
      cert: `${leaf.toString('pem')}\n${this.issuerPem}`,
      key: x509.PemConverter.encode(pkcs8, 'PRIVATE KEY'),
    }
  }
}

export interface Received {
  readonly path: string
  readonly body: Readonly<Record<string, unknown>>
  /** Serial number of the client certificate, lower case; undefined without one. */
  readonly client: string | undefined
}

export type Script = (received: Received, csrKey: x509.PublicKey) => Promise<unknown>

export class Refusing {
  readonly status: number
  readonly code: string

  constructor(status: number, code: string) {
    this.status = status
    this.code = code
  }
}

/** A real HTTPS server on 127.0.0.1 that plays Capstan's part of enrolment, by a script. */
export class FakeCapstan {
  readonly received: Received[] = []
  /** What `GET /v1/bundle` offers. */
  anchors: readonly string[]
  issue: Script
  renew: Script
  /** Every octet of every request, decrypted. */
  heard = ''
  private readonly server: Server
  private readonly sockets = new Set<Duplex>()
  private readonly mistakes: unknown[] = []

  private constructor(server: Server, authority: FakeAuthority) {
    this.server = server
    this.anchors = [authority.rootPem]
    this.issue = (_, key) => authority.answer(key)
    this.renew = (_, key) => authority.answer(key)
  }

  static async start(
    authority: FakeAuthority,
    options: { readonly tls?: { cert: string; key: string }; readonly clientCa?: string } = {},
  ): Promise<FakeCapstan> {
    const tls = options.tls ?? (await authority.server())
    const server = createServer({
      ...tls,
      minVersion: 'TLSv1.3',
      requestCert: true,
      rejectUnauthorized: false,
      ca: options.clientCa ?? authority.rootPem,
    })
    const fake = new FakeCapstan(server, authority)
    server.on('connection', (socket) => {
      fake.sockets.add(socket)
      socket.on('error', () => undefined)
    })
    server.on('secureConnection', (socket) => {
      socket.on('data', (part: Buffer) => (fake.heard += part.toString('latin1')))
    })
    server.on('tlsClientError', () => undefined)
    server.on('request', (request, response) => {
      fake.serve(request, response).catch((error: unknown) => {
        // A mistake of this server is not to look like an outage that the client waits out.
        fake.mistakes.push(error)
        request.socket.destroy()
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return fake
  }

  get url(): string {
    return `https://127.0.0.1:${(this.server.address() as AddressInfo).port}`
  }

  /** Throws what this server itself did wrong, if anything. */
  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy()
    await new Promise((resolve) => this.server.close(resolve))
    if (this.mistakes.length > 0) throw new AggregateError(this.mistakes, 'the fake server failed')
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const peer = (request.socket as TLSSocket).getPeerX509Certificate()
    let text = ''
    for await (const part of request) text += String(part)
    this.heard += text
    const body = (text === '' ? {} : JSON.parse(text)) as Record<string, unknown>
    const received = {
      path: request.url ?? '',
      body,
      client: peer?.serialNumber.toLowerCase(),
    }
    this.received.push(received)
    const answer = await this.answer(received)
    if (answer instanceof Refusing) {
      const problem = { code: answer.code, detail: 'no', title: 'no', status: answer.status }
      response.writeHead(answer.status, { 'content-type': 'application/problem+json' })
      response.end(JSON.stringify(problem))
    } else {
      response.writeHead(200, { 'content-type': 'application/json' })
      response.end(typeof answer === 'string' ? answer : JSON.stringify(answer))
    }
  }

  private async answer(received: Received): Promise<unknown> {
    if (received.path === '/v1/bundle') {
      const trustAnchors = this.anchors.map((pem) => ({
        id: 'x',
        subject: 'x',
        notAfter: 'x',
        sha256: 'x',
        pem,
      }))
      return { trustDomain: 'test.example', sequence: 1, trustAnchors }
    }
    const csr = new x509.Pkcs10CertificateRequest(String(received.body['csr']))
    if (!(await csr.verify())) return new Refusing(400, 'csr.bad-signature')
    const script = received.path === '/v1/renew' ? this.renew : this.issue
    return script(received, csr.publicKey)
  }
}
