import { canonicalize } from '../core/canonical-json.js'
import { base32, sha256, type Uid } from '../core/uid.js'

/** Evidence that an entry answers to. AND of all its members. */
export type BindingFacts =
  | {
      readonly kind: 'k8s'
      readonly cluster: Uid
      readonly namespace: string
      readonly serviceAccount: string
    }
  | {
      readonly kind: 'vm'
      readonly attestor: string
      /** Each key holds one of its values. */
      readonly match: Readonly<Record<string, readonly string[]>>
    }
  | {
      readonly kind: 'edge'
      readonly attestor: string
      readonly device: string
      readonly fleet?: string
    }

export type Binding = BindingFacts & {
  /** `b` and 12 base32 characters of the digest of its canonical JSON. */
  readonly id: string
}

export function bindingOf(facts: BindingFacts): Binding {
  return { ...facts, id: `b${base32(sha256(canonicalize(facts))).slice(0, 12)}` }
}

/** What belongs to one entry at a time; undefined for selectors, which are compared by overlap. */
export function bindingKey(binding: BindingFacts): string | undefined {
  switch (binding.kind) {
    case 'k8s':
      return `k8s:${binding.cluster}/${binding.namespace}/${binding.serviceAccount}`
    case 'edge':
      return `edge:${binding.attestor}/${binding.device}`
    case 'vm':
      return undefined
  }
}

/** Could one machine fit both? So unless a key that both name has no value in common. */
export function selectorsOverlap(a: BindingFacts, b: BindingFacts): boolean {
  if (a.kind !== 'vm' || b.kind !== 'vm' || a.attestor !== b.attestor) return false
  return Object.entries(a.match).every(([key, values]) => {
    // A key may be spelled like a member that every object inherits.
    const others = Object.hasOwn(b.match, key) ? b.match[key] : undefined
    return others === undefined || values.some((value) => others.includes(value))
  })
}
