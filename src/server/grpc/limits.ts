/** What one gRPC listener gives to strangers at most. Times are milliseconds. */
export interface GrpcLimits {
  /** TCP connections, handshakes included; for a further one the oldest of whoever has most is closed. */
  readonly connections: number
  /** Open calls of one connection. Linkerd's own server knows no limit; 100 was once too few. */
  readonly streamsPerConnection: number
  /** Calls of all connections under work, counted until it has ended, also when the caller has left. */
  readonly calls: number
  /** Streams of all connections that wait for their peers: for a request, or to have an answer taken. */
  readonly awaited: number
  /** Health watches of all connections. */
  readonly watches: number
  readonly messageOctets: number
  /**
   * Octets of requests that one connection may have under way, of all its calls (RFC 9113 section
   * 6.9): with HTTP/2's 65,535, some forty calls, callers who share a connection wait for each other.
   */
  readonly connectionWindow: number
  /** Memory for requests of all connections; past it, and past `awaited`, the greediest one is ended. */
  readonly bufferedOctets: number
  /** Names, values and 32 for each pair, as RFC 9113 section 6.5.2 counts. */
  readonly headerOctets: number
  /** SETTINGS and PING frames of one connection in ten seconds. */
  readonly controlFrames: number
  /** Streams of one connection that end by a reset in ten seconds. nghttp2 goes deaf at 1000. */
  readonly resets: number
  /** Requests of one connection that did not arrive in time, in ten seconds. */
  readonly lateRequests: number
  readonly handshakeMs: number
  /** From the end of the handshake to the first call. */
  readonly firstCallMs: number
  /** Without a call. */
  readonly idleMs: number
  /** For a request to arrive whole. */
  readonly requestMs: number
  /** For the work on it; a caller may ask for less by `grpc-timeout`. */
  readonly answerMs: number
  /** For the caller to take the answer. */
  readonly flushMs: number
}

export const defaultGrpcLimits: GrpcLimits = {
  connections: 4096,
  streamsPerConnection: 1000,
  calls: 10_000,
  awaited: 5000,
  watches: 64,
  messageOctets: 65_536,
  connectionWindow: 1024 * 1024,
  bufferedOctets: 64 * 1024 * 1024,
  headerOctets: 16_384,
  controlFrames: 200,
  resets: 500,
  lateRequests: 20,
  handshakeMs: 10_000,
  firstCallMs: 10_000,
  idleMs: 60_000,
  requestMs: 10_000,
  answerMs: 30_000,
  flushMs: 10_000,
}
