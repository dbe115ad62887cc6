import { isDeepStrictEqual } from 'node:util'
import type { Alias } from '../../src/core/alias.js'
import type { NamespaceDocument } from '../../src/namespace/change-request.js'
import type { IndexState } from '../../src/namespace/state.js'
import { hold } from './hold.js'

const ALIAS =
  /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\/[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?){0,7}$/

/** What must be so in every index, by looking at all of it. */
export function checkIndex(state: IndexState): void {
  const entries = [...state.entries.values()].filter((entry) => entry.state !== 'retiring')
  const scopes = [...state.scopes.values()].filter((scope) => scope.state !== 'retired')
  const clusters = [...state.clusters.values()].filter((cluster) => cluster.state === 'active')
  const places = [...entries, ...scopes].map(({ alias }) => alias)
  hold(areDistinct(places), 'an alias is of one entry or scope')
  hold(areDistinct(clusters.map(({ alias }) => alias)), 'an alias is of one cluster')
  for (const alias of [...places, ...clusters.map((cluster) => cluster.alias)]) {
    hold(alias === '' || (alias.length <= 200 && ALIAS.test(alias)), 'an alias is one')
  }
  const accounts = entries.flatMap(({ bindings }) =>
    bindings.filter(({ kind }) => kind !== 'vm').map(({ id }) => id),
  )
  hold(areDistinct(accounts), 'a service account or device is of one entry')
  for (const { bindings, validUntil = 0, labels, envelope } of entries) {
    for (const binding of bindings) {
      const isKnown = binding.kind !== 'k8s' || clusters.some(({ uid }) => uid === binding.cluster)
      hold(isKnown, 'a binding is to a cluster that there is')
    }
    hold(Number.isSafeInteger(validUntil) && validUntil >= 0, 'an entry ends at a time')
    hold(
      Object.values(labels).every((text) => typeof text === 'string'),
      'labels are texts',
    )
    for (const [from, to] of envelope.ports ?? []) hold(from <= to, 'a range has ports')
  }
}

/** What a document says of entries and clusters is so. */
export function checkApplied(state: IndexState, document: NamespaceDocument): void {
  for (const wanted of document.entries ?? []) {
    const entry = state.entryByAlias(wanted.alias as Alias)
    hold(isDeepStrictEqual(entry?.owner, wanted.owner), 'an entry has the owner of the document')
    hold(
      isDeepStrictEqual(entry?.labels, wanted.labels ?? {}),
      'an entry has the labels of the document',
    )
    hold(
      entry?.bindings.length === (wanted.bindings ?? []).length,
      'an entry has the bindings of the document',
    )
    hold(
      wanted.state === undefined || entry?.state === wanted.state,
      'an entry has the state of the document',
    )
    for (const list of ['rules', 'splits'] as const) {
      const said = wanted[list]
      hold(
        said === undefined || (entry?.[list] ?? []).length === said.length,
        `an entry has the ${list} of the document`,
      )
    }
  }
  for (const { alias, ...facts } of document.clusters ?? []) {
    const cluster = state.clusterByAlias(alias as Alias)
    const isSo = Object.entries(facts).every(([key, value]) =>
      isDeepStrictEqual(cluster?.[key as keyof typeof cluster], value),
    )
    hold(isSo, 'a cluster is as the document says')
  }
}

const areDistinct = (texts: readonly string[]): boolean => new Set(texts).size === texts.length
