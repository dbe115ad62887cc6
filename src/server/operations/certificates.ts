import { certificatesFromPem } from '../../ca/certificates-from-pem.js'
import type { Alias } from '../../core/alias.js'
import { certificateDer, type CertificateDer } from '../../core/der.js'
import { parseBase64 } from '../../core/pem.js'
import { ok, refuse, type Result } from '../../core/result.js'
import { type Clock, type RandomBytes, toIso, type UnixSeconds } from '../../core/time.js'
import { sha256Hex } from '../../core/uid.js'
import type { Authority } from '../../issuance/authority.js'
import type { CrlPublisher } from '../../issuance/crl-publisher.js'
import type { Inspection } from '../../issuance/inspect.js'
import { createJoinToken } from '../../issuance/join-token.js'
import type { IssuanceLedger, JoinTokenStore } from '../../issuance/ports.js'
import { revokeEntry, revokeSerial } from '../../issuance/revoke.js'
import { notBraked } from '../../namespace/grant.js'
import { type Entry, entryState } from '../../namespace/entry.js'
import { unknown } from '../../namespace/resolve-request.js'
import type { IndexState } from '../../namespace/state.js'
import type { Operations } from '../operations.js'
import {
  certificateJson,
  certificateWithPemJson,
  inspectionJson,
  tokenJson,
} from '../views/certificate-views.js'

export interface CertificatesDeps {
  readonly ledger: IssuanceLedger
  readonly tokens: JoinTokenStore
  readonly authority: () => Authority
  readonly index: { readonly state: IndexState }
  readonly crls: Pick<CrlPublisher, 'changed'>
  readonly inspect: (der: CertificateDer, now: UnixSeconds) => Promise<Result<Inspection>>
  readonly clock: Pick<Clock, 'now'>
  readonly random: RandomBytes
}

/** Join tokens shown at once; older ones are used up or expired by then. */
const TOKENS_SHOWN = 1000

type Named =
  'certificates' | 'certificate' | 'inspect' | 'createToken' | 'tokens' | 'withdrawToken' | 'revoke'

/** What was issued, may be issued, and no longer holds. */
export function certificatesOperations(deps: CertificatesDeps): Pick<Operations, Named> {
  const { ledger, tokens, index, clock } = deps
  const entryOf = (alias: Alias): Result<Entry> => {
    const entry = index.state.resolve(alias)
    return entry ? ok(entry) : unknown('entry', alias)
  }

  return {
    async certificates({ entry: alias, live, limit }) {
      const entry = alias === undefined ? ok(undefined) : entryOf(alias)
      if (!entry.ok) return entry
      const now = clock.now()
      const rows = await ledger.list({
        ...(entry.value && { entry: entry.value.uid }),
        ...(live === 'only' && { liveAt: now }),
        limit,
      })
      return ok(rows.map((row) => certificateJson(row, now)))
    },

    async certificate(serial) {
      const row = await ledger.find(serial)
      if (row) return ok(certificateWithPemJson(row, clock.now()))
      return refuse('ledger.unknown-certificate', 'the ledger holds no such certificate', {
        found: serial,
        next: 'capstan certs',
      })
    },

    async inspect(text) {
      const der = certificateFromText(text)
      if (!der.ok) return der
      const now = clock.now()
      const found = await deps.inspect(der.value, now)
      return found.ok ? ok(inspectionJson(found.value, now)) : found
    },

    async createToken(alias, ttl, context) {
      context.about({ alias })
      const entry = entryOf(alias)
      if (!entry.ok) return entry
      const now = clock.now()
      const free = notBraked(deps.index.state, entry.value, now)
      if (!free.ok) return free
      const state = entryState(entry.value, now)
      if (state !== 'active') {
        return refuse('grant.not-active', `the entry ${alias} is ${state}`, {
          wanted: 'an active entry',
          found: state,
        })
      }
      const made = await createJoinToken(deps, entry.value, ttl, now)
      if (!made.ok) return made
      const { id, token, expiresAt } = made.value
      const [anchor] = deps.authority().trustAnchors
      return ok({
        id,
        token,
        alias: entry.value.alias,
        expiresAt: toIso(expiresAt),
        caFingerprint: anchor ? sha256Hex(anchor.certificate) : '',
      })
    },

    async tokens() {
      const stored = await tokens.list(TOKENS_SHOWN)
      return ok(
        stored.map((token) =>
          tokenJson(token, index.state.entries.get(token.entry)?.alias ?? token.entry),
        ),
      )
    },

    async withdrawToken(id) {
      if (await tokens.withdraw(id)) return ok()
      return refuse('request.not-found', 'there is no such unused token', {
        next: 'capstan token ls',
      })
    },

    async revoke(target, reason, context) {
      const now = clock.now()
      if (target.kind === 'serial') {
        const revoked = await revokeSerial(ledger, target.serial, reason, now)
        if (revoked.ok) deps.crls.changed()
        return revoked
      }
      context.about({ alias: target.alias })
      const entry = entryOf(target.alias)
      if (!entry.ok) return entry
      const revoked = await revokeEntry(ledger, entry.value.uid, reason, now)
      deps.crls.changed()
      return ok(revoked)
    },
  }
}

/** One certificate, as PEM (a chain's first counts) or as base64 of the DER. */
function certificateFromText(text: string): Result<CertificateDer> {
  if (text.includes('-----')) {
    const certificates = certificatesFromPem(text)
    if (!certificates.ok) return certificates
    const [first] = certificates.value
    if (first) return ok(first)
  }
  const der = parseBase64(text.replaceAll(/[\t\n\r ]/g, ''))
  if (der) return ok(certificateDer(der))
  return refuse('ca.certificate-malformed', 'not a certificate', {
    wanted: 'PEM, or base64 of the DER',
  })
}
