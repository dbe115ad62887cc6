import type { Clock } from '../core/time.js'
import { toldRecoveries } from '../namespace/recovery/recovery-view.js'
import type { MetricsSources } from '../server/metrics.js'
import type { UseCases } from './assemble.js'

export function metricsSourcesOf(
  { authority, store, index }: Pick<UseCases, 'authority' | 'store' | 'index'>,
  clock: Clock,
  cosigning: MetricsSources['cosigning'] = () => [],
): MetricsSources {
  const { tree } = store.issuanceLog
  return {
    clock,
    cosigning,
    issuers: () => authority().issuers,
    trustAnchors: () => authority().trustAnchors,
    recoveries: () => toldRecoveries(index.state, clock.now()).map(({ mark }) => mark),
    ledger: () => ({ queueDepth: store.queueDepth(), lagSeconds: store.lagSeconds() }),
    issuance: async () => {
      const { size: signed = 0 } = (await tree.checkpoint()) ?? {}
      const { size } = await tree.head()
      const uncoveredSince = size > signed ? await store.issuanceLog.issuedAt(signed) : undefined
      return { size, signed, uncoveredSince }
    },
  }
}
