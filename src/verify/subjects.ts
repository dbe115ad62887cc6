import type { Alias } from '../core/alias.js'
import { ok, refuse, type Result } from '../core/result.js'
import type { Refusal } from '../core/refusal.js'
import type { Uid } from '../core/uid.js'
import { canonicalize } from '../core/canonical-json.js'
import { open } from '../namespace/dsse.js'
import type { Entry } from '../namespace/entry.js'
import { unknown } from '../namespace/resolve-request.js'
import type { Scope } from '../namespace/scope.js'
import type { IndexState } from '../namespace/state.js'
import { readProposal } from '../namespace/statements.js'
import type { Bundle, ShownCommit } from './bundle.js'
import { aliasesAbove } from './scopes-above.js'

/** The entry and what is above it, all of one moment. */
export interface Subjects {
  readonly index: string
  readonly entry: Entry
  readonly root: Scope
  readonly above: readonly { readonly alias: Alias; readonly scope: Scope | undefined }[]
  /** Scopes beside them whose groups decided about what is shown, by uid. */
  readonly elsewhere: readonly Scope[]
  /** Numbers of the records about each. */
  readonly records: ReadonlyMap<string, readonly number[]>
}

/** `elsewhere`: uids of scopes that are shown too, where they are not above the entry. */
export function subjectsOf(
  state: IndexState,
  alias: Alias,
  elsewhere: ReadonlySet<Uid>,
): Result<Subjects, Refusal<'namespace.unknown' | 'namespace.wrong-state'>> {
  const entry = state.resolve(alias)
  if (!entry) return unknown('entry', alias)
  if (entry.state === 'retiring') {
    return refuse('namespace.wrong-state', `the entry ${entry.alias} is retired`, {
      wanted: 'an entry that has its alias',
    })
  }
  const above = aliasesAbove(entry.alias).map((one) => ({
    alias: one,
    scope: state.scopeByAlias(one),
  }))
  const { root, index } = state
  const shown = new Set([root.uid, ...above.flatMap(({ scope }) => scope?.uid ?? [])])
  const beside = [...elsewhere].filter((uid) => !shown.has(uid)).sort()
  const found = {
    index,
    entry,
    root,
    above,
    elsewhere: beside.flatMap((uid) => state.scopes.get(uid) ?? []),
  }
  const records = new Map(objectsOf(found).map(({ uid }) => [uid, state.recordsOf(uid)]))
  return ok({ ...found, records })
}

export const objectsOf = ({
  entry,
  root,
  above,
  elsewhere,
}: Omit<Subjects, 'records'>): readonly (Entry | Scope)[] => [
  entry,
  root,
  ...above.flatMap(({ scope }) => scope ?? []),
  ...elsewhere,
]

/**
 * Scopes that a bundle would have to show beside those it does: those whose groups decided, those that
 * were asked where something moved to, and those above them.
 */
export function missingScopes(
  state: Pick<IndexState, 'scopes' | 'scopeByAlias'>,
  { entry, root, above, elsewhere = [] }: Bundle,
): readonly Uid[] {
  const shown = [root, ...above.flatMap(({ scope }) => scope ?? []), ...elsewhere]
  const known = new Set(shown.map((one) => one.state.uid))
  const deciding = [entry, ...shown].flatMap(({ commits }) => commits.flatMap(decidersOf))
  const aliases = [
    ...elsewhere.map((one) => one.state.alias),
    ...entry.commits.map(({ record }) => record.subject.alias),
  ]
  const over = aliases
    .flatMap(aliasesAbove)
    .flatMap((alias) => state.scopeByAlias(alias)?.uid ?? [])
  return [...new Set([...deciding, ...over])].filter(
    (uid) => !known.has(uid) && state.scopes.get(uid) !== undefined,
  )
}

const decidersOf = ({ record, envelopes: [first] }: ShownCommit): readonly Uid[] => {
  const statement = first && open(Buffer.from(canonicalize(first)))
  const reads = (statement && readProposal(statement))?.reads ?? []
  return [record.group.uid, ...reads.map(({ uid }) => uid)]
}
