import type { ExitCode } from './exit-code.js'
import type { Invocation } from './invocation.js'
import type { Outcome } from './problem.js'
import type { Look } from './screen/look.js'

/** What a command has to say. With `--json` only `json` is printed, otherwise only `screen`. */
export interface Answer {
  /** Undefined where all of it was printed before, a line each. */
  readonly json: unknown
  readonly screen: (look: Look) => string
  /** 0 unless said. */
  readonly exit?: ExitCode
}

export interface OptionSpec {
  /** `--ttl <duration>`, `-f, --file <file>`, `--label <key=value...>`; a flag has no `<...>`. */
  readonly flags: string
  readonly description: string
  readonly need?: 'required'
  /** May be given several times; each adds a value. */
  readonly repeat?: 'many'
  readonly choices?: readonly string[]
}

/** One leaf of the command tree: all that help, completion, the reference and the parser need. */
export interface CommandSpec {
  /** Words after `capstan`: `scope create`. */
  readonly path: string
  /** `<alias> [match...]` */
  readonly arguments?: string
  readonly summary: string
  /** Further sentences for `--help`, one paragraph each. */
  readonly details?: readonly string[]
  readonly options?: readonly OptionSpec[]
  /** With `--server` it asks one on another machine. */
  readonly asks?: 'any-server'
  readonly examples: readonly [string, ...string[]]
  readonly run: (call: Invocation) => Promise<Outcome<Answer>>
}

export const answer = (
  json: unknown,
  screen: Answer['screen'],
  exit?: ExitCode,
): Outcome<Answer> => ({
  ok: true,
  value: exit === undefined ? { json, screen } : { json, screen, exit },
})
