import { isIP } from 'node:net'
import { dirname, isAbsolute, join, resolve } from 'node:path'
import { isWorkloadName, parseDnsName } from '../core/names.js'
import { seconds, type Seconds } from '../core/time.js'
import type { ConfigDraft } from './config-draft.js'
import { type Config, type KekSource, type ListenAddress, logFormats, logLevels } from './config.js'
import { nodeAt } from './config-schema.js'
import { parseDuration } from './duration.js'
import { parseListenAddress } from './listen-address.js'

/** Longest path a Unix socket may have on every platform (104 octets with the final NUL on BSD). */
const MAX_SOCKET_PATH = 103

/** Text to value, after the schema has passed; what it could not see becomes a problem of the draft. */
export function buildConfig(draft: ConfigDraft, cwd: string): Config {
  const read = new DraftReader(draft, cwd)
  const dataDir = read.path('dataDir')
  return {
    dataDir,
    keys: { kek: kekOf(read, dataDir) },
    server: {
      workers: read.count('server.workers'),
      linkerd: {
        listen: read.listen('server.linkerd.listen'),
        loopback: read.portOrOff('server.linkerd.loopback'),
      },
      http: {
        listen: read.listen('server.http.listen'),
        names: read.names('server.http.names'),
        rateLimit: {
          perMinute: read.count('server.http.rateLimit.perMinute'),
          burst: read.count('server.http.rateLimit.burst'),
        },
      },
      admin: { listen: read.listen('server.admin.listen') },
      socket: read.socket(dataDir),
    },
    issuance: {
      ledgerRetention: read.duration('issuance.ledgerRetention'),
      pruneInterval: read.duration('issuance.pruneInterval'),
      crlLifetime: read.duration('issuance.crlLifetime'),
    },
    tokenReview: {
      concurrency: read.count('tokenReview.concurrency'),
      queue: read.count('tokenReview.queue'),
      timeoutMs: read.count('tokenReview.timeoutMs'),
    },
    witnesses: {
      ...(read.has('witnesses.policy') && { policy: read.path('witnesses.policy') }),
      timeout: read.duration('witnesses.timeout'),
      refresh: read.duration('witnesses.refresh'),
    },
    log: {
      level: read.choice('log.level', logLevels),
      format: read.choice('log.format', logFormats),
    },
  }
}

function kekOf(read: DraftReader, dataDir: string): KekSource {
  if (read.has('keys.kek.env')) return { kind: 'env', name: read.text('keys.kek.env') }
  if (read.has('keys.kek.passphraseFile')) {
    return { kind: 'passphrase-file', path: read.path('keys.kek.passphraseFile') }
  }
  if (read.has('keys.kek.passphraseEnv')) {
    return { kind: 'passphrase-env', name: read.text('keys.kek.passphraseEnv') }
  }
  if (read.has('keys.kek.file')) return { kind: 'file', path: read.path('keys.kek.file') }
  return { kind: 'file', path: join(dataDir, 'kek') }
}

/** Reads single values of a draft by their dotted keys. */
class DraftReader {
  private readonly draft: ConfigDraft
  private readonly cwd: string

  constructor(draft: ConfigDraft, cwd: string) {
    this.draft = draft
    this.cwd = cwd
  }

  has(key: string): boolean {
    return this.draft.origins.has(key)
  }

  text(key: string): string {
    return String(this.draft.value(key.split('.')))
  }

  count(key: string): number {
    return Number(this.draft.value(key.split('.')))
  }

  duration(key: string): Seconds {
    return parseDuration(this.text(key)) ?? seconds(0)
  }

  /** Absolute: relative to the folder of the file that says it, or to where the command runs. */
  path(key: string): string {
    const text = this.text(key)
    const { filePath, origins } = this.draft
    const inFile = filePath !== undefined && origins.get(key)?.startsWith(`${filePath}:`)
    const base = inFile ? resolve(this.cwd, dirname(filePath)) : this.cwd
    return isAbsolute(text) ? text : resolve(base, text)
  }

  socket(dataDir: string): string {
    const key = 'server.socket'
    const path = this.has(key) ? this.path(key) : join(dataDir, 'capstan.sock')
    const length = Buffer.byteLength(path)
    if (length > MAX_SOCKET_PATH) {
      const wanted = `a path of at most ${MAX_SOCKET_PATH} octets (a limit of Unix sockets)`
      this.draft.refuse(key.split('.'), `${length} octets`, wanted)
    }
    return path
  }

  listen(key: string): ListenAddress | 'off' {
    const text = this.text(key)
    if (text === 'off') return 'off'
    const address = parseListenAddress(text)
    if (address !== undefined) return address
    this.draft.refuse(key.split('.'), JSON.stringify(text))
    return 'off'
  }

  portOrOff(key: string): number | 'off' {
    const value = this.draft.value(key.split('.'))
    return typeof value === 'number' ? value : 'off'
  }

  names(key: string): readonly string[] {
    const value = this.draft.value(key.split('.'))
    const names = Array.isArray(value) ? value.map(String) : []
    for (const [index, name] of names.entries()) {
      if (isIP(name) !== 0) continue
      if (parseDnsName(name) !== undefined && !isWorkloadName(name)) continue
      const wanted = nodeAt(key.split('.'))?.wanted
      this.draft.refuse(
        [...key.split('.'), String(index)],
        JSON.stringify(name.slice(0, 60)),
        wanted,
      )
    }
    return [...new Set(names)]
  }

  choice<T extends string>(key: string, values: readonly T[]): T {
    const found = values.find((value) => value === this.text(key))
    if (found === undefined) throw new Error(`${key} passed the schema with no known value`)
    return found
  }
}
