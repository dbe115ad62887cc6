import type { Bundle } from '../../src/verify/bundle.js'

/** Whom a verifier believes, and when it looks. */
export interface BundleTrust {
  readonly index: string
  /** Of the log; the one that the genesis names where it is left out. */
  readonly key?: string | undefined
  readonly policy?: string
  readonly now: number
  readonly maxAge?: number
  /** It believes the log about who could decide, where a bundle does not show how that came. */
  readonly trustLog?: boolean
}

/** As it goes by the log where a bundle shows the latest changes of the root alone, and not the first. */
export function trusting(trust: BundleTrust, text: string): BundleTrust {
  const { root } = JSON.parse(text) as Bundle
  return root.commits[0]?.record.rev === 1 ? trust : { ...trust, trustLog: true }
}

export interface BundleVector {
  readonly what: string
  /** One of `bundles`, of whose octets `drop` from `at` on are `put` instead. */
  readonly bundle: string
  readonly at: number
  readonly drop: number
  readonly put: string
  readonly trust: BundleTrust
  /** Uid of the entry that is verified. */
  readonly entry?: string
  /** Code of the refusal. */
  readonly refused?: string
}

export interface BundleVectors {
  readonly bundles: Readonly<Record<string, string>>
  readonly vectors: readonly BundleVector[]
}

/** As a change of the bundle that it has most in common with. */
export function spliced(
  bundles: Readonly<Record<string, string>>,
  changed: string,
): Pick<BundleVector, 'bundle' | 'at' | 'drop' | 'put'> {
  const all = Object.entries(bundles).map(([bundle, whole]) => {
    let at = 0
    while (at < whole.length && whole[at] === changed[at]) at += 1
    let end = 0
    const most = Math.min(whole.length, changed.length) - at
    while (end < most && whole.at(-1 - end) === changed.at(-1 - end)) end += 1
    const put = changed.slice(at, changed.length - end)
    return { bundle, at, drop: whole.length - at - end, put }
  })
  return all.sort((a, b) => a.put.length - b.put.length)[0]!
}
