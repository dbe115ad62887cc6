import { type Alias, isDnsLabel, segmentsOf } from './alias.js'
import type { Brand } from './brand.js'

/** `acme.example`: lower-case DNS labels joined by dots; also fits SPIFFE-ID section 2.1. */
export type TrustDomain = Brand<string, 'TrustDomain'>

/** `spiffe://<trust domain>/<path>` (SPIFFE-ID section 2). */
export type SpiffeId = Brand<string, 'SpiffeId'>

/** A lower-case host name of at most 253 characters, no wildcard, no trailing dot. */
export type DnsName = Brand<string, 'DnsName'>

export function parseDnsName(text: string): DnsName | undefined {
  if (text.length === 0 || text.length > 253) return undefined
  return text.split('.').every(isDnsLabel) ? (text as DnsName) : undefined
}

export function parseTrustDomain(text: string): TrustDomain | undefined {
  return parseDnsName(text) as TrustDomain | undefined
}

export function spiffeIdOf(trustDomain: TrustDomain, alias: Alias): SpiffeId {
  return `spiffe://${trustDomain}/${alias}` as SpiffeId
}

/** Is this in a region of names that belong to governed entries alone? */
export const isWorkloadName = (name: string): boolean =>
  /(^|\.)(serviceaccount|entry)\.identity\./.test(name)

/** Where a cluster's Linkerd names live: the `linkerd` and `cluster.local` of its workloads. */
export interface LinkerdRegion {
  readonly controlPlaneNamespace: string
  readonly identityTrustDomain: TrustDomain
}

/** `<sa>.<ns>.serviceaccount.identity.<control plane ns>.<trust domain>`; undefined when it is no DNS name. */
export function linkerdName(
  region: LinkerdRegion,
  namespace: string,
  serviceAccount: string,
): DnsName | undefined {
  // Linkerd admits labels only: a dotted service account name has no identity there.
  if (!isDnsLabel(namespace) || !isDnsLabel(serviceAccount)) return undefined
  return parseDnsName(
    `${serviceAccount}.${namespace}.serviceaccount.identity.${region.controlPlaneNamespace}.${region.identityTrustDomain}`,
  )
}

/** `<seg n>.....<seg 1>.entry.identity.<trust domain>`, for workloads outside Kubernetes. */
export function entryDnsName(trustDomain: TrustDomain, alias: Alias): DnsName | undefined {
  return parseDnsName(`${segmentsOf(alias).reverse().join('.')}.entry.identity.${trustDomain}`)
}
