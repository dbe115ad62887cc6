/** Who asks for certificates in a benchmark: service accounts of one cluster, an entry for each. */
export const CLUSTER = {
  alias: 'prod',
  identityTrustDomain: 'cluster.local',
  controlPlaneNamespace: 'linkerd',
  issuer: 'https://kubernetes.bench.example',
  audience: 'bench.example',
}

export const LINKERD_SERVER_NAME =
  'linkerd-identity.linkerd.serviceaccount.identity.linkerd.cluster.local'

export const NAMESPACE = 'shop'

export const accountName = (index) => `sa-${index}`

/** What a proxy of that account calls itself. */
export const linkerdName = (account) =>
  `${account}.${NAMESPACE}.serviceaccount.identity.linkerd.cluster.local`

/** `capstan apply` of one cluster and `count` entries from `first` on; `how` says how tokens are checked. */
export function namespaceDocument({ first = 0, count, how }) {
  return {
    apiVersion: 'capstan/v1',
    scopes: [{ alias: NAMESPACE }],
    clusters: [{ ...CLUSTER, ...how }],
    entries: Array.from({ length: count }, (_, at) => {
      const serviceAccount = accountName(first + at)
      return {
        alias: `${NAMESPACE}/${serviceAccount}`,
        owner: { controller: 'team-shop' },
        bindings: [{ kind: 'k8s', cluster: CLUSTER.alias, namespace: NAMESPACE, serviceAccount }],
      }
    }),
  }
}
