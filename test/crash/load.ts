import { generateKeyPairSync } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { utf8String } from '../../src/core/der-writer.js'
import {
  attribute,
  CHALLENGE_PASSWORD,
  csr as makeCsr,
  info,
  type KeyPair,
  signInfo,
  spkiOf,
} from '../csr/make-csr.js'
import { IssuingClient, type Seen } from '../support/issuing-client.js'
import type { OfflineCluster } from '../support/offline-cluster.js'
import type { CapstanProcess } from '../support/capstan-process.js'
import type { Books, SingleUse } from './books.js'
import { pointOf } from './ledger-file.js'

const IDENTITY = 'web.shop.serviceaccount.identity.linkerd.cluster.local'

const newKey = (): KeyPair => generateKeyPairSync('ec', { namedCurve: 'P-256' })
const csrOf = (key: KeyPair): Uint8Array => makeCsr({ spki: spkiOf(key) }, { key })

/** Everything that clients do to a server at once; what they are told goes into the books. */
export class Load {
  /** Used by now, whether there was an answer or not. */
  readonly used: SingleUse[] = []
  private readonly client: IssuingClient
  private readonly books: Books
  private readonly tokens: readonly string[]
  private readonly csrs = Array.from({ length: 8 }, () => csrOf(newKey()))
  private readonly round: number
  private asked = 0

  constructor(capstan: CapstanProcess, cluster: OfflineCluster, books: Books, round: number) {
    this.client = new IssuingClient(capstan)
    this.books = books
    this.tokens = Array.from({ length: 8 }, () => cluster.token('shop', 'web'))
    this.round = round
  }

  /** Resolves when `stop` has aborted and every answer is there, or is known not to come. */
  async run(stop: AbortSignal, often: { readonly changeMs: number }): Promise<void> {
    const again = async (once: () => Promise<unknown>, every = 0): Promise<void> => {
      while (!stop.aborted) {
        await once().catch(() => undefined)
        await pause(every)
      }
    }
    const loopback = () => this.client.certifyOnLoopback(this.question())
    const tls = () => this.client.certifyOverTls(this.question())
    await Promise.all([
      ...Array.from({ length: 6 }, () => again(() => this.certify(loopback))),
      ...Array.from({ length: 2 }, () => again(() => this.certify(tls))),
      ...Array.from({ length: 2 }, () => again(() => this.redeemToken())),
      again(() => this.answerChallenge()),
      again(() => this.change(), often.changeMs),
      again(() => this.revoke(), 300),
    ])
  }

  /** Uses again what was used before the server died. */
  async retry(used: readonly SingleUse[]): Promise<void> {
    await Promise.all(used.map((one) => this.askTwice(one)))
  }

  /** Ends every connection, so that no answer is waited for any more. */
  hangUp(): void {
    this.client.hangUp()
  }

  /** Which of these the server does not know, although it said that it had made them. */
  async unknownEntries(aliases: readonly string[]): Promise<string[]> {
    const answers = await Promise.all(
      aliases.map(async (alias) => {
        const path = `/v1/entries/${encodeURIComponent(alias)}`
        return { alias, reply: await this.client.operate('GET', path) }
      }),
    )
    return answers.filter(({ reply }) => reply.status !== 200).map(({ alias }) => alias)
  }

  /** Replays and verifies the whole log in the server. */
  async verifiesLog(): Promise<boolean> {
    return (await this.client.operate('POST', '/v1/verify')).status === 200
  }

  private question() {
    this.asked += 1
    const token = this.tokens[this.asked % this.tokens.length] ?? ''
    const csr = this.csrs[this.asked % this.csrs.length] ?? new Uint8Array()
    return { identity: IDENTITY, token, csr }
  }

  private async certify(ask: () => Promise<Seen>): Promise<void> {
    const seen = await ask()
    if (seen.kind === 'certificate') this.books.received(seen.der)
    else await pause(5)
  }

  private async redeemToken(): Promise<void> {
    const body = { alias: 'shop/web', ttlSeconds: 86_400 }
    const made = await this.client.operate('POST', '/v1/tokens', body)
    if (made.status !== 201) return
    const { token, id } = made.body as { token: string; id: string }
    this.books.note(['token', id])
    const csr = Buffer.from(csrOf(newKey())).toString('base64')
    await this.useTwice({ body: { csr, evidence: { kind: 'join-token', token } } })
  }

  private async answerChallenge(): Promise<void> {
    const made = await this.client.post('/v1/challenges')
    if (made.status !== 201) return
    const { id, nonce } = made.body as { id: string; nonce: string }
    const key = newKey()
    const password = attribute(CHALLENGE_PASSWORD, utf8String(nonce))
    const csr = signInfo(info({ spki: spkiOf(key), attributes: [password] }), { key })
    this.books.note(['challenge', pointOf(csr)])
    const evidence = { kind: 'kubernetes', token: this.tokens[0] }
    const body = { csr: Buffer.from(csr).toString('base64'), evidence, challenge: id }
    await this.useTwice({ body })
  }

  private async useTwice(one: SingleUse): Promise<void> {
    this.used.push(one)
    await this.askTwice(one)
  }

  /** Two at once: at most one may have a certificate. */
  private async askTwice(one: SingleUse): Promise<void> {
    const seen = await Promise.all([
      this.client.certificate(one.body),
      this.client.certificate(one.body),
    ])
    for (const answer of seen) {
      if (answer.kind === 'certificate') this.books.received(answer.der)
    }
  }

  private async change(): Promise<void> {
    const alias = `shop/r${this.round}-${this.asked}`
    const body = { op: 'entry.create', alias, owner: { controller: 'team-shop' } }
    const made = await this.client.operate('POST', '/v1/changes', body)
    if (made.status === 201) this.books.note(['entry', alias])
  }

  private async revoke(): Promise<void> {
    const serial = this.books.latest
    if (serial === undefined) return
    const done = await this.client.operate('POST', '/v1/revocations', { serial })
    if (done.status === 200) this.books.note(['revoked', serial])
  }
}
