import { X509Certificate } from 'node:crypto'
import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import { digestOf, type LedgerFile } from './ledger-file.js'

/** A join token or a challenge: the body of a request that uses it. */
export interface SingleUse {
  readonly body: object
}

export type Line =
  | readonly ['certificate', serial: string, digest: string]
  | readonly ['token', id: string]
  | readonly ['challenge', publicKey: string]
  | readonly ['entry', alias: string]
  | readonly ['revoked', serial: string]

/**
 * What clients were told: the other side of the ledger, kept in a file of its own, so that a run that
 * was interrupted goes on.
 */
export class Books {
  readonly certificates = new Map<string, string>()
  readonly tokens = new Set<string>()
  readonly challengeKeys = new Set<string>()
  readonly entries: string[] = []
  readonly revoked: string[] = []
  /** The serial number of the certificate told last. */
  latest: string | undefined
  /** Told since the last look: what `unchecked` hands out once. */
  private fresh: Line[] = []
  private readonly path: string

  constructor(path: string) {
    this.path = path
    if (!existsSync(path)) return
    const lines = readFileSync(path, 'utf8').split('\n')
    // The last line may be half of one.
    for (const line of lines.slice(0, -1)) this.take(JSON.parse(line) as Line)
  }

  received(der: Buffer): string {
    const serial = new X509Certificate(der).serialNumber.toLowerCase()
    this.note(['certificate', serial, digestOf(der)])
    return serial
  }

  note(line: Line): void {
    appendFileSync(this.path, `${JSON.stringify(line)}\n`)
    this.take(line)
  }

  unchecked(): readonly Line[] {
    const lines = this.fresh
    this.fresh = []
    return lines
  }

  /** Hands these out again. */
  recheck(lines: readonly Line[]): void {
    this.fresh.unshift(...lines)
  }

  private take(line: Line): void {
    this.fresh.push(line)
    switch (line[0]) {
      case 'certificate':
        this.certificates.set(line[1], line[2])
        this.latest = line[1]
        break
      case 'token':
        this.tokens.add(line[1])
        break
      case 'challenge':
        this.challengeKeys.add(line[1])
        break
      case 'entry':
        this.entries.push(line[1])
        break
      case 'revoked':
        this.revoked.push(line[1])
    }
  }
}

export interface Difference {
  readonly lost: string[]
  readonly tokensTwice: string[]
}

/** What the ledger lacks of these certificates, or holds twice of what is single-use. */
export function compare(
  books: Books,
  certificates: Iterable<readonly [serial: string, digest: string]>,
  ledger: LedgerFile,
): Difference {
  const lost: string[] = []
  for (const [serial, digest] of certificates) {
    if (ledger.certificates.get(serial) !== digest) lost.push(serial)
  }
  const more = (counts: Map<string, number>, of: Iterable<string>): string[] =>
    [...of].filter((id) => (counts.get(id) ?? 0) > 1)
  return {
    lost,
    tokensTwice: [
      ...more(ledger.byToken, ledger.byToken.keys()),
      ...more(ledger.byKey, books.challengeKeys),
    ],
  }
}
