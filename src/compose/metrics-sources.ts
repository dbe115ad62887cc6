import type { Clock } from '../core/time.js'
import type { MetricsSources } from '../server/metrics.js'
import type { UseCases } from './assemble.js'

export function metricsSourcesOf(
  { authority, store }: Pick<UseCases, 'authority' | 'store'>,
  clock: Clock,
): MetricsSources {
  return {
    clock,
    issuers: () => authority().issuers,
    trustAnchors: () => authority().trustAnchors,
    ledger: () => ({ queueDepth: store.queueDepth(), lagSeconds: store.lagSeconds() }),
  }
}
