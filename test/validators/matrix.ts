import type { OperatorHierarchy } from './operator-hierarchy.js'

export const leafKinds = ['Linkerd', 'SPIFFE', "HTTP server's", "Linkerd server's"] as const
/** Linkerd: its DNS name first. SPIFFE: by join token over HTTP, the URI first. */
export type LeafKind = (typeof leafKinds)[number]

/** Where the names of every leaf here are. */
const regions = ['identity.linkerd.cluster.local', 'entry.identity.test.example', 'localhost']

/** Everything that `capstan init` takes, by kind of key. */
export const hierarchies = {
  own: 'none',
  'root P-384': { kind: 'root', root: 'P-384' },
  'root RSA-3072': { kind: 'root', root: 'RSA-3072' },
  'root Ed25519': { kind: 'root', root: 'Ed25519' },
  'issuer P-256': { kind: 'issuer', root: 'P-256', issuer: 'P-256' },
  'issuer P-384': { kind: 'issuer', root: 'P-384', issuer: 'P-384' },
  'issuer RSA-3072': { kind: 'issuer', root: 'RSA-3072', issuer: 'RSA-3072' },
  'issuer Ed25519': { kind: 'issuer', root: 'Ed25519', issuer: 'Ed25519' },
  'issuer below an intermediate': {
    kind: 'issuer',
    root: 'RSA-3072',
    intermediate: 'P-384',
    issuer: 'P-256',
  },
  'issuer with DNS constraints': {
    kind: 'issuer',
    root: 'P-256',
    issuer: 'P-256',
    permittedDns: regions,
  },
} as const satisfies Readonly<Record<string, OperatorHierarchy | 'none'>>

export type HierarchyName = keyof typeof hierarchies
export const hierarchyNames = Object.keys(hierarchies) as HierarchyName[]
