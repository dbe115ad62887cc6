import { ok, refuse, type Result } from '../../core/result.js'
import type { IssuanceLog } from '../../issuance/ports.js'
import type { IndexLog } from '../../namespace/ports.js'
import { toBase64 } from '../../tlog/note-text.js'
import type { IndexRecordsJson, IssuedRecordsJson } from '../http/audit-shapes.js'
import type { LogPage } from '../operations.js'
import type { ServedLog } from './served-log.js'

/** Octets of a page before their base64; one record is in it whatever its size. */
const MOST_OCTETS = 1024 * 1024
/** Records read from the store at a time. */
const CHUNK = 64

/** Records of the index log with their envelopes, as far as the latest checkpoint covers them. */
export async function indexPage(
  log: ServedLog,
  records: Pick<IndexLog, 'read'>,
  { from, limit }: LogPage,
): Promise<Result<IndexRecordsJson>> {
  const { size = 0 } = (await log.tree.checkpoint()) ?? {}
  if (from >= size) return notCovered(log)
  const end = Math.min(size, from + limit)
  const page: IndexRecordsJson['records'][number][] = []
  let octets = 0
  for (let at = from; at < end; at += CHUNK) {
    for (const { bytes, envelopes } of await records.read(at, Math.min(CHUNK, end - at))) {
      octets += envelopes.reduce((sum, { length }) => sum + length, bytes.length)
      if (octets > MOST_OCTETS && page.length > 0)
        return ok({ records: page, next: from + page.length })
      page.push({ record: toBase64(bytes), envelopes: envelopes.map(toBase64) })
    }
  }
  return ok({ records: page, next: from + page.length })
}

/** Records of the issuance log with their certificates, in the same way. */
export async function issuedPage(
  log: ServedLog,
  issued: Pick<IssuanceLog, 'read'>,
  { from, limit }: LogPage,
): Promise<Result<IssuedRecordsJson>> {
  const { size = 0 } = (await log.tree.checkpoint()) ?? {}
  if (from >= size) return notCovered(log)
  const end = Math.min(size, from + limit)
  const page: IssuedRecordsJson['records'][number][] = []
  let octets = 0
  for (let at = from; at < end; at += CHUNK) {
    for (const one of await issued.read(at, Math.min(CHUNK, end - at))) {
      const { seq, bytes, certificate, evidence } = one
      octets += bytes.length + certificate.length + evidence.length
      if (octets > MOST_OCTETS && page.length > 0) return ok({ records: page, next: seq })
      page.push({
        seq,
        record: toBase64(bytes),
        certificate: toBase64(certificate),
        evidence,
      })
    }
  }
  return ok({ records: page, next: end })
}

const notCovered = ({ name }: ServedLog): Result<never> =>
  refuse('request.not-found', 'the latest checkpoint covers no such record', {
    next: `GET /v1/logs/${name}/checkpoint says how many records there are`,
  })
