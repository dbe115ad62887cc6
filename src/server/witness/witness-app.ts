import { createHash } from 'node:crypto'
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { DependencyError } from '../../core/dependency-error.js'
import type { Clock, UnixSeconds } from '../../core/time.js'
import { addCheckpoint, cosignedNote, type Witness } from '../../tlog/witness.js'
import type { WitnessAnswer } from '../../tlog/witness-answer.js'
import {
  MAX_REQUEST_OCTETS,
  parseWitnessRequest,
  type WitnessRequest,
} from '../../tlog/witness-request.js'
import type { TakeTurn } from '../http/rate-limit.js'
import { readBody } from '../http/read-body.js'
import { declaresBody, safeHeaders } from '../http/write-reply.js'

export interface WitnessLog {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

export interface WitnessAppOptions {
  readonly witness: Witness
  /** The logs that it knows, by name. */
  readonly origins: readonly string[]
  readonly clock: Pick<Clock, 'now'>
  /** Why nothing may be cosigned at this time; undefined where nothing speaks against it. */
  readonly timeFault: (now: UnixSeconds) => Promise<string | undefined>
  readonly takeTurn: TakeTurn
  readonly log: WitnessLog
}

interface Reply {
  readonly status: number
  readonly body: string
  readonly type?: string
  readonly headers?: Readonly<Record<string, string>>
}

const TEXT = 'text/plain; charset=utf-8'
const CHECKPOINT = /^\/([0-9a-f]{64})\/checkpoint$/

/** The HTTP interface of C2SP tlog-witness: add-checkpoint, the latest checkpoints, and `/health`. */
export function createWitnessApp(options: WitnessAppOptions): RequestListener {
  const { log } = options
  const answer = answererWith(options)
  return (request, response) => {
    answer(request)
      .catch((error: unknown): Reply => {
        log.error({ err: error }, 'a request could not be answered')
        const unavailable = error instanceof DependencyError
        return { status: unavailable ? 503 : 500, body: 'try again later\n' }
      })
      .then((reply) => write(request, response, reply))
      .catch(() => response.destroy())
  }
}

function answererWith(options: WitnessAppOptions): (request: IncomingMessage) => Promise<Reply> {
  const { witness, origins, clock, timeFault, takeTurn, log } = options
  const byHash = new Map(origins.map((origin) => [sha256Hex(origin), origin]))

  async function cosign(request: IncomingMessage): Promise<Reply> {
    const body = await readBody(request, MAX_REQUEST_OCTETS)
    if (!body.ok) {
      const status = body.refusal.code === 'request.too-large' ? 413 : 400
      return { status, body: `${body.refusal.detail}\n` }
    }
    const now = clock.now()
    const fault = await timeFault(now)
    if (fault !== undefined) {
      log.error({ fault }, 'nothing is cosigned: the time is not to be believed')
      return { status: 503, body: 'the clock of the witness is wrong\n' }
    }
    const answer = await addCheckpoint(witness, body.value, now)
    tell(log, body.value, answer)
    return replyOf(answer)
  }

  async function latest(hash: string): Promise<Reply> {
    const note = await cosignedNote(witness, byHash.get(hash) ?? '')
    if (!note.ok) return { status: 404, body: `${note.refusal.detail}\n` }
    return { status: 200, body: note.value }
  }

  return async (request) => {
    const path = (request.url ?? '').split('?', 1)[0] ?? ''
    const isRead = request.method === 'GET' || request.method === 'HEAD'
    if (path === '/health') return isRead ? health(await timeFault(clock.now())) : only('GET')
    const wait = takeTurn(request.socket.remoteAddress ?? '')
    if (wait !== undefined) {
      return { status: 429, body: 'too many requests\n', headers: { 'retry-after': `${wait}` } }
    }
    if (path === '/add-checkpoint')
      return request.method === 'POST' ? cosign(request) : only('POST')
    const [, hash] = CHECKPOINT.exec(path) ?? []
    if (hash !== undefined) return isRead ? latest(hash) : only('GET')
    return { status: 404, body: 'no such path\n' }
  }
}

const only = (method: string): Reply => ({
  status: 405,
  body: `${method} is what this path takes\n`,
  headers: { allow: method },
})

const health = (fault: string | undefined): Reply =>
  fault === undefined ? { status: 200, body: 'ok\n' } : { status: 503, body: `${fault}\n` }

function replyOf(answer: WitnessAnswer): Reply {
  if (answer.status === 200) return { status: 200, body: answer.body }
  if (answer.status === 409) return { status: 409, body: answer.body, type: 'text/x.tlog.size' }
  return { status: answer.status, body: `${answer.refusal.detail}\n` }
}

/**
 * What was asked and answered. Two roots of one size, both signed by the log, are what a witness is
 * for; a head that nobody has proved anything of is sent by whoever likes.
 */
function tell(log: WitnessLog, body: Uint8Array, answer: WitnessAnswer): void {
  const request = parseWitnessRequest(body)
  const fields = { status: answer.status, ...(request.ok && fieldsOf(request.value)) }
  if (answer.status === 200) log.info(fields, 'cosigned')
  else if (answer.status === 409) {
    log.info({ ...fields, recorded: answer.body.trim() }, 'another size')
  } else if (answer.status === 422) {
    // Whole, for it is the evidence: only the log itself can make it long.
    const shown = { ...fields, note: answer.note }
    if (answer.isFork)
      log.error(shown, 'two histories: another root or state of this size is signed')
    else log.warn(shown, 'a signed checkpoint that is not shown to go on from what is cosigned')
  } else log.info({ status: answer.status, code: answer.refusal.code }, 'a request was refused')
}

const fieldsOf = ({ oldSize, checkpoint: { origin, size, root } }: WitnessRequest): object => ({
  ...{ log: origin, old: oldSize, size, root: Buffer.from(root).toString('base64') },
})

const sha256Hex = (text: string): string => createHash('sha256').update(text).digest('hex')

function write(request: IncomingMessage, response: ServerResponse, reply: Reply): void {
  const body = Buffer.from(reply.body)
  response.writeHead(reply.status, {
    ...safeHeaders,
    'cache-control': 'no-store',
    'content-type': reply.type ?? TEXT,
    'content-length': body.length,
    ...reply.headers,
    // The next request could not be told from what is left of this one.
    ...(declaresBody(request) && !request.complete && { connection: 'close' }),
  })
  response.end(body)
}
