import type { Alias } from '../../core/alias.js'
import type { NamespaceDocument } from '../change-request.js'
import type { Cluster, ClusterFacts } from '../cluster.js'
import type { IndexState } from '../state.js'
import { difference, linesOf, type PlannedChange } from './planned-change.js'

export function planClusters(
  state: IndexState,
  { clusters = [] }: NamespaceDocument,
): PlannedChange[] {
  return clusters.flatMap(({ alias, ...cluster }): PlannedChange[] => {
    const present = state.clusterByAlias(alias as Alias)
    const subject = `cluster ${alias}`
    if (!present) {
      return [
        {
          request: { op: 'cluster.register', alias, cluster },
          kind: 'add',
          subject,
          lines: linesOf(cluster),
        },
      ]
    }
    const lines = difference(factsOf(present), cluster)
    if (lines.length === 0) return []
    return [{ request: { op: 'cluster.update', alias, cluster }, kind: 'change', subject, lines }]
  })
}

function factsOf(cluster: Cluster): ClusterFacts {
  const { kind: _kind, uid: _uid, alias: _alias, state: _state, ...rest } = cluster
  const { rev: _rev, head: _head, createdAt: _createdAt, ...facts } = rest
  return facts
}
