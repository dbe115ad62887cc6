import { clusterFacts, k8s } from '../given-index.js'

/** A copy with another value at `path` (`owner.contact`, `bindings.0`); without it where that is undefined. */
export function edited(value: object, path: string, to: unknown): Record<string, unknown> {
  const copy = JSON.parse(JSON.stringify(value)) as Record<string, unknown>
  const names = path.split('.')
  const last = names.pop() ?? ''
  let at = copy
  for (const name of names) at = at[name] as Record<string, unknown>
  if (to === undefined) Reflect.deleteProperty(at, last)
  else at[last] = to
  return copy
}

export const long = (length: number): string => 'x'.repeat(length)
export const many = <T>(count: number, make: (at: number) => T): T[] =>
  Array.from({ length: count }, (_, at) => make(at))
/** An object of so many members. */
export const members = (count: number, value: unknown): Record<string, unknown> =>
  Object.fromEntries(many(count, (at) => [`m${at}`, value]))

export const uid = (letter: string): string => letter + 'a'.repeat(31)
export const digest = 'a'.repeat(64)

/** Every member that an envelope has. */
export const envelope = {
  attestors: ['kubernetes', 'join-token', 'vm', 'edge'],
  maxTtl: 3600,
  keyAlgs: ['P-256', 'P-384', 'Ed25519', 'RSA'],
  usages: ['serverAuth', 'clientAuth'],
  sanKinds: ['dns-linkerd', 'dns-entry', 'spiffe'],
  names: ['', 'pay'],
  clusters: ['east'],
  mayCall: ['pay'],
  mayAccept: ['pay/api'],
  ports: [[1, 65_535]],
  allowUnauthenticated: false,
  federate: [uid('s')],
  graceAfterExpiry: 60,
  capabilities: ['reader', 'submitter'],
}

export const bindings = {
  k8s: k8s('east', 'pay', 'api.v2'),
  vm: { kind: 'vm', attestor: 'tpm', match: { rack: ['a', 'b'] } },
  edge: { kind: 'edge', attestor: 'tpm', device: 'till 7', fleet: 'north' },
}

export const cluster = {
  ...clusterFacts('east'),
  tokenReview: { kubeconfig: '/etc/kube', context: 'east' },
  jwks: { url: 'https://east.example/keys' },
}

export const owner = { controller: 'team-payments', contact: 'pay@acme.example' }
export const why = { reason: 'because', ticket: 'OPS-1' }

/** By operation, all that may be said; the members that may not be left out. */
type Shapes = Readonly<Record<string, readonly [object, readonly string[]]>>

export function shapeOf(shapes: Shapes, op: string): Shapes[string] {
  const found = shapes[op]
  if (!found) throw new Error(`no shape of ${op}`)
  return found
}

/** As people ask for them. */
export const requests: Shapes = {
  'scope.create': [{ envelope }, []],
  'scope.suspend': [{}, []],
  'scope.reactivate': [{}, []],
  'scope.retire': [{}, []],
  'entry.create': [
    {
      ...{ owner, envelope, bindings: Object.values(bindings), labels: { tier: '1' } },
      validUntil: '2030-01-01T00:00:00Z',
    },
    ['owner'],
  ],
  'entry.suspend': [{}, []],
  'entry.reactivate': [{}, []],
  'entry.retire': [{}, []],
  'entry.update': [{ owner, labels: {}, validUntil: null }, []],
  'entry.rename': [{ to: 'pay/b' }, ['to']],
  'binding.add': [{ binding: bindings.k8s }, ['binding']],
  'binding.remove': [{ binding: 'east/pay/api' }, ['binding']],
  'envelope.set': [{ envelope }, ['envelope']],
  'cluster.register': [{ cluster }, ['cluster']],
  'cluster.update': [{ cluster }, ['cluster']],
  'cluster.remove': [{}, []],
  'brake.lift': [{ rule: 'r' }, []],
}

const id = `b${'a'.repeat(12)}`
export const stored = {
  k8s: { ...bindings.k8s, id, cluster: uid('c') },
  vm: { ...bindings.vm, id },
  edge: { ...bindings.edge, id },
}

/** The bodies that are signed of them. */
export const bodies: Shapes = {
  ...requests,
  'scope.create': [{ envelope }, ['envelope']],
  'entry.create': [
    {
      ...{ owner, envelope, bindings: Object.values(stored), labels: { tier: '1' } },
      validUntil: 1,
    },
    ['owner', 'envelope', 'bindings', 'labels'],
  ],
  'binding.add': [{ binding: stored.k8s }, ['binding']],
}
