import { type Alias, ROOT } from '../../core/alias.js'
import { ok, type Result } from '../../core/result.js'
import { type DecidingState, responsibleFor } from '../decide.js'
import { type ChangeClass, changeClasses, type Group, type Voter } from '../group.js'
import type { Guard } from '../guard/guard.js'
import { underGuards } from '../guard/quorum-floor.js'
import type { Operation, Single } from '../operation.js'
import type { IndexState } from '../state.js'
import { type Coalitions, minimalCoalitions } from './coalitions.js'
import { scopePath } from '../scope-path.js'

/** Who may change something, and what it takes. */
export interface Authority {
  /** Of the scope whose voters decide. */
  readonly scope: Alias
  readonly group: Group
  readonly classes: readonly ClassAuthority[]
  /** Of every scope above, the root's first. */
  readonly guards: readonly { readonly scope: Alias; readonly guard: Guard }[]
}

export interface ClassAuthority extends Coalitions {
  readonly class: ChangeClass
  /** With what guards above want. */
  readonly threshold: number
  readonly controllers: number
  /** Seconds between the votes and their effect. */
  readonly timelock: number
  /** Does it take somebody beside whoever proposed it? */
  readonly seconded: boolean
}

/** The classes that a change may have: which one, its before and after say. */
export const classesOf: Readonly<Record<Operation['op'], readonly ChangeClass[]>> = {
  'scope.create': ['structural'],
  'scope.suspend': ['narrowing'],
  'scope.reactivate': ['structural'],
  'scope.retire': ['narrowing'],
  'entry.create': ['sensitive'],
  'entry.suspend': ['narrowing'],
  'entry.reactivate': ['sensitive'],
  'entry.retire': ['narrowing'],
  'entry.update': ['routine', 'sensitive'],
  'entry.rename': ['sensitive'],
  'binding.add': ['sensitive'],
  'binding.remove': ['narrowing'],
  'envelope.set': ['narrowing', 'sensitive', 'structural'],
  'group.set': ['structural'],
  'cluster.register': ['structural'],
  'cluster.update': ['structural'],
  'cluster.remove': ['narrowing'],
  'rule.attach': ['sensitive'],
  'rule.replace': ['narrowing', 'sensitive'],
  'rule.detach': ['narrowing'],
  'split.set': ['routine', 'sensitive'],
  'split.clear': ['routine'],
  'brake.lift': ['sensitive', 'structural'],
  'voter.reinstate': ['sensitive'],
  'emergency.ratify': ['sensitive'],
  'guard.set': ['narrowing', 'structural'],
  'guard.clear': ['structural'],
  changes: changeClasses,
} satisfies Record<Single['op'] | 'changes', readonly ChangeClass[]>

const carefully: readonly ChangeClass[] = ['sensitive', 'structural']

/** All that an answer is looked up in. */
export type AuthorityState = DecidingState & Pick<IndexState, 'scopeByAlias' | 'resolve'>

/** Of a name that need not be anybody's yet. Work does not grow with the index. */
export function authorityOver(
  state: AuthorityState,
  alias: Alias,
  op?: Operation['op'],
): Result<Authority> {
  const own = alias === ROOT ? state.root : state.scopeByAlias(alias)
  const entry = own ? undefined : state.resolve(alias)
  const subject = { alias: entry?.alias ?? alias, ...(own && { uid: own.uid }) }
  const { uid, group } = responsibleFor(state, { op: op ?? 'entry.update', subject })
  const under = underGuards(state, [subject.alias], group)
  const path = subject.alias === ROOT ? [] : scopePath(state, subject.alias)
  return ok({
    scope: state.scopes.get(uid)?.alias ?? ROOT,
    group,
    classes: (op === undefined ? changeClasses : classesOf[op]).map((name) => ({
      class: name,
      threshold: under.threshold[name],
      controllers: under.minControllers[name],
      timelock: group.timelock?.[name] ?? 0,
      seconded: !group.solo && carefully.includes(name),
      ...minimalCoalitions(under, name),
    })),
    guards: path.flatMap(({ alias: scope, guards = [] }) =>
      guards.map((guard) => ({ scope, guard })),
    ),
  })
}

/** As it is shown: without the keys of voters. */
export interface ShownAuthority extends Pick<Authority, 'scope' | 'classes' | 'guards'> {
  readonly alias: Alias
  /** Revision of the group. */
  readonly group: number
  readonly solo: boolean
  readonly voters: readonly Pick<Voter, 'id' | 'controller' | 'weight' | 'status'>[]
  readonly proposers: readonly string[]
}

export const shownAuthority = (
  alias: Alias,
  { scope, group, classes, guards }: Authority,
): ShownAuthority => ({
  alias,
  scope,
  group: group.rev,
  solo: group.solo,
  voters: group.voters.map(({ id, controller, weight, status }) => ({
    id,
    controller,
    weight,
    status,
  })),
  proposers: (group.proposers ?? []).map(({ id }) => id),
  classes,
  guards,
})
