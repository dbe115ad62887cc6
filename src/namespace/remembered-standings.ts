import { type StandingOf, standing } from './grant.js'

/**
 * `standing` with a memory: envelopes are met along a path and names are computed once for each
 * binding, as long as the index does not change. A head is the hash of the whole log, and the state
 * is a pure fold over the log: one head has one standing. Holds at most `size` of them.
 */
export function rememberedStandings(size: number): StandingOf {
  let of = ''
  let known = new Map<string, ReturnType<StandingOf>>()
  return (state, entry, binding) => {
    if (state.head !== of || known.size >= size) {
      of = state.head
      known = new Map()
    }
    const key = `${entry.uid}/${binding?.id ?? ''}`
    const remembered = known.get(key)
    if (remembered) return remembered
    const computed = standing(state, entry, binding)
    known.set(key, computed)
    return computed
  }
}
