import type { Refusal } from '../core/refusal.js'
import { ok, refuse, type Result } from '../core/result.js'
import { parseSerial, type SerialNumber } from '../core/serial.js'
import type { UnixSeconds } from '../core/time.js'
import type { Uid } from '../core/uid.js'
import type { IssuanceLedger, RevocationReason } from './ports.js'

export interface Revoked {
  readonly revoked: number
  readonly serials: readonly SerialNumber[]
}

/** Revokes one certificate. Repeating it is harmless: the first revocation stands. */
export async function revokeSerial(
  ledger: Pick<IssuanceLedger, 'find' | 'revoke'>,
  text: string,
  reason: RevocationReason,
  now: UnixSeconds,
): Promise<Result<Revoked, Refusal<'request.malformed' | 'ledger.unknown-certificate'>>> {
  const serial = parseSerial(text)
  if (serial === undefined) {
    return refuse('request.malformed', 'not a serial number', {
      wanted: '32 hex digits, with or without colons',
      found: JSON.stringify(text.slice(0, 60)),
    })
  }
  const row = await ledger.find(serial)
  if (!row) {
    return refuse(
      'ledger.unknown-certificate',
      'the ledger holds no certificate with this serial',
      {
        found: serial,
        next: 'capstan certs lists what is live',
      },
    )
  }
  const revoked = await ledger.revoke([serial], { at: now, reason })
  return ok({ revoked, serials: revoked > 0 ? [serial] : [] })
}

/**
 * Revokes every live certificate of an entry, those that are recorded until then included, and whatever
 * renews them later is refused. A workload that proves itself anew, as a pod does with each token,
 * gets another: for that the entry has to be suspended.
 */
export async function revokeEntry(
  ledger: Pick<IssuanceLedger, 'revokeEntry'>,
  entry: Uid,
  reason: RevocationReason,
  now: UnixSeconds,
): Promise<Revoked> {
  const serials = await ledger.revokeEntry(entry, { at: now, reason })
  return { revoked: serials.length, serials }
}
