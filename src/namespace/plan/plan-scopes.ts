import type { Alias } from '../../core/alias.js'
import { canonicalize } from '../../core/canonical-json.js'
import type { NamespaceDocument } from '../change-request.js'
import { ceiling } from '../effective-envelope.js'
import { fullEnvelope, meet } from '../envelope.js'
import { type Guard, normalizeGuard } from '../guard/guard.js'
import type { IndexState } from '../state.js'
import { planEnvelope, wantedEnvelope } from './plan-envelope.js'
import { brief, linesOf, type PlannedChange } from './planned-change.js'
import type { Scopes } from '../scope-path.js'

/** The changes of scopes, and the scopes as they will be: what entries are cut down to. */
export function planScopes(
  state: IndexState,
  { scopes = [] }: NamespaceDocument,
): { readonly changes: readonly PlannedChange[]; readonly after: Scopes } {
  const planned = new Map<string, ReturnType<Scopes['scopeByAlias']>>()
  const after: Scopes = {
    root: state.root,
    scopeByAlias: (alias) => planned.get(alias) ?? state.scopeByAlias(alias),
  }
  const parentsFirst = [...scopes].sort(
    (a, b) => a.alias.split('/').length - b.alias.split('/').length,
  )
  const changes = parentsFirst.flatMap(({ alias, envelope, guards }): readonly PlannedChange[] => {
    const name = alias as Alias
    const present = state.scopeByAlias(name)
    const subject = `scope ${alias}`
    const wanted = wantedEnvelope(state, meet(fullEnvelope, ceiling(after, name)), envelope)
    planned.set(alias, { state: 'active', ...present, alias: name, envelope: wanted })
    const guarded = planGuards(subject, { alias, present: present?.guards ?? [] }, guards)
    if (present) return [...planEnvelope(subject, present, wanted), ...guarded]
    const request = { op: 'scope.create' as const, alias, ...(envelope && { envelope }) }
    return [{ request, kind: 'add', subject, lines: linesOf(envelope ?? {}) }, ...guarded]
  })
  return { changes, after }
}

/** Guards stay as they are where the document says nothing of them; new ones first, then none too many. */
function planGuards(
  subject: string,
  { alias, present }: { readonly alias: string; readonly present: readonly Guard[] },
  wanted: readonly Guard[] | undefined,
): PlannedChange[] {
  if (!wanted) return []
  const surplus = new Map(present.map((guard) => [guard.id, guard]))
  const set = wanted.flatMap((guard): PlannedChange[] => {
    const before = surplus.get(guard.id)
    surplus.delete(guard.id)
    const after = normalizeGuard(guard)
    if (before && canonicalize(before) === canonicalize(after)) return []
    const line = before
      ? `guard ${guard.id}: ${brief(before)} -> ${brief(after)}`
      : `guard: + ${brief(after)}`
    return [{ request: { op: 'guard.set', alias, guard }, kind: 'change', subject, lines: [line] }]
  })
  const cleared = [...surplus].map(([id, guard]): PlannedChange => ({
    request: { op: 'guard.clear', alias, guard: id },
    kind: 'change',
    subject,
    lines: [`guard ${id}: - ${brief(guard)}`],
  }))
  return [...set, ...cleared]
}
