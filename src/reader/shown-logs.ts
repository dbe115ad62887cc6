import { DependencyError } from '../core/dependency-error.js'
import type { LogName } from '../monitor/alarm.js'
import type { ShownCertificate, ShownLogs } from '../monitor/ports.js'
import type { StoredRecord } from '../namespace/ports.js'
import { isSize } from '../tlog/hash.js'
import { fromBase64 } from '../tlog/note-text.js'
import { tilePath } from '../tlog/tile.js'
import { refusalCode } from './refusal-code.js'

/** One read of the API, and what came of it. */
export interface ReaderAnswer {
  readonly status: number
  readonly body: Uint8Array
}

/** The way to a Capstan's reader routes. Rejects with `DependencyError` where no answer comes. */
export type Ask = (path: string, accept: string) => Promise<ReaderAnswer>

/** What one page may have of numbers. */
const PAGE = 500

const JSON_TYPE = 'application/json'

/** The logs of a Capstan, by its reader routes. Only the form of what is answered is looked at. */
export function shownLogs(ask: Ask): ShownLogs {
  const json = async (path: string): Promise<unknown> => {
    const { body } = await answered(ask, path, JSON_TYPE)
    try {
      return JSON.parse(Buffer.from(body).toString('utf8'))
    } catch {
      throw nonsense(path)
    }
  }
  return {
    async checkpoint(log) {
      const path = `/v1/logs/${log}/checkpoint`
      const answer = await ask(path, 'text/plain')
      if (answer.status === 404) return undefined
      return isSuccess(answer) ? answer.body : refusedBy(path, answer)
    },

    async records(from, limit) {
      const path = `/v1/logs/index/records/${from}?limit=${Math.min(limit, PAGE)}`
      const { records } = pageIn(await json(path), path)
      return records.slice(0, limit).map((record, at) => storedRecord(record, from + at, path))
    },

    async issued(from, limit) {
      const count = Math.min(limit, PAGE)
      const path = `/v1/logs/issuance/records/${from}?limit=${count}`
      const { records, next } = pageIn(await json(path), path)
      if (!(next > from && next <= from + count)) throw nonsense(path)
      let least = from
      const certificates = records.map((record) => {
        const shown = shownCertificate(record, path)
        if (shown.seq < least || shown.seq >= next) throw nonsense(path)
        least = shown.seq + 1
        return shown
      })
      return { certificates, next }
    },

    async tile(log: LogName, tile) {
      const path = `/v1/logs/${log}/${tilePath(tile)}`
      const { body } = await answered(ask, path, 'application/octet-stream')
      if (body.length !== 32 * tile.width) throw nonsense(path)
      return body
    },
  }
}

const isSuccess = ({ status }: ReaderAnswer): boolean => status === 200

async function answered(ask: Ask, path: string, accept: string): Promise<ReaderAnswer> {
  const answer = await ask(path, accept)
  return isSuccess(answer) ? answer : refusedBy(path, answer)
}

/** The code of a refusal is of a fixed form; nothing else of it is repeated. */
function refusedBy(path: string, { status, body }: ReaderAnswer): never {
  const code = refusalCode(body)
  throw new DependencyError('server', `answered ${status} ${code ?? ''} to ${path}`.trim())
}

const nonsense = (path: string): DependencyError =>
  new DependencyError('server', `what it answers to ${path} is not of its form`)

type Members = Readonly<Record<string, unknown>>

const isObject = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function pageIn(value: unknown, path: string): { records: readonly unknown[]; next: number } {
  if (!isObject(value)) throw nonsense(path)
  const { records, next } = value
  if (!Array.isArray(records) || typeof next !== 'number' || !isSize(next)) throw nonsense(path)
  return { records, next }
}

function storedRecord(value: unknown, seq: number, path: string): StoredRecord {
  const { record, envelopes } = isObject(value) ? value : {}
  const bytes = octetsIn(record, path)
  if (!Array.isArray(envelopes)) throw nonsense(path)
  return { seq, bytes, envelopes: envelopes.map((envelope) => octetsIn(envelope, path)) }
}

function shownCertificate(value: unknown, path: string): ShownCertificate {
  if (!isObject(value)) throw nonsense(path)
  const { seq, record, certificate, evidence } = value
  if (typeof seq !== 'number' || !isSize(seq) || typeof evidence !== 'string') throw nonsense(path)
  return { seq, bytes: octetsIn(record, path), certificate: octetsIn(certificate, path), evidence }
}

function octetsIn(value: unknown, path: string): Uint8Array {
  const octets = typeof value === 'string' ? fromBase64(value) : undefined
  if (!octets) throw nonsense(path)
  return octets
}
