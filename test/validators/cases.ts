import { type LeafKey, leafKeys } from './leaf-keys.js'
import type { Chain, IssuingHierarchy } from './issued-chains.js'
import { type HierarchyName, hierarchyNames, type LeafKind, leafKinds } from './matrix.js'
import { type TwinName, twinNames, twins } from './twins.js'
import type { Purpose } from './validator.js'

/** One chain of one hierarchy, good or wrong in one thing, and what it is judged for. */
export interface Case {
  readonly hierarchy: HierarchyName
  readonly leaf: LeafKind
  readonly key: LeafKey
  /** Absent: nothing is wrong with it. */
  readonly twin?: TwinName
  readonly purposes: readonly Purpose[]
  readonly title: string
  readonly make: (given: IssuingHierarchy) => Promise<Chain>
}

const BOTH: readonly Purpose[] = ['server', 'client']

const goodCases = (hierarchy: HierarchyName): readonly Case[] =>
  leafKinds.flatMap((leaf) =>
    // The server's own keys are always of P-256.
    (leaf === 'Linkerd' || leaf === 'SPIFFE' ? leafKeys : (['P-256'] as const)).map((key) => ({
      hierarchy,
      leaf,
      key,
      purposes: BOTH,
      title: `${leaf} leaf, ${key}`,
      make: (given) => given.issue(leaf, key),
    })),
  )

const twinCases = (hierarchy: HierarchyName): readonly Case[] =>
  twinNames.flatMap((twin) =>
    twins[twin].leaves.map((leaf) => ({
      hierarchy,
      leaf,
      key: 'P-256',
      twin,
      purposes: twins[twin].purposes,
      title: `${twin} (${leaf})`,
      make: (given) => twins[twin].make(given, leaf),
    })),
  )

export const cases: readonly Case[] = hierarchyNames.flatMap((hierarchy) => [
  ...goodCases(hierarchy),
  ...twinCases(hierarchy),
])
