import {
  type ClientHttp2Session,
  connect as connectHttp2,
  type IncomingHttpHeaders,
} from 'node:http2'
import { connect as connectTls, type ConnectionOptions, type TLSSocket } from 'node:tls'
import { type EventEmitter, once } from 'node:events'
import { fileURLToPath } from 'node:url'
import * as protoLoader from '@grpc/proto-loader'

/** The generated-client view of the proto file: an encoder that nobody here wrote. */
const definition = protoLoader.loadSync(
  fileURLToPath(new URL('../fixtures/proto/identity.proto', import.meta.url)),
  { keepCase: true, longs: Number },
)
const { Certify } = definition['io.linkerd.proxy.identity.Identity'] as unknown as {
  readonly Certify: protoLoader.MethodDefinition<object, CertifyResponseMessage>
}

interface CertifyResponseMessage {
  readonly leaf_certificate: Buffer
  readonly intermediate_certificates: readonly Buffer[]
  readonly valid_until: { readonly seconds: number; readonly nanos: number } | null
}

export const CERTIFY_PATH = '/io.linkerd.proxy.identity.Identity/Certify'

export interface CertifyQuestion {
  readonly identity: string
  readonly token: string | Uint8Array
  readonly csr: Uint8Array
}

export type CertifyReply =
  | {
      readonly ok: true
      readonly leaf: Buffer
      readonly intermediates: readonly Buffer[]
      /** Unix seconds. */
      readonly validUntil: number
    }
  | { readonly ok: false; readonly grpcStatus: number; readonly message: string }

export interface LinkerdServer {
  readonly host: string
  readonly port: number
  /** What proxies are told by LINKERD2_PROXY_IDENTITY_SVC_NAME: server name and expected identity. */
  readonly serverName: string
  /** PEM trust anchors. */
  readonly ca: string
}

/** Encoded, with the five octets of gRPC's prefix. */
export function certifyFrame(question: CertifyQuestion): Buffer {
  return grpcFrame(
    Certify.requestSerialize({
      identity: question.identity,
      token: Buffer.from(question.token),
      certificate_signing_request: Buffer.from(question.csr),
    }),
  )
}

export function grpcFrame(message: Uint8Array, flag = 0): Buffer {
  const prefix = Buffer.alloc(5)
  prefix.writeUInt8(flag, 0)
  prefix.writeUInt32BE(message.length, 1)
  return Buffer.concat([prefix, message])
}

/** A connection as linkerd2-proxy makes it: TLS 1.3, server name, no ALPN, no resumption. */
export async function connectAsProxy(
  server: LinkerdServer,
  more: ConnectionOptions = {},
): Promise<TLSSocket> {
  const socket = connectTls({
    host: server.host,
    port: server.port,
    servername: server.serverName,
    ca: server.ca,
    minVersion: 'TLSv1.3',
    ...more,
  })
  await once(socket, 'secureConnect')
  return socket
}

/** `Certify` as linkerd2-proxy calls it: each call on a TLS connection of its own. */
export async function certifyOverTls(
  call: LinkerdServer & CertifyQuestion,
  more: ConnectionOptions = {},
): Promise<CertifyReply> {
  const socket = await connectAsProxy(call, more)
  const authority = `${call.host}:${call.port}`
  // The proxy says `:scheme http` over TLS too.
  const session = connectHttp2(`http://${authority}`, { createConnection: () => socket })
  forgetLateErrors(session, socket)
  try {
    return await certifyOn(session, authority, call)
  } finally {
    session.close()
  }
}

/** As above over plain HTTP/2, which proxies speak to loopback addresses only. */
export async function certifyOverH2c(
  call: { readonly host: string; readonly port: number } & CertifyQuestion,
): Promise<CertifyReply> {
  const authority = call.host.includes(':')
    ? `[${call.host}]:${call.port}`
    : `${call.host}:${call.port}`
  const session = connectHttp2(`http://${authority}`)
  forgetLateErrors(session)
  try {
    return await certifyOn(session, authority, call)
  } finally {
    session.close()
  }
}

/** A reset after the answer concerns nobody; one before it rejects the call. */
function forgetLateErrors(...emitters: readonly EventEmitter[]): void {
  for (const emitter of emitters) emitter.on('error', () => undefined)
}

export async function certifyOn(
  session: ClientHttp2Session,
  authority: string,
  question: CertifyQuestion,
): Promise<CertifyReply> {
  const reply = await grpcCall(session, {
    authority,
    path: CERTIFY_PATH,
    body: certifyFrame(question),
  })
  if (reply.grpcStatus !== 0) return { ok: false, ...reply }
  const response = Certify.responseDeserialize(reply.body.subarray(5))
  return {
    ok: true,
    leaf: response.leaf_certificate,
    intermediates: response.intermediate_certificates,
    validUntil: response.valid_until?.seconds ?? 0,
  }
}

export interface RawReply {
  readonly httpStatus: number
  /** -1 when there was none. */
  readonly grpcStatus: number
  readonly message: string
  readonly body: Buffer
}

/** Any octets as one gRPC request; `undefined` keys of `headers` leave a header out. */
export async function grpcCall(
  session: ClientHttp2Session,
  call: {
    readonly authority?: string
    readonly path: string
    readonly body: Uint8Array
    readonly headers?: Readonly<Record<string, string | undefined>>
  },
): Promise<RawReply> {
  const headers: Record<string, string | undefined> = {
    ':method': 'POST',
    ':path': call.path,
    ':scheme': 'http',
    te: 'trailers',
    'content-type': 'application/grpc',
    ...(call.authority !== undefined && { ':authority': call.authority }),
    ...call.headers,
  }
  const stream = session.request(
    Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== undefined)),
  )
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let answer: IncomingHttpHeaders = {}
    const note = (received: IncomingHttpHeaders): void => {
      answer = { ...answer, ...received }
    }
    stream.on('response', note)
    stream.on('trailers', note)
    stream.on('data', (chunk: Buffer) => chunks.push(chunk))
    stream.on('error', reject)
    session.on('error', reject)
    stream.on('close', () => {
      session.off('error', reject)
      if (answer[':status'] === undefined) {
        reject(new Error(`no answer: stream closed with code ${stream.rstCode}`))
        return
      }
      resolve({
        httpStatus: Number(answer[':status']),
        grpcStatus: Number(answer['grpc-status'] ?? -1),
        message: decodeURIComponent(String(answer['grpc-message'] ?? '')),
        body: Buffer.concat(chunks),
      })
    })
    stream.end(call.body)
  })
}
