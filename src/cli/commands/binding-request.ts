import type { OptionSpec } from '../command.js'
import type { Invocation } from '../invocation.js'
import type { JsonReader } from '../json-reader.js'
import { type Outcome, usage } from '../problem.js'

export type BindingRequest = Readonly<Record<string, unknown>>

/** The three kinds of evidence that an entry can be bound to. */
export const bindingOptions: readonly OptionSpec[] = [
  {
    flags: '--k8s <cluster/namespace/service-account>',
    description: 'a Kubernetes service account',
    repeat: 'many',
  },
  {
    flags: '--vm <attestor>',
    description: 'a virtual machine, by the key=value pairs that follow',
  },
  { flags: '--edge <attestor/device>', description: 'a device' },
  { flags: '--fleet <fleet>', description: 'the fleet of the --edge device' },
]

/** `prod/payments/api`: the last two are the namespace and the service account. */
export function parseKubernetesBinding(text: string): Outcome<BindingRequest> {
  const parts = text.split('/')
  const [namespace, serviceAccount] = parts.slice(-2)
  const cluster = parts.slice(0, -2).join('/')
  if (
    parts.length < 3 ||
    parts.includes('') ||
    namespace === undefined ||
    serviceAccount === undefined
  ) {
    return usage('--k8s names no service account', {
      wanted: 'CLUSTER/NAMESPACE/SERVICE-ACCOUNT, for example prod/payments/api',
      found: JSON.stringify(text.slice(0, 100)),
    })
  }
  return { ok: true, value: { kind: 'k8s', cluster, namespace, serviceAccount } }
}

/** Every binding that the options ask for. `pairs` are the selectors of `--vm`. */
export function bindingsFromOptions(
  call: Invocation,
  pairs: readonly string[],
): Outcome<readonly BindingRequest[]> {
  const bindings: BindingRequest[] = []
  for (const text of call.texts('k8s')) {
    const binding = parseKubernetesBinding(text)
    if (!binding.ok) return binding
    bindings.push(binding.value)
  }
  const attestor = call.text('vm')
  if (attestor === undefined && pairs.length > 0) {
    return usage('key=value pairs go with --vm', { found: pairs.join(' ').slice(0, 100) })
  }
  if (attestor !== undefined) {
    const match = parseSelectors(pairs)
    if (!match.ok) return match
    bindings.push({ kind: 'vm', attestor, match: match.value })
  }
  const edge = call.text('edge')
  if (edge !== undefined) {
    const binding = parseEdgeBinding(edge, call.text('fleet'))
    if (!binding.ok) return binding
    bindings.push(binding.value)
  }
  return { ok: true, value: bindings }
}

/** `region=eu project=a project=b`: a key said twice matches either value. */
function parseSelectors(
  pairs: readonly string[],
): Outcome<Readonly<Record<string, readonly string[]>>> {
  const values = new Map<string, string[]>()
  for (const pair of pairs) {
    const cut = pair.indexOf('=')
    if (cut < 1) {
      return usage('not a selector', {
        wanted: 'key=value',
        found: JSON.stringify(pair.slice(0, 100)),
      })
    }
    const key = pair.slice(0, cut)
    values.set(key, [...(values.get(key) ?? []), pair.slice(cut + 1)])
  }
  if (values.size === 0) {
    return usage('--vm needs what to match', {
      wanted: 'key=value pairs, for example project=payments',
    })
  }
  return { ok: true, value: Object.fromEntries(values) }
}

function parseEdgeBinding(text: string, fleet: string | undefined): Outcome<BindingRequest> {
  const [attestor, device, more] = text.split('/')
  if (!attestor || !device || more !== undefined) {
    return usage('--edge names no device', {
      wanted: 'ATTESTOR/DEVICE, for example tpm/gateway-17',
    })
  }
  return {
    ok: true,
    value: { kind: 'edge', attestor, device, ...(fleet === undefined ? {} : { fleet }) },
  }
}

/** One binding in one line: `k8s prod/payments/api`. */
export function showBinding(binding: JsonReader): string {
  const kind = binding.text('kind')
  switch (kind) {
    case 'k8s':
      return `k8s ${binding.text('cluster')}/${binding.text('namespace')}/${binding.text('serviceAccount')}`
    case 'vm':
      return `vm ${binding.text('attestor')} ${showMatch(binding.object('match'))}`
    case 'edge': {
      const fleet = binding.optional('fleet')
      const device = `edge ${binding.text('attestor')}/${binding.text('device')}`
      return fleet === undefined ? device : `${device} fleet ${fleet}`
    }
    default:
      return kind
  }
}

function showMatch(match: JsonReader): string {
  return Object.keys(match.value)
    .flatMap((key) => {
      const value = match.value[key]
      const values = Array.isArray(value) ? match.texts(key) : [match.text(key)]
      return values.map((one) => `${key}=${one}`)
    })
    .join(' ')
}
