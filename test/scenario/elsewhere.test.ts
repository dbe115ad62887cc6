import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ProposalView } from '../../src/namespace/proposal-view.js'
import { payloadTypes } from '../../src/namespace/dsse.js'
import { systemClock } from '../../src/system.js'
import { groupOf, TestVoter } from '../support/voters.js'
import { type Client, Server, type Told } from './given-server.js'

const rogues = join(import.meta.dirname, '../fixtures/ca')
const read = (name: string): string => readFileSync(join(rogues, name), 'utf8')

const [ann, bob, cyd, eve] = ['ann', 'bob', 'cyd', 'eve'].map((id) => new TestVoter(id)) as [
  ...[TestVoter, TestVoter, TestVoter, TestVoter],
]
const capabilities = ['reader', 'submitter']
let server: Server
let index = ''
/** May read, and hand in statements. */
let desk: Client
let other: Client
let monitor: Client
let suspended: Client
let revoked: Client

beforeAll(async () => {
  server = await Server.started()
  await server.change({ op: 'envelope.set', alias: '', envelope: { capabilities } })
  for (const alias of ['ops', 'shop']) await server.change({ op: 'scope.create', alias })
  await server.change({ op: 'envelope.set', alias: 'ops', envelope: { capabilities } })
  for (const alias of ['ops/desk', 'ops/other', 'ops/suspended', 'ops/revoked', 'ops/monitor']) {
    const own = alias === 'ops/monitor' ? ['reader'] : capabilities
    const owner = { controller: 'ops' }
    await server.change({ op: 'entry.create', alias, owner, envelope: { capabilities: own } })
  }
  desk = await server.enrolled('ops/desk')
  other = await server.enrolled('ops/other')
  monitor = await server.enrolled('ops/monitor')
  suspended = await server.enrolled('ops/suspended')
  await server.change({ op: 'entry.suspend', alias: 'ops/suspended' })
  revoked = await server.enrolled('ops/revoked')
  await server.revoke('ops/revoked')
  const { body } = await server.get('/v1/status', desk)
  index = (body['index'] as { id: string }).id
  const now = systemClock.now()
  const group = groupOf([ann, bob, cyd].map((voter) => voter.voter(index, now)))
  await server.change({ op: 'group.set', alias: '', group })
  const id = await waiting()
  for (const voter of [ann, bob]) {
    expect((await handIn(vote(await shown(id), voter), desk)).status).toBe(200)
  }
})
afterAll(() => server[Symbol.asyncDispose]())

/** Id of the proposal that waits longest. */
async function waiting(): Promise<string> {
  const { body } = await server.get('/v1/proposals', desk)
  return (body['proposals'] as readonly { id: string }[])[0]?.id ?? ''
}

const shown = async (id: string): Promise<ProposalView> =>
  (await server.get(`/v1/proposals/${id}`, desk)).body as unknown as ProposalView

type Members = Readonly<Record<string, unknown>>
const jsonOf = (envelope: Uint8Array): Members =>
  JSON.parse(Buffer.from(envelope).toString('utf8')) as Members

const vote = (
  about: ProposalView,
  voter: TestVoter,
  predicate: Parameters<TestVoter['vote']>[3] = {},
): Members => jsonOf(voter.vote(about, 'approve', systemClock.now(), predicate))

const handIn = (envelope: Members, client: Client = {}): Promise<Told> =>
  server.post('/v1/statements', { envelopes: [envelope] }, client)

/** A proposal of the installation that waits for its voters. */
async function proposed(alias: string): Promise<ProposalView> {
  await server.change({ op: 'scope.create', alias })
  const { body } = await server.get('/v1/proposals', desk)
  const all = body['proposals'] as readonly {
    id: string
    proposal: { subject: { alias: string } }
  }[]
  return shown(all.find(({ proposal }) => proposal.subject.alias === alias)?.id ?? '')
}

const size = async (): Promise<unknown> =>
  ((await server.get('/v1/status', desk)).body['index'] as { size: number }).size
const codeOf = ({ body }: Told): unknown => body['code']

describe('votes from another machine', () => {
  it('count, and with the last of them the change takes effect', async () => {
    const about = await proposed('far')
    const first = await handIn(vote(about, ann), desk)
    expect(first).toMatchObject({ status: 200, body: { proposal: { standing: 'open' } } })
    const last = await handIn(vote(about, cyd), other)
    expect(last).toMatchObject({ status: 200, body: { proposal: { standing: 'committed' } } })
    expect((await server.get('/v1/scopes/far', desk)).status).toBe(200)
  })

  it('are prepared there too, which keeps nothing and decides nothing', async () => {
    const before = await size()
    const change = { op: 'scope.create', alias: 'drafted' }
    const drafted = await server.post('/v1/proposals/drafts', { as: 'ann', change }, desk)
    expect(drafted.status).toBe(200)
    const [draft] = drafted.body['drafts'] as readonly { id: string }[]
    expect((await server.get(`/v1/proposals/${draft?.id ?? ''}`, desk)).status).toBe(404)
    expect(await size()).toBe(before)
  })
})

describe('whoever may not hand in statements', () => {
  it('is refused with a good vote in their hands (attack 280)', async () => {
    const about = await proposed('closed')
    const good = vote(about, ann)
    const said = {
      nobody: codeOf(await handIn(good)),
      rogue: codeOf(await handIn(good, { cert: read('rc.pem'), key: read('c.key') })),
      monitor: codeOf(await handIn(good, monitor)),
      suspended: codeOf(await handIn(good, suspended)),
      revoked: codeOf(await handIn(good, revoked)),
    }
    expect(said).toEqual({
      nobody: 'request.unauthenticated',
      rogue: 'renewal.not-ours',
      monitor: 'request.forbidden',
      suspended: 'grant.not-active',
      revoked: 'renewal.revoked',
    })
    expect((await shown(about.id)).open?.votes).toEqual([])
    expect((await handIn(good, desk)).status).toBe(200)
  })
})

describe('what no voter signed', () => {
  it('is not decided for whoever asks over the network (attack 281)', async () => {
    const before = await size()
    const { id } = await proposed('own')
    const asked: readonly (readonly [string, object])[] = [
      ['/v1/changes', { op: 'entry.suspend', alias: 'ops/other' }],
      ['/v1/apply', { document: { scopes: { taken: {} } }, dryRun: false }],
      ['/v1/brakes', { alias: 'ops/other', ttl: 600 }],
      [`/v1/proposals/${id}/withdrawal`, {}],
      ['/v1/scopes/_root/recovery/cancel', {}],
      ['/v1/scopes/_root/recovery/finish', {}],
      ['/v1/tokens', { alias: 'ops/other', ttlSeconds: 600 }],
    ]
    const said: unknown[] = []
    for (const [path, body] of asked) said.push(codeOf(await server.post(path, body, desk)))
    expect(said).toEqual(asked.map(() => 'request.forbidden'))
    expect(Number(await size()) - Number(before)).toBe(1)
  })

  it('is no statement, signed by nobody or by somebody else (attack 281)', async () => {
    const about = await proposed('unsigned')
    const good = vote(about, ann)
    const [theirs] = vote(about, eve)['signatures'] as readonly object[]
    const before = await size()
    const said = [
      codeOf(await handIn({ ...good, signatures: [] }, desk)),
      codeOf(await handIn({ ...good, signatures: [theirs] }, desk)),
      codeOf(await handIn(vote(about, eve), desk)),
    ]
    expect(said).toEqual(['request.malformed', 'namespace.bad-signature', 'namespace.no-vote'])
    expect(await size()).toBe(before)
  })

  it('is no brake, signed by nobody who votes (attack 281)', async () => {
    type Row = Readonly<{
      alias: string
      uid: string
      rev: number
      head: string
      group?: { rev: number }
    }>
    const { body } = await server.get('/v1/scopes', desk)
    const root = (body['scopes'] as readonly Row[]).find(({ alias }) => alias === '')
    const shop = (body['scopes'] as readonly Row[]).find(({ alias }) => alias === 'shop')
    const at = systemClock.now()
    const brake = {
      ...{ v: 1, index, subject: { alias: 'shop', uid: shop?.uid }, ttl: 600 },
      base: { rev: shop?.rev, head: shop?.head },
      scope: { uid: root?.uid, rev: root?.group?.rev },
      ...{ voters: ['ann'], created: at, expires: at + 3600, nonce: 'ab'.repeat(16) },
    }
    const signedBy = (voter: TestVoter): Promise<Told> => {
      const envelopes = [jsonOf(voter.envelope(payloadTypes.brake, brake))]
      return server.post('/v1/brakes/signed', { envelopes }, desk)
    }
    const before = await size()
    expect(codeOf(await signedBy(eve))).toBe('namespace.bad-signature')
    expect(await size()).toBe(before)
    expect((await signedBy(ann)).status).toBe(201)
  })

  it('is none of another index, and none a second time (attack 282)', async () => {
    const about = await proposed('again')
    const elsewhere = vote(about, ann, { index: 'ab'.repeat(32) })
    expect(codeOf(await handIn(elsewhere, desk))).toBe('namespace.stale-base')
    const good = vote(about, ann)
    expect((await handIn(good, desk)).status).toBe(200)
    const before = await size()
    expect(codeOf(await handIn(good, other))).toBe('namespace.duplicate')
    expect(await size()).toBe(before)
  })
})
