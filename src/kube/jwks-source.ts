import { open } from 'node:fs/promises'
import { DependencyError } from '../core/dependency-error.js'
import type { JwksSource } from '../tokenreview/ports.js'
import { type JsonObject, member, parseStrictObject } from '../tokenreview/strict-json.js'
import { type BoundedAnswer, boundedRequest, reasonOf } from './bounded-request.js'
import type { KubeConnection } from './kube-connection.js'

const MAX_BYTES = 1_048_576
const DISCOVERY = '/.well-known/openid-configuration'
/** Where every API server publishes its keys, whatever host its discovery document names. */
const KEYS = '/openid/v1/jwks'

export function fileJwksSource(name: string, path: string): JwksSource {
  return {
    async fetch() {
      const bytes = await readBounded(path).catch(() => undefined)
      if (!bytes) throw new DependencyError(name, `cannot read its key set from ${path}`)
      return parse(name, bytes)
    },
  }
}

/** `url` is https, verified against the machine's own roots. */
export function urlJwksSource(name: string, url: string): JwksSource {
  return {
    async fetch(signal) {
      let answer: BoundedAnswer
      try {
        answer = await boundedRequest({ url, method: 'GET', signal })
      } catch (error) {
        throw new DependencyError(name, `key set at ${url}: ${reasonOf(error)}`)
      }
      if (answer.status !== 200) {
        throw new DependencyError(name, `key set at ${url}: it answered ${answer.status}`)
      }
      return parse(name, Buffer.from(answer.text))
    },
  }
}

/**
 * The API server's own discovery. Its `jwks_uri` may name any host and is not followed: our
 * credentials never leave the cluster, and nobody else gets to name its keys.
 */
export function discoveryJwksSource(connection: KubeConnection, issuer: string): JwksSource {
  return {
    async fetch(signal) {
      const found = await discoveredIssuer(connection, signal)
      if (found !== issuer) {
        throw new DependencyError(connection.name, 'its discovery document names another issuer')
      }
      const answer = await connection.get(KEYS, signal)
      return parse(connection.name, Buffer.from(answer.text))
    },
  }
}

/** The `issuer` of the API server's discovery document, as it is written there. */
export async function discoveredIssuer(
  connection: KubeConnection,
  signal: AbortSignal,
): Promise<unknown> {
  const answer = await connection.get(DISCOVERY, signal)
  return member(parse(connection.name, Buffer.from(answer.text)), 'issuer')
}

function parse(name: string, bytes: Uint8Array): JsonObject {
  const document = parseStrictObject(bytes)
  if (!document) throw new DependencyError(name, 'its key set or discovery is no JSON object')
  return document
}

async function readBounded(path: string): Promise<Uint8Array | undefined> {
  await using file = await open(path)
  const buffer = Buffer.alloc(MAX_BYTES + 1)
  const { bytesRead } = await file.read(buffer, 0, buffer.length, 0)
  return bytesRead > MAX_BYTES ? undefined : buffer.subarray(0, bytesRead)
}
