import { generateKeyPairSync } from 'node:crypto'
import type { Issuer } from '../ca/issuer.js'
import type { SpkiDer } from '../core/der.js'
import type { LinkerdRegion } from '../core/names.js'
import { renderPem } from '../core/pem.js'
import {
  type Clock,
  hours,
  minutes,
  plus,
  type RandomBytes,
  seconds,
  unixSeconds,
  type UnixSeconds,
} from '../core/time.js'
import type { Result } from '../core/result.js'
import type { IssuanceLedger } from '../issuance/ports.js'
import { issueServerLeaf, linkerdServerName, serverNames } from '../issuance/server-leaf.js'
import {
  HeldCertificates,
  type ServerCertificate,
  type ServerCertificates,
} from '../server/tls/server-certificates.js'

const LIFETIME = hours(24)
const RETRY = minutes(1)
/** How often the set of names is compared with the registered clusters. */
const LOOK = seconds(5)

interface Deps {
  readonly issuer: (now: UnixSeconds) => Result<Issuer>
  readonly ledger: Pick<IssuanceLedger, 'append'>
  readonly clock: Clock
  readonly random: RandomBytes
  /** The configured names of the HTTP listener. */
  readonly names: readonly string[]
  /** Where Linkerd's proxies expect an identity service, as of now. */
  readonly regions: () => readonly LinkerdRegion[]
  readonly failed: (error: unknown) => void
}

interface Held {
  readonly certificate: ServerCertificate
  readonly issuerId: string
  readonly notBefore: UnixSeconds
  readonly renewAt: UnixSeconds
}

/**
 * The server's own certificates, made at start and renewed at two thirds of their life, whenever
 * the issuer changes, when a cluster brings a new server name, and when the clock is set back so far
 * that they are not valid yet.
 */
export class OwnCertificates {
  private readonly anyName = new HeldCertificates(new Map())
  /** One certificate whatever name is asked for: a client that asks for another sees which it got. */
  readonly http: ServerCertificates = {
    current: () => this.anyName.current(undefined),
    onChange: (listener) => this.anyName.onChange(listener),
  }

  /** By server name, one per Linkerd control plane. */
  readonly linkerd = new HeldCertificates(new Map())
  private readonly held = new Map<string, Held>()
  private readonly deps: Deps

  constructor(deps: Deps) {
    this.deps = deps
  }

  private turn: Promise<void> = Promise.resolve()

  /** Makes what is missing or due, and forgets names that no cluster has any more. */
  refresh(): Promise<void> {
    const done = this.turn.then(() => this.renew())
    this.turn = done.catch(() => undefined)
    return done
  }

  private async renew(): Promise<void> {
    const now = this.deps.clock.now()
    const issuer = this.deps.issuer(now)
    if (!issuer.ok) return
    const regions = [...new Set(this.deps.regions().map(linkerdServerName))]
    const wanted = new Map<string, readonly string[]>([
      ['', this.deps.names],
      ...regions.map((name): [string, readonly string[]] => [name, [name]]),
    ])
    let changed = false
    for (const name of this.held.keys()) {
      if (!wanted.has(name)) changed = this.held.delete(name)
    }
    for (const [name, names] of wanted) {
      const held = this.held.get(name)
      if (held?.issuerId === issuer.value.id && isFresh(held, now)) continue
      this.held.set(
        name,
        await this.make(
          issuer.value,
          name === '' ? serverNames(names) : [{ kind: 'dns', value: name }],
          now,
        ),
      )
      changed = true
    }
    if (changed) this.publish(regions)
  }

  /** Keeps them fresh until `signal` aborts. A failure is reported, and tried again. */
  async keepFresh(signal: AbortSignal): Promise<void> {
    const { clock } = this.deps
    while (!signal.aborted) {
      const pause = await this.refresh().then(
        () => LOOK,
        (error: unknown) => {
          this.deps.failed(error)
          return RETRY
        },
      )
      await clock.sleepUntil(plus(clock.now(), pause), signal)
    }
  }

  private async make(
    issuer: Issuer,
    names: ReturnType<typeof serverNames>,
    now: UnixSeconds,
  ): Promise<Held> {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const spki = publicKey.export({ type: 'spki', format: 'der' }) as Uint8Array as SpkiDer
    const record = await issueServerLeaf(this.deps, issuer, { spki, names, ttl: LIFETIME }, now)
    const life = record.notAfter - now
    return {
      certificate: {
        key: privateKey,
        chainPem: [record.certificate, ...issuer.chain]
          .map((der) => renderPem('CERTIFICATE', der))
          .join(''),
      },
      issuerId: issuer.id,
      notBefore: record.notBefore,
      renewAt: unixSeconds(now + Math.floor((life * 2) / 3)),
    }
  }

  private publish(regions: readonly string[]): void {
    const certificate = (name: string): ServerCertificate | undefined =>
      this.held.get(name)?.certificate
    const web = certificate('')
    if (web) this.anyName.replace(new Map([['', web]]))
    this.linkerd.replace(
      new Map(
        regions.flatMap((name): [string, ServerCertificate][] => {
          const own = certificate(name)
          return own ? [[name, own]] : []
        }),
      ),
    )
  }
}

const isFresh = ({ notBefore, renewAt }: Held, now: UnixSeconds): boolean =>
  notBefore <= now && now < renewAt
