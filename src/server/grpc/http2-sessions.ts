import {
  constants,
  performServerHandshake,
  type ServerHttp2Session,
  type ServerOptions,
} from 'node:http2'
import type { Socket } from 'node:net'
import { type CallDeps, type CallPeer, serveCall } from './serve-call.js'

const WINDOW_MS = 10_000

const { NGHTTP2_ENHANCE_YOUR_CALM, NGHTTP2_NO_ERROR } = constants

/**
 * The HTTP/2 connections of one listener. `node:http2` frames; what a connection may cost, and when
 * it ends, is decided here.
 */
export class Http2Sessions {
  private readonly deps: CallDeps
  private readonly open = new Set<ServerHttp2Session>()
  private drained: (() => void) | undefined
  private closing = false

  constructor(deps: CallDeps) {
    this.deps = deps
  }

  /** Speaks HTTP/2, prior knowledge or after ALPN alike, on a connected socket. */
  serve(socket: Socket): void {
    // A reset of the connection by the peer is not news, and must not end the process.
    socket.on('error', () => undefined)
    if (this.closing) {
      socket.destroy()
      return
    }
    const session = performServerHandshake(socket, this.sessionOptions())
    session.setLocalWindowSize(this.deps.limits.connectionWindow)
    this.open.add(session)
    session.on('error', (error: Error) => {
      this.deps.log.debug({ err: error, remote: socket.remoteAddress }, 'http2 session failed')
    })
    session.once('close', () => {
      this.open.delete(session)
      if (this.open.size === 0) this.drained?.()
    })
    // SETTINGS and PING demand an answer each, and cost the peer next to nothing.
    const control = calmly(session, 'SETTINGS and PING', this.deps.limits.controlFrames)
    session.on('ping', control)
    session.on('remoteSettings', control)
    this.serveStreams(session, socket)
  }

  /**
   * Announces the end to every peer (GOAWAY), waits for the calls under way, `graceMs` at most, and
   * then closes what is left.
   */
  async close(graceMs: number): Promise<void> {
    this.closing = true
    this.deps.load.stopWatches()
    for (const session of this.open) session.close()
    await this.allClosed(graceMs)
    for (const session of this.open) session.destroy()
  }

  private async allClosed(graceMs: number): Promise<void> {
    if (this.open.size === 0) return
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, graceMs)
      this.drained = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  private sessionOptions(): ServerOptions {
    const { limits } = this.deps
    return {
      maxSessionMemory: 10,
      maxHeaderListPairs: 64,
      maxSettings: 32,
      maxOutstandingPings: 2,
      maxSessionInvalidFrames: 100,
      maxSessionRejectedStreams: 100,
      settings: {
        maxConcurrentStreams: limits.streamsPerConnection,
        maxHeaderListSize: limits.headerOctets,
        enableConnectProtocol: false,
      },
    }
  }

  private serveStreams(session: ServerHttp2Session, socket: Socket): void {
    const { limits } = this.deps
    const closeIn = (ms: number): NodeJS.Timeout =>
      setTimeout(() => this.retire(session, socket), ms)
    const resets = calmly(session, 'resets', limits.resets)
    const { awaits, holds, left } = this.deps.load.connected(() =>
      calm(session, 'streams that wait for their peer'),
    )
    const peer: CallPeer = {
      awaits,
      holds,
      address: socket.remoteAddress ?? 'unknown',
      late: calmly(session, 'requests that do not arrive', limits.lateRequests),
    }
    session.once('close', left)
    let calls = 0
    let idle = closeIn(limits.firstCallMs)
    session.once('close', () => clearTimeout(idle))
    session.on('stream', (stream, headers) => {
      clearTimeout(idle)
      calls += 1
      // The peer resets a stream, or breaks a rule on it: 'close' follows, and is all that counts.
      stream.on('error', () => undefined)
      stream.once('close', () => {
        calls -= 1
        // A reset without an error is one as well, where there was no answer yet.
        if (stream.rstCode !== NGHTTP2_NO_ERROR || !stream.headersSent) resets()
        if (calls > 0 || session.destroyed) return
        clearTimeout(idle)
        idle = closeIn(limits.idleMs)
      })
      serveCall(stream, headers, peer, this.deps).catch((thrown: unknown) => {
        this.deps.log.error({ err: thrown, remote: peer.address }, 'a call broke')
        stream.destroy()
      })
    })
  }

  /** Ends a connection that nobody uses. A peer that does not hang up is hung up on. */
  private retire(session: ServerHttp2Session, socket: Socket): void {
    session.close()
    const timer = setTimeout(() => socket.destroy(), this.deps.limits.flushMs)
    socket.once('close', () => clearTimeout(timer))
  }
}

/** Counts what a peer may do only so often in ten seconds; past that, the connection ends. */
function calmly(session: ServerHttp2Session, what: string, limit: number): () => void {
  let windowStart = performance.now()
  let count = 0
  return () => {
    const now = performance.now()
    if (now - windowStart > WINDOW_MS) {
      windowStart = now
      count = 0
    }
    count += 1
    if (count > limit) calm(session, what)
  }
}

function calm(session: ServerHttp2Session, what: string): void {
  session.destroy(new Error(`too many ${what}`), NGHTTP2_ENHANCE_YOUR_CALM)
}
