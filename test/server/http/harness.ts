import 'reflect-metadata'
import * as x509 from '@peculiar/x509'
import { createPrivateKey, webcrypto } from 'node:crypto'
import { mkdtempSync } from 'node:fs'
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Clock } from '../../../src/core/time.js'
import type { AuditLine } from '../../../src/server/audit.js'
import {
  type AppOptions,
  createHealthApp,
  createOperatorApp,
  createPublicApp,
} from '../../../src/server/http/app.js'
import {
  defaultDispatchLimits,
  type DispatchLimits,
  type HttpObserver,
} from '../../../src/server/http/dispatch.js'
import {
  defaultEntryLimits,
  type EntryLimits,
  entryTurnsWith,
} from '../../../src/server/http/entry-turns.js'
import { listenHttps } from '../../../src/server/http/listen-https.js'
import { LoopWatch } from '../../../src/server/loop-watch.js'
import { listenPlain } from '../../../src/server/http/listen-plain.js'
import { listenUnixSocket } from '../../../src/server/http/listen-unix-socket.js'
import {
  defaultHttpLimits,
  type HttpLimits,
  type HttpListener,
} from '../../../src/server/http/listener.js'
import { rateLimiterWith, type RateLimits } from '../../../src/server/http/rate-limit.js'
import type { Operations } from '../../../src/server/operations.js'
import { requestIdsWith } from '../../../src/server/request-id.js'
import { secureContextSource } from '../../../src/server/tls/secure-context-source.js'
import { HeldCertificates } from '../../../src/server/tls/server-certificates.js'
import { FakeClock } from '../../support/fake-clock.js'
import { fakeOperations } from '../../support/fake-operations.js'
import { countedRandom } from '../../support/random.js'

x509.cryptoProvider.set(webcrypto)

const EC = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }

/** A key and a self-signed certificate, PEM. */
export interface Credential {
  readonly keyPem: string
  readonly certPem: string
  readonly certDer: Uint8Array
}

export async function selfSigned(name: string): Promise<Credential> {
  const keys = await webcrypto.subtle.generateKey(EC, true, ['sign', 'verify'])
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: '4f0c3a9e5b7d1f2846a0c8e2b4d6f081',
    name: `CN=${name}`,
    notBefore: new Date(Date.now() - 60_000),
    notAfter: new Date(Date.now() + 3_600_000),
    signingAlgorithm: EC,
    keys,
    extensions: [new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: 'localhost' }])],
  })
  const pkcs8 = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)
  return {
    keyPem: x509.PemConverter.encode(pkcs8, 'PRIVATE KEY'),
    certPem: certificate.toString('pem'),
    certDer: new Uint8Array(certificate.rawData),
  }
}

/** Who the tests are: the server, a reader, a submitter, and somebody whose certificate opens nothing. */
export const people = {
  server: await selfSigned('server'),
  reader: await selfSigned('reader'),
  submitter: await selfSigned('submitter'),
  stranger: await selfSigned('stranger'),
}

export interface Setup {
  readonly operations?: Partial<Operations>
  readonly http?: Partial<HttpLimits>
  readonly dispatch?: Partial<DispatchLimits>
  readonly rate?: Partial<RateLimits>
  readonly entries?: Partial<EntryLimits>
  readonly clock?: Pick<Clock, 'now'>
  readonly observer?: Partial<HttpObserver>
}

export interface Served {
  readonly listener: HttpListener
  readonly audited: AuditLine[]
  /** What was logged, as a logger would write it. */
  readonly logged: { level: string; fields: object; message: string }[]
  readonly counted: string[]
  readonly socketPath: string
  readonly where: Where
}

const open: HttpListener[] = []

export async function closeAll(): Promise<void> {
  await Promise.all(open.splice(0).map((listener) => listener.close(0)))
}

export type Where = 'tls' | 'unix' | 'plain'

export async function serve(where: Where, setup: Setup = {}): Promise<Served> {
  const audited: AuditLine[] = []
  const logged: Served['logged'] = []
  const counted: string[] = []
  const newRequestId = requestIdsWith(countedRandom(where))
  const log = (level: string) => (fields: object, message: string) =>
    void logged.push({ level, fields, message })
  const options: AppOptions = {
    operations: fakeOperations(setup.operations),
    metrics: () => Promise.resolve('# metrics\n'),
    newRequestId,
    takeTurn: rateLimiterWith(setup.clock ?? new FakeClock(), {
      perSecond: 50,
      burst: 200,
      remembered: 100,
      ...setup.rate,
    }),
    entryTurns: entryTurnsWith(setup.clock ?? new FakeClock(), {
      ...defaultEntryLimits,
      ...setup.entries,
    }),
    limits: { ...defaultDispatchLimits, ...setup.dispatch },
    log: { debug: log('debug'), warn: log('warn'), error: log('error') },
    audit: (line) => void audited.push(line),
    observer: {
      answered: (operation, status) => void counted.push(`${operation} ${status}`),
      refused: (code) => void counted.push(`refused ${code}`),
      unavailable: (dependency) => void counted.push(`unavailable ${dependency}`),
      ...setup.observer,
    },
  }
  const limits = { ...defaultHttpLimits, ...setup.http }
  const socketPath = join(mkdtempSync(join(tmpdir(), 'capstan-http-')), 'run', 'api.sock')
  const listener = await listen(where, options, limits, socketPath)
  open.push(listener)
  return { listener, audited, logged, counted, socketPath, where }
}

function listen(
  where: Where,
  options: AppOptions,
  limits: HttpLimits,
  path: string,
): Promise<HttpListener> {
  const { newRequestId, log } = options
  const host = '127.0.0.1'
  switch (where) {
    case 'tls':
      return listenHttps({
        host,
        port: 0,
        app: createPublicApp(options),
        limits,
        newRequestId,
        loop: new LoopWatch(),
        log,
        secureContexts: secureContextSource({
          minVersion: 'TLSv1.2',
          certificates: new HeldCertificates(
            new Map([
              [
                'localhost',
                { key: createPrivateKey(people.server.keyPem), chainPem: people.server.certPem },
              ],
            ]),
          ),
        }),
      })
    case 'unix':
      return listenUnixSocket({ path, app: createOperatorApp(options), limits, newRequestId })
    case 'plain':
      return listenPlain({ host, port: 0, app: createHealthApp(options), limits, newRequestId })
  }
}

export interface Asked {
  readonly method?: string
  /** Sent as it is. */
  readonly path: string
  readonly headers?: Record<string, string>
  /** An object is sent as JSON. */
  readonly body?: string | Uint8Array | object
  readonly as?: Credential
}

export interface Told {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
  /** The body as JSON; undefined when it is none. */
  readonly json: Record<string, unknown> | undefined
}

/** One request over a connection of its own. */
export function ask(served: Served, asked: Asked): Promise<Told> {
  const body = bodyOf(asked.body)
  const { address } = served.listener
  const options = {
    method: asked.method ?? 'GET',
    path: asked.path,
    agent: false as const,
    headers: {
      host: 'localhost',
      ...(body && { 'content-type': 'application/json', 'content-length': String(body.length) }),
      ...asked.headers,
    },
    ...(address.startsWith('/')
      ? { socketPath: address }
      : { host: '127.0.0.1', port: Number(address.split(':')[1]) }),
  }
  return new Promise((resolve, reject) => {
    const request =
      served.where === 'tls'
        ? httpsRequest({
            ...options,
            servername: 'localhost',
            ca: people.server.certPem,
            ...(asked.as && { key: asked.as.keyPem, cert: asked.as.certPem }),
          })
        : httpRequest(options)
    request.on('error', reject)
    request.on('response', (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString()
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          text,
          json: parse(text),
        })
      })
    })
    request.end(body)
  })
}

function bodyOf(body: Asked['body']): Buffer | undefined {
  if (body === undefined) return undefined
  if (typeof body === 'string' || body instanceof Uint8Array) return Buffer.from(body)
  return Buffer.from(JSON.stringify(body))
}

function parse(text: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(text) as Record<string, unknown>
  } catch {
    return undefined
  }
}
