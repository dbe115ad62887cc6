import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { found } from '../../src/compose/found.js'
import type { HierarchyFiles } from '../../src/compose/hierarchy-files.js'
import { type Instance, openInstance } from '../../src/compose/instance.js'
import { loadConfig } from '../../src/config/load-config.js'
import type { Config } from '../../src/config/config.js'
import type { Alias } from '../../src/core/alias.js'
import type { Refusal } from '../../src/core/refusal.js'
import type { Result } from '../../src/core/result.js'
import { seconds, type Clock } from '../../src/core/time.js'
import type { IssueRequest } from '../../src/issuance/issue-leaf.js'
import type { CallContext } from '../../src/server/operations.js'
import { systemRandom } from '../../src/system.js'
import { csr as makeCsr } from '../csr/make-csr.js'
import { FakeClock } from '../support/fake-clock.js'
import { OfflineCluster } from '../support/offline-cluster.js'

export const web = 'shop/web' as Alias
export const linkerdName = 'web.shop.serviceaccount.identity.linkerd.cluster.local'

export function valueOf<T>(result: Result<T>): T {
  if (result.ok) return result.value
  throw new Error(`refused: ${result.refusal.code}: ${result.refusal.detail}`)
}

export const codeOf = (result: Result<unknown>): Refusal['code'] | undefined =>
  result.ok ? undefined : result.refusal.code

export const context = (): CallContext => ({
  requestId: 'test',
  remote: 'local',
  signal: new AbortController().signal,
  about: () => undefined,
})

/** A real data directory, the whole composition over it, and a clock that a test moves. */
export class Installation<C extends Clock = FakeClock> implements AsyncDisposable {
  readonly home = mkdtempSync(join(tmpdir(), 'capstan-scenario-'))
  readonly config: Config
  readonly clock: C
  readonly cluster: OfflineCluster
  instance!: Instance

  private constructor(clock: C) {
    this.clock = clock
    this.config = valueOf(
      loadConfig({ env: {}, cwd: this.home, dataDir: join(this.home, 'data') }),
    ).config
    this.cluster = new OfflineCluster(join(this.home, 'jwks.json'))
  }

  /**
   * With one cluster, and `shop/web` bound to a service account of it; `hierarchy` is what an
   * operator brings.
   */
  static async founded<C extends Clock>(
    clock: C,
    hierarchy: HierarchyFiles = {},
  ): Promise<Installation<C>> {
    const given = new Installation(clock)
    const ambient = { env: {}, clock, random: systemRandom }
    const { config } = given
    valueOf(
      await found(
        { ...hierarchy, config, trustDomain: 'test.example', controller: 'local:test' },
        ambient,
      ),
    )
    await given.open()
    await given.change({
      op: 'cluster.register',
      alias: 'prod',
      cluster: {
        identityTrustDomain: 'cluster.local',
        controlPlaneNamespace: 'linkerd',
        issuer: given.cluster.issuer,
        audience: given.cluster.audience,
        validation: 'offline',
        jwks: { file: join(given.home, 'jwks.json') },
      },
    })
    await given.change({ op: 'scope.create', alias: 'shop' })
    await given.change({
      op: 'entry.create',
      alias: web,
      owner: { controller: 'team-shop' },
      bindings: [{ kind: 'k8s', cluster: 'prod', namespace: 'shop', serviceAccount: 'web' }],
    })
    return given
  }

  async open(): Promise<void> {
    this.instance = valueOf(
      await openInstance({
        config: this.config,
        env: {},
        clock: this.clock,
        random: systemRandom,
        version: '0',
        writer: 'inline',
        listeners: () => [],
        observer: { stage: () => undefined, issued: () => undefined },
      }),
    )
  }

  /** As when the process ends, and another one starts. */
  async reopen(): Promise<void> {
    await this.instance[Symbol.asyncDispose]()
    await this.open()
  }

  async change(request: Readonly<Record<string, unknown>>): Promise<void> {
    valueOf(await this.tryChange(request))
  }

  tryChange(request: Readonly<Record<string, unknown>>): ReturnType<Instance['index']['change']> {
    return this.instance.index.change(request)
  }

  issue(
    evidence: IssueRequest['evidence'],
    more: Partial<IssueRequest> = {},
  ): ReturnType<Instance['issueLeaf']> {
    return this.instance.issueLeaf({
      csr: makeCsr(),
      evidence,
      requestId: 'test',
      caller: new AbortController(),
      ...more,
    })
  }

  /** With a service account token of the cluster. */
  issueToPod(
    serviceAccount = 'web',
    more: Partial<IssueRequest> = {},
  ): ReturnType<Instance['issueLeaf']> {
    const token = this.cluster.token('shop', serviceAccount, this.clock.now())
    return this.issue({ kind: 'kubernetes', token }, more)
  }

  renew(
    certificate: Extract<IssueRequest['evidence'], { kind: 'renewal' }>['certificate'],
  ): ReturnType<Instance['issueLeaf']> {
    return this.issue({ kind: 'renewal', certificate })
  }

  async joinToken(alias: Alias = web, ttl = 600): Promise<string> {
    const made = await this.instance.operations.createToken(alias, seconds(ttl), context())
    return valueOf(made).token
  }

  /** Everything that the ledger holds for entries. */
  async issued(): Promise<number> {
    const rows = await this.instance.store.ledger.list({ limit: 10_000 })
    return rows.filter(({ entry }) => entry !== null).length
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.instance[Symbol.asyncDispose]()
    rmSync(this.home, { recursive: true, force: true })
  }
}

export const givenInstallation = (): Promise<Installation> => Installation.founded(new FakeClock())
