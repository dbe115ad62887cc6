import type { Binding } from '../binding.js'
import type { BindingRequest } from '../change-request.js'
import type { Entry } from '../entry.js'
import type { IndexState } from '../state.js'
import { brief, type PlannedChange } from './planned-change.js'

export function planBindings(
  state: IndexState,
  subject: string,
  present: Entry,
  wanted: readonly BindingRequest[],
): PlannedChange[] {
  const { alias } = present
  const spelled = new Map(
    present.bindings.map((binding) => [brief(asRequest(state, binding)), binding]),
  )
  const missing = wanted.filter((binding) => !spelled.has(brief(binding)))
  const kept = new Set(wanted.map(brief))
  const surplus = [...spelled].filter(([text]) => !kept.has(text))
  return [
    ...surplus.map(([text, binding]): PlannedChange => ({
      request: { op: 'binding.remove', alias, binding: binding.id },
      kind: 'change',
      subject,
      lines: [`binding: - ${text}`],
    })),
    ...missing.map((binding): PlannedChange => ({
      request: { op: 'binding.add', alias, binding },
      kind: 'change',
      subject,
      lines: [`binding: + ${brief(binding)}`],
    })),
  ]
}

/** A stored binding as people write it. */
function asRequest(state: IndexState, { id: _id, ...binding }: Binding): BindingRequest {
  if (binding.kind !== 'k8s') return binding
  return { ...binding, cluster: state.clusters.get(binding.cluster)?.alias ?? binding.cluster }
}
