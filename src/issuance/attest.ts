import type { AttestedFacts } from '../attestation/facts.js'
import type { PodAttestors, UnverifiedToken } from '../attestation/pod-attestor.js'
import { DependencyError } from '../core/dependency-error.js'
import { ok, type Result } from '../core/result.js'
import type { UnixSeconds } from '../core/time.js'
import { unreachable } from '../core/unreachable.js'
import type { IndexState } from '../namespace/state.js'
import { chooseCluster } from './choose-cluster.js'
import type { IssueRequest } from './issue-leaf.js'
import { attestJoinToken } from './join-token.js'
import type { JoinTokenStore, Spend } from './ports.js'
import { attestRenewal, type RenewalDeps } from './renewal.js'

export interface AttestDeps extends RenewalDeps {
  readonly index: { readonly state: IndexState }
  readonly pods: PodAttestors
  /** Takes a token apart. Nothing in it is believed before the cluster that it names has vouched for it. */
  readonly readToken: (text: string) => Result<UnverifiedToken>
  readonly tokens: Pick<JoinTokenStore, 'find'>
}

/** Evidence -> facts, each kind by its own attestor. Any refusal or error on the way denies. */
export function attestWith(deps: AttestDeps) {
  return async function attest(
    request: Pick<IssueRequest, 'evidence' | 'identity' | 'caller'>,
    now: UnixSeconds,
  ): Promise<Result<{ readonly facts: AttestedFacts; readonly spends: readonly Spend[] }>> {
    const { evidence } = request
    switch (evidence.kind) {
      case 'kubernetes': {
        const token = deps.readToken(evidence.token)
        if (!token.ok) return token
        const cluster = chooseCluster(deps.index.state, {
          issuer: token.value.issuer,
          cluster: evidence.cluster,
          identity: request.identity,
        })
        if (!cluster.ok) return cluster
        const attestor = deps.pods(cluster.value.uid)
        if (!attestor) {
          throw new DependencyError(
            `cluster ${cluster.value.alias}`,
            'no way to ask it is configured',
          )
        }
        const facts = await attestor.verify(token.value, now, request.caller)
        return facts.ok ? ok({ facts: facts.value, spends: [] }) : facts
      }
      case 'join-token': {
        const attested = await attestJoinToken(deps.tokens, evidence.token, now)
        if (!attested.ok) return attested
        return ok({ facts: attested.value.facts, spends: [attested.value.spend] })
      }
      case 'renewal': {
        const facts = await attestRenewal(deps, evidence.certificate, now)
        return facts.ok ? ok({ facts: facts.value, spends: [] }) : facts
      }
      default:
        return unreachable(evidence)
    }
  }
}
