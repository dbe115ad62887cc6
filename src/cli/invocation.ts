import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Config } from '../config/config.js'
import { parseDuration } from '../config/duration.js'
import { type LoadedConfig, loadConfig } from '../config/load-config.js'
import { type Alias, parseAlias, ROOT } from '../core/alias.js'
import type { Seconds } from '../core/time.js'
import { errorCode, reasonOf } from '../core/error-code.js'
import { OperatorApi } from './operator-api.js'
import { type Outcome, refused, usage } from './problem.js'
import { remoteWay } from './remote-way.js'
import type { OperatorConnection, World } from './world.js'

const MAX_FILE_OCTETS = 8 * 1024 * 1024
const DEFAULT_CONFIG_FILE = 'capstan.yaml'

/** One call of one command: its words, and the world it runs in. */
export class Invocation {
  readonly world: World
  private readonly words: readonly unknown[]
  private readonly options: Readonly<Record<string, unknown>>
  private open: OperatorApi | undefined
  private readonly ends: (() => void)[] = []

  /**
   * `words` and `options` as the parser delivers them: one word per declared argument. `open`: what is
   * asked in place of this installation's server.
   */
  constructor(
    world: World,
    words: readonly unknown[],
    options: Readonly<Record<string, unknown>>,
    open?: OperatorApi,
  ) {
    this.world = world
    this.words = words
    this.options = options
    this.open = open
  }

  /** The same call but for some options, of the server that this one asks. */
  async without(...names: readonly string[]): Promise<Outcome<Invocation>> {
    const api = await this.operator()
    if (!api.ok) return api
    const options = Object.fromEntries(
      Object.entries(this.options).filter(([name]) => !names.includes(name)),
    )
    return { ok: true, value: new Invocation(this.world, this.words, options, api.value) }
  }

  /** The nth argument; undefined when it is optional and absent. */
  word(index: number): string | undefined {
    const word = this.words[index]
    return typeof word === 'string' ? word : undefined
  }

  /** The words of a variadic argument. */
  rest(index: number): readonly string[] {
    const words = this.words[index]
    return Array.isArray(words) ? words.map(String) : []
  }

  text(option: string): string | undefined {
    const value = this.options[option]
    return typeof value === 'string' ? value : undefined
  }

  texts(option: string): readonly string[] {
    const value = this.options[option]
    return Array.isArray(value) ? value.map(String) : typeof value === 'string' ? [value] : []
  }

  has(option: string): boolean {
    return this.options[option] !== undefined && this.options[option] !== false
  }

  /** An alias argument, checked here so that a typing mistake costs no request; `/` is the root. */
  alias(index: number): Outcome<Alias> {
    return aliasOf(this.word(index) ?? '/')
  }

  duration(option: string): Outcome<Seconds | undefined> {
    const text = this.text(option)
    if (text === undefined) return { ok: true, value: undefined }
    const length = parseDuration(text)
    if (length !== undefined) return { ok: true, value: length }
    return usage(`--${option} is not a duration`, {
      wanted: '30s, 10m, 24h or 7d',
      found: JSON.stringify(text.slice(0, 40)),
    })
  }

  /** `reason` and `ticket`, where they are given: every change may carry them. */
  why(): Readonly<Record<string, string>> {
    const [reason, ticket] = [this.text('reason'), this.text('ticket')]
    return {
      ...(reason === undefined ? {} : { reason }),
      ...(ticket === undefined ? {} : { ticket }),
    }
  }

  path(name: string): string {
    return resolve(this.world.cwd, name)
  }

  /** A file named on the command line, or standard input for `-`. */
  async file(name: string): Promise<Outcome<Buffer>> {
    if (name === '-') return { ok: true, value: Buffer.from(await this.world.stdin()) }
    try {
      const octets = await readFile(this.path(name))
      if (octets.length <= MAX_FILE_OCTETS) return { ok: true, value: octets }
      return usage(`${name} is too large`, { wanted: 'at most 8 MiB' })
    } catch (error) {
      return usage(`cannot read ${name}`, { found: reasonOf(error) })
    }
  }

  async loaded(): Promise<Outcome<LoadedConfig>> {
    const { env, cwd } = this.world
    const dataDir = this.text('data')
    const file = await this.configFile()
    if (!file.ok) return file
    const loaded = loadConfig({
      env,
      cwd,
      ...(file.value === undefined ? {} : { file: file.value }),
      ...(dataDir === undefined ? {} : { dataDir }),
    })
    return loaded.ok ? loaded : refused(loaded.refusal)
  }

  async config(): Promise<Outcome<Config>> {
    const loaded = await this.loaded()
    return loaded.ok ? { ok: true, value: loaded.value.config } : loaded
  }

  /** Connects on first use; `close` ends it. */
  async operator(): Promise<Outcome<OperatorApi>> {
    if (this.open !== undefined) return { ok: true, value: this.open }
    const connection = await this.connection()
    if (!connection.ok) return connection
    this.open = new OperatorApi(connection.value)
    return { ok: true, value: this.open }
  }

  /** `--server`, else the server of the configuration. */
  private async connection(): Promise<Outcome<OperatorConnection>> {
    const remote = await remoteWay(this)
    if (!remote.ok) return remote
    if (remote.value) return { ok: true, value: await this.world.remoteOperator(remote.value) }
    const config = await this.config()
    if (!config.ok) return config
    const connection = await this.world.operator(config.value)
    return connection.ok ? connection : refused(connection.refusal)
  }

  /** Runs `end` once the command has ended, whatever came of it. */
  atEnd(end: () => void): void {
    this.ends.push(end)
  }

  async close(): Promise<void> {
    for (const end of this.ends.splice(0)) end()
    await this.open?.close()
    this.open = undefined
  }

  /** `--config`, else CAPSTAN_CONFIG, else `capstan.yaml` here if there is one. */
  private async configFile(): Promise<
    Outcome<{ readonly path: string; readonly text: string } | undefined>
  > {
    const named = this.text('config') ?? this.world.env['CAPSTAN_CONFIG']
    const path = named ?? DEFAULT_CONFIG_FILE
    try {
      return { ok: true, value: { path, text: await readFile(this.path(path), 'utf8') } }
    } catch (error) {
      if (named === undefined && errorCode(error) === 'ENOENT')
        return { ok: true, value: undefined }
      return usage(`cannot read ${path}`, { found: reasonOf(error) })
    }
  }
}

/** An alias as typed: the root scope is `/`, which no alias can be. */
export function aliasOf(text: string): Outcome<Alias> {
  if (text === '/') return { ok: true, value: ROOT }
  const alias = parseAlias(text)
  return alias.ok ? alias : refused(alias.refusal)
}
