import type { ChangeRequest } from '../../src/namespace/change-request.js'
import { responsibleFor, subjectOf } from '../../src/namespace/decide.js'
import type { Operation, Part } from '../../src/namespace/operation.js'
import { resolveRequest } from '../../src/namespace/resolve-request.js'
import type { IndexState } from '../../src/namespace/state.js'
import { owner } from '../namespace/given-index.js'

/** What these requests would have there be, as somebody would write it down. */
export function documentOf(requests: readonly ChangeRequest[]): unknown {
  const wanted = new Map<string, unknown>()
  for (const { op, alias } of requests) {
    if (!op.startsWith('entry.')) continue
    const state = op === 'entry.suspend' ? 'suspended' : 'active'
    wanted.set(alias, { alias, owner, state, labels: { by: op.slice(6) } })
  }
  return { apiVersion: 'capstan/v1', entries: [...wanted.values()] }
}

/** The same as one operation, of the scope that decides about the first of them. */
export function bundleOf(
  state: IndexState,
  requests: readonly ChangeRequest[],
): Operation | undefined {
  const touched = new Map<string, number>()
  const changes: Part[] = []
  for (const request of requests) {
    const resolved = resolveRequest(state, request)
    if (!resolved.ok) continue
    const { op, subject, body } = resolved.value
    const before = subjectOf(state, { subject })
    const after = touched.get(subject.alias)
    const base =
      after === undefined ? (before ? { rev: before.rev, head: before.head } : null) : { after }
    touched.set(subject.alias, changes.length)
    changes.push({ op, subject, body, base })
  }
  const [first] = changes
  if (!first) return undefined
  const scope = state.scopes.get(responsibleFor(state, first).uid)
  if (!scope) return undefined
  return {
    op: 'changes',
    subject: { alias: scope.alias, uid: scope.uid },
    body: { changes },
  }
}
