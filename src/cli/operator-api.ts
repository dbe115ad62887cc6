import { DependencyError } from '../core/dependency-error.js'
import { JsonReader } from './json-reader.js'
import { type Outcome, parseProblem, type Refused } from './problem.js'
import type { OperatorConnection, OperatorRequest, OperatorResponse } from './world.js'

/** `payments/api` as one path segment; `/` (the root scope) as `_root`. */
export const segment = (alias: string): string =>
  alias === '' ? '_root' : encodeURIComponent(alias)

/** The operators' API as commands use it: JSON in, JSON or a problem out. */
export class OperatorApi {
  private readonly connection: OperatorConnection

  constructor(connection: OperatorConnection) {
    this.connection = connection
  }

  read(path: string): Promise<Outcome<JsonReader>> {
    return this.json({ method: 'GET', path })
  }

  /** Without waiting where the server asks for that, and for so long at most. */
  readAtOnce(path: string, withinMs: number): Promise<Outcome<JsonReader>> {
    return this.json({ method: 'GET', path, withinMs })
  }

  send(path: string, body?: Readonly<Record<string, unknown>>): Promise<Outcome<JsonReader>> {
    return this.json({ method: 'POST', path, ...(body === undefined ? {} : { body }) })
  }

  async remove(path: string): Promise<Outcome<undefined>> {
    const answer = await this.connection.request({ method: 'DELETE', path })
    return isSuccess(answer) ? { ok: true, value: undefined } : problemIn(answer)
  }

  /** A body that is no JSON: PEM, a CRL. */
  async octets(path: string, accept: string): Promise<Outcome<Uint8Array>> {
    const answer = await this.connection.request({ method: 'GET', path, accept })
    return isSuccess(answer) ? { ok: true, value: answer.body } : problemIn(answer)
  }

  close(): Promise<void> {
    return this.connection.close()
  }

  private async json(request: OperatorRequest): Promise<Outcome<JsonReader>> {
    const answer = await this.connection.request(request)
    if (!isSuccess(answer)) return problemIn(answer)
    return { ok: true, value: new JsonReader(parseJson(answer.body), request.path, 'answer') }
  }
}

const isSuccess = ({ status }: OperatorResponse): boolean => status >= 200 && status < 300

function problemIn(answer: OperatorResponse): Refused {
  const problem = parseProblem(parseJson(answer.body), answer.status)
  if (problem !== undefined) return { ok: false, problem }
  throw new DependencyError('server', `answered ${answer.status} without saying why`)
}

function parseJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(body).toString('utf8'))
  } catch {
    return undefined
  }
}
