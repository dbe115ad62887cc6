import { namespaceDocument } from './namespace-document.mjs'

/** `capstan apply` takes a document of at most 1 MiB. */
const ENTRIES_PER_APPLY = 5000

/** The cluster, and an entry for each service account `count` of them from `first` on. */
export function applyEntries(capstan, { first = 0, count, how, progress = () => undefined }) {
  for (let done = 0; done < count; done += ENTRIES_PER_APPLY) {
    const some = Math.min(ENTRIES_PER_APPLY, count - done)
    capstan.apply(namespaceDocument({ first: first + done, count: some, how }))
    progress(first + done + some)
  }
}
