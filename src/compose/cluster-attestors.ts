import { DependencyError } from '../core/dependency-error.js'
import type { PodAttestor } from '../attestation/pod-attestor.js'
import type { Clock, RandomBytes } from '../core/time.js'
import type { Uid } from '../core/uid.js'
import { type OpenedCluster, openCluster } from '../kube/open-cluster.js'
import { systemTimers } from '../kube/timers.js'
import type { Cluster } from '../namespace/cluster.js'
import type { IndexState } from '../namespace/state.js'
import { defaultReviewLimits } from '../tokenreview/review-queue.js'
import { type TokenVerifier, tokenVerifier } from '../tokenreview/review-token.js'

interface Deps {
  readonly index: { readonly state: IndexState }
  readonly clock: Clock
  readonly random: RandomBytes
  readonly limits: {
    readonly concurrency: number
    readonly queue: number
    readonly totalMs: number
  }
}

interface Opened {
  readonly rev: number
  readonly cluster: Promise<OpenedCluster>
  readonly verifier: Promise<TokenVerifier>
}

interface Check {
  readonly name: string
  readonly ok: boolean
  readonly detail: string
  /** A command that would put it right. */
  readonly next?: string
}

/** The attestor of each registered cluster, opened when first asked and again when it changes. */
export class ClusterAttestors {
  private readonly opened = new Map<Uid, Opened>()
  private readonly deps: Deps

  constructor(deps: Deps) {
    this.deps = deps
  }

  /** Undefined when no such cluster is registered. */
  attestor(uid: Uid): PodAttestor | undefined {
    const cluster = this.deps.index.state.clusters.get(uid)
    if (!cluster) return undefined
    return {
      verify: async (token, now, caller) => {
        const verifier = await this.open(cluster).verifier
        return verifier.verify(token, now, caller)
      },
    }
  }

  /** Every check that the cluster's validation needs, made now. */
  async check(cluster: Cluster, signal: AbortSignal): Promise<readonly Check[]> {
    try {
      const opened = await this.open(cluster).cluster
      return await opened.check(this.deps.clock, signal)
    } catch (error) {
      if (!(error instanceof DependencyError)) throw error
      return [{ name: 'credentials', ok: false, detail: error.message }]
    }
  }

  async close(): Promise<void> {
    for (const { cluster } of this.opened.values()) {
      await cluster.then(
        (opened) => opened.close(),
        () => undefined,
      )
    }
    this.opened.clear()
  }

  private open(cluster: Cluster): Opened {
    const known = this.opened.get(cluster.uid)
    if (known?.rev === cluster.rev) return known
    const connecting = openCluster(cluster)
    const opened: Opened = {
      rev: cluster.rev,
      cluster: connecting,
      verifier: connecting.then((access) => this.verifierOf(cluster, access)),
    }
    // What could not be opened is tried again by the next request.
    opened.verifier.catch(() => this.opened.delete(cluster.uid))
    this.opened.set(cluster.uid, opened)
    void known?.cluster.then(
      (old) => old.close(),
      () => undefined,
    )
    return opened
  }

  private verifierOf(cluster: Cluster, access: OpenedCluster): TokenVerifier {
    const { clock, random, limits } = this.deps
    return tokenVerifier({
      cluster: cluster.uid,
      alias: cluster.alias,
      issuer: cluster.issuer,
      audience: cluster.audience,
      asked: access.asked,
      clock,
      timers: systemTimers(random),
      limits: { ...defaultReviewLimits, ...limits },
    })
  }
}
