import { spiffeBundle } from '../../ca/trust-bundle.js'
import { hours, toIso } from '../../core/time.js'
import type { Clock, UnixSeconds } from '../../core/time.js'
import type { Authority } from '../../issuance/authority.js'
import type { CrlPublisher } from '../../issuance/crl-publisher.js'
import type { IssuanceLedger } from '../../issuance/ports.js'
import type { GovernedIndex } from '../../namespace/governed-index.js'
import { formatVerifierKey, type VerifierKey } from '../../tlog/verifier-key.js'
import type { CosigningState } from '../../tlog/cosigning.js'
import { cosigningJson } from '../cosigning-checks.js'
import type { SpiffeBundleJson, StatusJson } from '../http/shapes.js'
import type { Operations } from '../operations.js'
import type { ReadinessWatch } from '../readiness.js'
import { openRecoveriesJson } from '../recovery-checks.js'
import { incidentsJson } from './incidents.js'
import type { ServedLog } from './served-log.js'
import { trustAnchorJson } from '../views/certificate-views.js'

export interface TrustDeps {
  readonly authority: () => Authority
  readonly index: Pick<GovernedIndex, 'state' | 'brakes' | 'emergencyGrants' | 'formerUses'>
  readonly crls: Pick<CrlPublisher, 'crl'>
  readonly readiness: Pick<ReadinessWatch, 'measure'>
  readonly ledger: Pick<IssuanceLedger, 'countLive'>
  readonly clock: Pick<Clock, 'now'>
  /** Verifies the checkpoints of the index log. */
  readonly logKey: VerifierKey
  /** Who cosigns each log; a log that nobody is asked about is not in it. */
  readonly witnesses: () => readonly CosigningState[]
  readonly issuanceLog: ServedLog
  readonly version: string
  readonly pid: number
  readonly listeners: () => StatusJson['server']['listeners']
}

/** How often a federated peer should look again (SPIFFE Trust Domain and Bundle section 4.1.2). */
const REFRESH_HINT = hours(1)

/** What verifiers, probes and the status screen ask for. */
export function trustOperations(
  deps: TrustDeps,
): Pick<Operations, 'readiness' | 'bundle' | 'spiffeBundle' | 'crl' | 'status'> {
  const { authority, index } = deps
  return {
    readiness: () => deps.readiness.measure(),

    bundle: () => ({
      trustDomain: index.state.trustDomain,
      sequence: authority().bundleSequence,
      trustAnchors: authority().trustAnchors.map(trustAnchorJson),
    }),

    spiffeBundle() {
      const anchors = authority().trustAnchors.map(({ certificate }) => certificate)
      const bundle = spiffeBundle(anchors, authority().bundleSequence, REFRESH_HINT)
      return { ...bundle, keys: bundle.keys.map((key) => ({ ...key })) } satisfies SpiffeBundleJson
    },

    crl: (issuer) => deps.crls.crl(issuer),

    async status() {
      const { state } = index
      const now = deps.clock.now()
      const issuer = authority().issuer(now)
      const shown = issuer.ok && authority().issuers.find(({ id }) => id === issuer.value.id)
      return {
        index: {
          id: state.index,
          trustDomain: state.trustDomain,
          solo: state.solo,
          size: state.size,
          head: state.head,
          logKey: formatVerifierKey(deps.logKey),
        },
        issuance: await issuanceJson(deps.issuanceLog, now),
        issuer: shown
          ? {
              id: shown.id,
              subject: shown.subject,
              notBefore: toIso(shown.notBefore),
              notAfter: toIso(shown.notAfter),
            }
          : null,
        trustAnchors: authority().trustAnchors.map((anchor) => {
          const { pem: _pem, ...rest } = trustAnchorJson(anchor)
          return rest
        }),
        entries: state.entryCount,
        liveCertificates: await deps.ledger.countLive(now),
        cosigning: deps.witnesses().map(cosigningJson),
        recoveries: openRecoveriesJson(state, now),
        incidents: await incidentsJson(index, now),
        server: { version: deps.version, pid: deps.pid, listeners: deps.listeners() },
      }
    },
  }
}

async function issuanceJson(
  { key, tree, signedAt }: ServedLog,
  now: UnixSeconds,
): Promise<StatusJson['issuance']> {
  const [{ size }, signed] = [await tree.head(), await tree.checkpoint()]
  const checkpoint = signed && { size: signed.size, signedAt: toIso(signedAt?.() ?? now) }
  return { size, logKey: formatVerifierKey(key), checkpoint: checkpoint ?? null }
}
