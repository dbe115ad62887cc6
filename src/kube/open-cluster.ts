import { DependencyError } from '../core/dependency-error.js'
import type { Clock } from '../core/time.js'
import type { JwksSource } from '../tokenreview/ports.js'
import type { AskedParty } from '../tokenreview/review-token.js'
import { checkCluster, type ClusterCheck } from './check-cluster.js'
import { discoveryJwksSource, fileJwksSource, urlJwksSource } from './jwks-source.js'
import { connectKube, type KubeAccess, type KubeConnection } from './kube-connection.js'
import { kubeTokenReviewApi } from './token-review-api.js'

/** Where a cluster's public keys are read. */
export type JwksAccess =
  | { readonly file: string }
  | { readonly url: string }
  /** From the API server itself; needs `tokenReview`. */
  | { readonly discovery: true }

export interface ClusterOptions {
  readonly alias: string
  /** The exact `iss` of the cluster's tokens. */
  readonly issuer: string
  /** The one audience that is asked for. */
  readonly audience: string
  readonly validation: 'online' | 'offline' | 'both'
  readonly tokenReview?: KubeAccess
  readonly jwks?: JwksAccess
}

export interface OpenedCluster {
  /** For `tokenVerifier`. */
  readonly asked: AskedParty
  /** Asks the cluster itself; every check is made, and none of them throws. */
  check(clock: Clock, signal: AbortSignal): Promise<readonly ClusterCheck[]>
  close(): void
}

/**
 * The adapters of one governed cluster. Nothing is sent yet. Throws `DependencyError` when its
 * credentials cannot be read, or its options lack what its validation needs.
 */
export async function openCluster(options: ClusterOptions): Promise<OpenedCluster> {
  const { alias, tokenReview } = options
  const connection = tokenReview && (await connectKube(alias, tokenReview))
  const asked = askedParty(options, connection)
  return {
    asked,
    check: (clock, signal) => checkCluster({ options, connection, asked, clock }, signal),
    close: () => connection?.close(),
  }
}

function askedParty(options: ClusterOptions, connection?: KubeConnection): AskedParty {
  const { validation } = options
  if (validation === 'offline') return { validation, jwks: jwksSource(options, connection) }
  if (!connection) throw lacks(options, 'tokenReview: a kubeconfig, or inCluster')
  const api = kubeTokenReviewApi(connection)
  if (validation === 'online') return { validation, api }
  return { validation, api, jwks: jwksSource(options, connection) }
}

function jwksSource(options: ClusterOptions, connection?: KubeConnection): JwksSource {
  const { alias, issuer, jwks } = options
  if (!jwks) throw lacks(options, 'jwks: a file, an https url, or discovery')
  if ('file' in jwks) return fileJwksSource(`kubernetes ${alias}`, jwks.file)
  if ('url' in jwks) return urlJwksSource(`kubernetes ${alias}`, jwks.url)
  if (!connection) throw lacks(options, 'tokenReview: discovery asks the API server')
  return discoveryJwksSource(connection, issuer)
}

function lacks({ alias, validation }: ClusterOptions, what: string): DependencyError {
  return new DependencyError(`kubernetes ${alias}`, `${validation} validation needs ${what}`)
}
