import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { Agent as PlainAgent, request as plainRequest } from 'node:http'
import { type ClientHttp2Session, connect as connectHttp2 } from 'node:http2'
import { Agent, request as tlsRequest } from 'node:https'
import type { CapstanProcess } from './capstan-process.js'
import { certifyOn, certifyOverTls, type CertifyQuestion } from './linkerd-client.js'

export const LINKERD_SERVER =
  'linkerd-identity.linkerd.serviceaccount.identity.linkerd.cluster.local'

/** What one request came to, as its client saw it. */
export type Seen =
  | { readonly kind: 'certificate'; readonly der: Buffer }
  /** A gRPC status, or an HTTP status and the code of the problem. */
  | { readonly kind: 'refused'; readonly status: string; readonly code: string }
  /** No connection, a broken one, or no answer in time. */
  | { readonly kind: 'no answer'; readonly why: string }

export interface HttpReply {
  readonly status: number
  readonly headers: Readonly<Record<string, unknown>>
  readonly body: unknown
}

/** A client's patience: longer than everything a server may take by its own limits. */
const PATIENCE_MS = 45_000

/** Asks one server for certificates by every way in, and keeps what it needs to do so cheaply. */
export class IssuingClient {
  private readonly capstan: CapstanProcess
  private readonly ca: string
  private readonly agent: Agent
  private readonly socketAgent = new PlainAgent({ keepAlive: true, maxSockets: 8 })
  private session: ClientHttp2Session | undefined

  constructor(capstan: CapstanProcess) {
    this.capstan = capstan
    this.ca = readFileSync(capstan.bundle, 'utf8')
    this.agent = new Agent({ ca: this.ca, keepAlive: true, maxSockets: 8 })
  }

  /** As a proxy: a TLS connection of its own. */
  certifyOverTls(question: CertifyQuestion): Promise<Seen> {
    const port = this.capstan.linkerdPort
    const server = { host: '127.0.0.1', port, serverName: LINKERD_SERVER, ca: this.ca }
    return this.seen(certifyOverTls({ ...server, ...question }))
  }

  /** On one connection of plain HTTP/2, made again when it has broken. */
  certifyOnLoopback(question: CertifyQuestion): Promise<Seen> {
    const authority = `127.0.0.1:${this.capstan.loopbackPort}`
    if (this.session === undefined || this.session.closed || this.session.destroyed) {
      const session = connectHttp2(`http://${authority}`)
      session.setMaxListeners(0)
      session.on('error', () => undefined)
      this.session = session
    }
    return this.seen(certifyOn(this.session, authority, question))
  }

  private async seen(reply: ReturnType<typeof certifyOn>): Promise<Seen> {
    try {
      const answer = await inTime(reply)
      if (answer.ok) return { kind: 'certificate', der: answer.leaf }
      const code = /^[a-z]+\.[a-z-]+(?=: )/.exec(answer.message)?.[0] ?? ''
      return { kind: 'refused', status: `gRPC ${answer.grpcStatus}`, code }
    } catch (error) {
      return noAnswer(error)
    }
  }

  /** `POST /v1/certificates` over TLS. */
  async certificate(body: object): Promise<Seen> {
    try {
      const { status, body: answer } = await this.post('/v1/certificates', body)
      if (status === 201) {
        const { certificate } = answer as { certificate: string }
        return { kind: 'certificate', der: new X509Certificate(certificate).raw }
      }
      const { code = '' } = (answer ?? {}) as { code?: string }
      return { kind: 'refused', status: `HTTP ${status}`, code }
    } catch (error) {
      return noAnswer(error)
    }
  }

  post(path: string, body?: object): Promise<HttpReply> {
    const url = new URL(path, this.capstan.url)
    return exchange(tlsRequest(url, { ...asking('POST', body), agent: this.agent }), body)
  }

  /** Over the operators' socket. */
  operate(method: 'GET' | 'POST', path: string, body?: object): Promise<HttpReply> {
    const { socket } = this.capstan
    const agent = this.socketAgent
    return exchange(
      plainRequest({ ...asking(method, body), socketPath: socket, path, agent }),
      body,
    )
  }

  /** The next request makes new connections. */
  hangUp(): void {
    this.agent.destroy()
    this.socketAgent.destroy()
    this.session?.destroy()
    this.session = undefined
  }
}

const asking = (method: string, body?: object) => ({
  method,
  headers: {
    accept: 'application/json, application/problem+json',
    ...(body && { 'content-type': 'application/json' }),
  },
})

function exchange(call: ReturnType<typeof plainRequest>, body?: object): Promise<HttpReply> {
  const reply = new Promise<HttpReply>((resolve, reject) => {
    call.on('error', reject)
    call.on('response', (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => {
        try {
          const text = Buffer.concat(chunks).toString()
          const { statusCode: status = 0, headers } = response
          resolve({ status, headers, body: text === '' ? undefined : JSON.parse(text) })
        } catch (error) {
          reject(error instanceof Error ? error : new Error('no JSON'))
        }
      })
    })
    call.end(body && JSON.stringify(body))
  })
  return inTime(reply).catch((error: unknown) => {
    call.destroy()
    throw error
  })
}

class TooLate extends Error {}

function inTime<T>(answer: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new TooLate('no answer in time')), PATIENCE_MS)
  })
  return Promise.race([answer, late]).finally(() => clearTimeout(timer))
}

function noAnswer(error: unknown): Seen {
  if (error instanceof TooLate) return { kind: 'no answer', why: 'it took too long' }
  const { code, message } = error as { code?: string; message?: string }
  return { kind: 'no answer', why: code ?? message ?? 'unknown' }
}
