import { rmSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import type { OperatorConnection, OperatorRequest, OperatorResponse } from '../../src/cli/world.js'
import { seconds } from '../../src/core/time.js'
import { owner } from '../namespace/given-index.js'
import { json, run, type Screen } from './fake-world.js'
import { givenHome, type GivenVoters, givenVoters } from './given-voters.js'

let voters: GivenVoters
let capstan: GivenVoters['capstan']

beforeEach(async () => {
  voters = await givenVoters()
  capstan = voters.capstan
})
afterEach(() => rmSync(voters.home, { recursive: true, force: true }))

const ANN = '--as ann --key ann.key'
const vote = (id: string, as: string): Promise<Screen> =>
  capstan(`vote ${id} --approve --as ${as} --key ${as}.key`)

/** The statement in what `--detached` printed. */
function statement(screen: Screen): Record<string, unknown> {
  const { envelopes } = JSON.parse(screen.out) as { envelopes: readonly { payload: string }[] }
  const [envelope] = envelopes
  return JSON.parse(Buffer.from(envelope?.payload ?? '', 'base64').toString('utf8')) as never
}

describe('a change that a voter proposes', () => {
  it('is signed by them, shown before, and in the log under their name', async () => {
    const line = `entry create payments/api --owner team --reason launch --ticket OPS-1 ${ANN}`
    const made = await capstan(line)
    expect(made.exit).toBe(8)
    expect(made.err).toContain('entry.create payments/api')
    expect(made.err).toContain('launch')
    expect(made.err).toContain('certificates')
    const id = await voters.waiting()
    const shown = await capstan(`proposal show ${id}`)
    expect(shown.out).toContain('ann (voter)')
    expect(shown.out).toContain('OPS-1')
    expect((await vote(id, 'ann')).exit).toBe(8)
    expect((await vote(id, 'bob')).exit).toBe(0)
    expect((await capstan('log payments/api')).out).toContain('by ann (sensitive)')
    expect(voters.given.entry('payments/api').state).toBe('active')
  })

  it('may be of every kind', async () => {
    const vow = async (line: string): Promise<void> => {
      const made = await capstan(`${line} ${ANN}`)
      expect([line, made.exit, made.err.includes('refused')]).toEqual([line, 8, false])
      const id = await voters.waiting()
      await vote(id, 'bob')
      const ended = await vote(id, 'cyd')
      // What any voter may do alone has passed with the first.
      const isOver = ended.exit === 0 || ended.err.includes('namespace.closed')
      expect([line, isOver]).toEqual([line, true])
    }
    const cluster = '--issuer https://prod.example --audience capstan.acme.example'
    for (const line of [
      'scope create payments',
      'entry create payments/api --owner team',
      'entry create web/shop --owner shop',
      `cluster add prod ${cluster} --discovery`,
      'bind add payments/api --k8s prod/pay/api',
      'bind rm payments/api --k8s prod/pay/api',
      'entry update payments/api --label tier=gold',
      'envelope set payments --max-ttl 2h',
      'rules attach payments/api --caller web/shop --port 8080 --id shop',
      'splits set payments/api --port 8080 --backend payments/api=9 --backend web/shop=1',
      'rules detach payments/api shop',
      'guards set / no-telnet --forbid --ports 23',
      'scope suspend payments',
      'scope reactivate payments',
      'entry rename web/shop web/store',
      'entry suspend web/store',
    ]) {
      await vow(line)
    }
    expect(voters.given.entry('web/store').state).toBe('suspended')
  })

  it('may be of a group, also by those above it', async () => {
    await capstan(`scope create payments ${ANN}`)
    const scope = await voters.waiting()
    await vote(scope, 'bob')
    await vote(scope, 'cyd')
    const own = '--voter ann.json --voter bob.json --voter cyd.json'
    await capstan(`group set payments ${own} ${ANN}`)
    const group = await voters.waiting()
    await vote(group, 'bob')
    expect((await vote(group, 'cyd')).exit).toBe(0)
    // Those above step in, and say so themselves.
    const less = '--voter ann.json --voter bob.json'
    expect((await capstan(`group set payments ${less} --intervene ${ANN}`)).exit).toBe(8)
    expect((await capstan('inbox')).out).toContain('group.set payments')
  })

  it('counts as theirs: nobody else is held up by it, and they take it back', async () => {
    await capstan(`entry create payments/api --owner team ${ANN}`)
    const id = await voters.waiting()
    const wrong = await capstan(`proposal withdraw ${id} --key bob.key`)
    expect(wrong.err).toContain('namespace.bad-signature')
    const notOurs = await capstan(`proposal withdraw ${id}`)
    expect(notOurs.err).toContain('namespace.no-vote')
    expect(notOurs.err).toContain(`capstan proposal withdraw ${id} --key FILE`)
    const back = await capstan(`proposal withdraw ${id} --key ann.key`)
    expect(back.exit).toBe(0)
    expect(back.out).toContain('withdrawn')
  })

  it('has room of its own: what the installation proposed is not held against them', async () => {
    const create = (at: number) => ({ op: 'entry.create', alias: `many/e${at}`, owner })
    for (let at = 0; at < 100; at += 1) {
      expect((await voters.given.index.change(create(at))).ok).toBe(true)
    }
    expect(await voters.given.codeFor(create(100))).toBe('namespace.too-many')
    expect((await capstan(`entry create many/e100 --owner team ${ANN}`)).exit).toBe(8)
  })

  it('is refused of a stranger, with another key, and without one', async () => {
    const create = 'entry create payments/api --owner team'
    const before = voters.given.store.records.length
    await voters.enrolled('eve')
    for (const [more, code] of [
      ['--as eve --key eve.key', 'namespace.no-vote'],
      ['--as ann --key eve.key', 'namespace.unknown-key'],
      ['--as ann', 'cli.usage'],
      ['--key ann.key', 'cli.usage'],
      ['--detached', 'cli.usage'],
      ['--as ann --key ann.key --draft none.json', 'cli.usage'],
    ] as const) {
      const refused = await capstan(`${create} ${more}`)
      expect([more, refused.err.includes(code), refused.out]).toEqual([more, true, ''])
    }
    expect(voters.given.store.records).toHaveLength(before)
  })

  it('is signed where there is no server, and handed in by somebody else', async () => {
    const create = 'entry create payments/api --owner team --as ann'
    const unsigned = await capstan(`${create} --unsigned`)
    expect(unsigned.exit).toBe(0)
    voters.write('draft.json', unsigned.out)
    const offline = (line: string): Promise<Screen> =>
      run(line.split(' '), {
        cwd: voters.home,
        clock: voters.given.clock,
        env: { CAPSTAN_VOTER_PASSPHRASE: 'correct horse' },
        operator: () => Promise.reject(new Error('there is no server here')),
      })
    const signed = await offline(`${create} --key ann.key --draft draft.json --detached`)
    expect(signed.exit).toBe(0)
    expect(statement(signed)).toMatchObject({ op: 'entry.create', author: { id: 'ann' } })
    const other = create.replace('team', 'mallory')
    const refused = await offline(`${other} --key ann.key --draft draft.json --detached`)
    expect([refused.exit, refused.out]).toEqual([3, ''])
    expect(refused.err).toContain('another proposal than the one that was asked for')
    voters.given.clock.advance(seconds(8 * 86_400))
    const late = await offline(`${create} --key ann.key --draft draft.json --detached`)
    expect(late.err).toContain('it is not the time')
    voters.given.clock.advance(seconds(-8 * 86_400))
    expect((await capstan('submit -', signed.out)).exit).toBe(8)
    expect(await voters.waiting()).not.toBe('')
  })
})

const SHOP =
  'apiVersion: capstan/v1\nscopes: [{alias: shop}]\nentries: [{alias: shop/web, owner: {controller: team-shop}}, {alias: shop/db, owner: {controller: team-shop}, rules: [{callers: [shop/web], ports: [5432]}]}]\n'

describe('what the installation proposed', () => {
  it('is taken back by it, over its own socket, with a statement in the log', async () => {
    await capstan('entry create payments/api --owner team')
    const id = await voters.waiting()
    expect((await capstan(`proposal withdraw ${id} --passphrase-file x`)).exit).toBe(2)
    const { size } = voters.given.index.state
    const back = await capstan(`proposal withdraw ${id.slice(0, 12)}`)
    expect([back.exit, back.err]).toEqual([0, ''])
    expect(back.out).toContain('withdrawn')
    expect(voters.given.index.state.size).toBe(size + 1)
    expect(await voters.waiting()).toBe('')
    expect((await vote(id, 'bob')).err).toContain('namespace.closed')
    const again = await capstan(`proposal withdraw ${id}`)
    expect(again.err).toContain('namespace.closed')
    const none = await capstan(`proposal withdraw pr${'a'.repeat(40)}`)
    expect(none.err).toContain('namespace.unknown')
    const read = await voters.given.index.verify()
    expect(read.ok).toBe(true)
  })

  it('is not taken back by a key that is not its own any more', async () => {
    await capstan('entry create payments/api --owner team')
    const id = await voters.waiting()
    voters.write('group.yaml', 'proposers: []\n')
    const files = '--voter ann.json --voter bob.json --voter cyd.json -f group.yaml'
    await capstan(`group set / ${files} ${ANN}`)
    const { proposals } = json(await capstan('inbox --json')) as { proposals: { id: string }[] }
    const group = proposals.find((one) => one.id !== id)?.id ?? ''
    await vote(group, 'bob')
    await vote(group, 'cyd')
    const refused = await capstan(`proposal withdraw ${id}`)
    expect([refused.exit, refused.err.includes('namespace.closed')]).toEqual([3, true])
  })
})

describe('a file that a voter proposes', () => {
  beforeEach(() => voters.write('shop.yaml', SHOP))

  it('is one proposal of theirs, with their reason, and is proposed once', async () => {
    const line = `propose -f shop.yaml --reason spring --ticket OPS-7 ${ANN}`
    const made = await capstan(`${line} --json`)
    expect(made.exit).toBe(8)
    const [proposed] = (json(made) as { proposed: { id: string; proposal: object }[] }).proposed
    expect(proposed?.proposal).toMatchObject({
      op: 'changes',
      author: { kind: 'voter', id: 'ann' },
      reason: 'spring',
      ticket: 'OPS-7',
    })
    const { size } = voters.given.index.state
    const again = await capstan(`${line} --json`)
    expect(again.exit).toBe(8)
    expect((json(again) as { proposed: { id: string }[] }).proposed[0]?.id).toBe(proposed?.id)
    // Nor does the installation, of what ann has proposed.
    await capstan('apply -f shop.yaml')
    expect(voters.given.index.state.size).toBe(size)
    await vote(proposed?.id ?? '', 'bob')
    expect((await vote(proposed?.id ?? '', 'cyd')).exit).toBe(0)
    expect(voters.given.entry('shop/db').rules).toHaveLength(1)
    expect((await capstan(line)).out).toContain('nothing to change')
  })

  it('is signed where there is no server, one envelope for each scope', async () => {
    await capstan(`scope create pay ${ANN}`)
    const scope = await voters.waiting()
    await vote(scope, 'bob')
    await vote(scope, 'cyd')
    await capstan(`group set pay --voter ann.json --voter bob.json --voter cyd.json ${ANN}`)
    const group = await voters.waiting()
    await vote(group, 'bob')
    await vote(group, 'cyd')
    expect(voters.given.scope('pay').group).not.toBeNull()
    voters.write(
      'both.yaml',
      'apiVersion: capstan/v1\nentries: [{alias: pay/a, owner: {controller: t}}, {alias: b, owner: {controller: t}}]\n',
    )
    const unsigned = await capstan('apply -f both.yaml --as ann --unsigned')
    voters.write('draft.json', unsigned.out)
    const signed = await capstan(`apply -f both.yaml ${ANN} --draft draft.json --detached`)
    expect((JSON.parse(signed.out) as { envelopes: unknown[] }).envelopes).toHaveLength(2)
    const submitted = await capstan('submit -', signed.out)
    expect([submitted.exit, submitted.err]).toEqual([8, ''])
    const { proposals } = json(await capstan('inbox --json')) as { proposals: unknown[] }
    expect(proposals).toHaveLength(2)
  })

  it('has a reason and a ticket also where the installation proposes it, or decides alone', async () => {
    const line = 'apply -f shop.yaml --reason spring --ticket OPS-7'
    const made = json(await capstan(`${line} --json`)) as { proposed: { proposal: object }[] }
    const words = { author: { kind: 'proposer', id: 'local' }, reason: 'spring', ticket: 'OPS-7' }
    expect(made.proposed[0]?.proposal).toMatchObject(words)
    const solo = await givenHome()
    solo.write('shop.yaml', SHOP)
    expect((await solo.capstan(line)).exit).toBe(0)
    const log = (await solo.capstan('log shop/db')).out
    expect(log.match(/reason: spring/g)).toHaveLength(2)
    rmSync(solo.home, { recursive: true, force: true })
    const long = await capstan(`${line} --reason ${'x'.repeat(501)}`)
    expect([long.exit, long.out, long.err.includes('malformed')]).toEqual([3, '', true])
  })

  it('takes nothing away without a word', async () => {
    await capstan(`entry create old --owner team ${ANN}`)
    const id = await voters.waiting()
    await vote(id, 'bob')
    await vote(id, 'cyd')
    voters.write('prune.yaml', `${SHOP}prune: true\n`)
    const refused = await capstan(`propose -f prune.yaml ${ANN}`)
    expect(refused.err).toContain('cli.needs-yes')
    expect((await capstan(`propose -f prune.yaml --yes ${ANN}`)).exit).toBe(8)
    expect((await capstan('apply -f shop.yaml --key ann.key')).err).toContain('--as VOTER')
  })
})

describe('an index whose installation may propose nothing', () => {
  it('is not stuck: its voters propose', async () => {
    rmSync(voters.home, { recursive: true, force: true })
    voters = await givenVoters('proposers: []\n')
    capstan = voters.capstan
    const { proposers } = voters.given.index.state.root.group ?? {}
    expect(proposers).toEqual([])
    const stuck = await capstan('entry create payments/api --owner team')
    expect(stuck.err).toContain('namespace.no-vote')
    expect(stuck.err).toContain('--as VOTER --key FILE')
    expect((await capstan(`entry create payments/api --owner team ${ANN}`)).exit).toBe(8)
    const id = await voters.waiting()
    await vote(id, 'ann')
    expect((await vote(id, 'bob')).exit).toBe(0)
    expect(voters.given.entry('payments/api').state).toBe('active')
  })
})

/** As a server that answers every request as it is, and one of them otherwise. */
function lying(change: (answer: string) => string): OperatorConnection & { signed: number } {
  const { server } = voters
  const told = {
    signed: 0,
    async request(asked: OperatorRequest): Promise<OperatorResponse> {
      if (asked.path === '/v1/statements') told.signed += 1
      const response = await server.request(asked)
      if (asked.path !== '/v1/proposals/drafts') return response
      const text = Buffer.from(response.body).toString('utf8')
      return { ...response, body: Buffer.from(change(text)) }
    },
    close: () => Promise.resolve(),
  }
  return told
}

describe('attack 260: a server that answers another proposal than was asked for', () => {
  const asked = `entry create payments/api --owner team ${ANN}`

  const answered = async (
    line: string,
    change: (answer: string) => string,
  ): Promise<{ screen: Screen; signed: number }> => {
    const server = lying(change)
    const screen = await run(line.split(' '), {
      server: server,
      cwd: voters.home,
      clock: voters.given.clock,
      env: { NO_COLOR: '1', CAPSTAN_VOTER_PASSPHRASE: 'correct horse' },
    })
    return { screen, signed: server.signed }
  }

  it('gets no signature for other words', async () => {
    // The answer as it is gets one.
    expect((await answered(asked, (text) => text)).signed).toBe(1)
    for (const [from, to] of [
      ['"team"', '"mallory"'],
      ['"alias":"payments/api"', '"alias":"payments/root"'],
      ['"op":"entry.create"', '"op":"cluster.remove"'],
      ['"base":null', '"base":{"head":"","rev":1}'],
      ['"kind":"voter"', '"kind":"proposer"'],
    ] as const) {
      const { screen, signed } = await answered(asked, (text) => {
        expect(text).toContain(from)
        return text.replace(from, to)
      })
      expect([from, signed, screen.exit]).toEqual([from, 0, 3])
      expect(screen.err).toContain('namespace.bad-canonical')
    }
  })

  it('gets none for more, or less, than one proposal for one change', async () => {
    const twice = (text: string): string => {
      const { seen, drafts } = JSON.parse(text) as { seen: unknown; drafts: unknown[] }
      return JSON.stringify({ seen, drafts: [...drafts, ...drafts] })
    }
    const none = (text: string): string =>
      JSON.stringify({ ...(JSON.parse(text) as object), drafts: [] })
    for (const change of [twice, none]) {
      const { screen, signed } = await answered(asked, change)
      expect([signed, screen.exit]).toEqual([0, 3])
    }
  })

  it('gets none for another index, whose voter they are not', async () => {
    const { index } = voters.given.index.state
    const { screen, signed } = await answered(asked, (text) =>
      text.replaceAll(index, 'ab'.repeat(32)),
    )
    expect(signed).toBe(0)
    expect(screen.err).toContain('namespace.unknown-key')
  })

  it('gets none for a time that is not now, nor for rows that are none', async () => {
    const { clock } = voters.given
    const now = String(clock.now())
    const later = String(clock.now() + 86_400)
    const early = await answered(asked, (text) =>
      text
        .replaceAll(`"at":${now}`, `"at":${later}`)
        .replaceAll(`"created":${now}`, `"created":${later}`)
        .replace(/"expires":(\d+)/, (_, at) => `"expires":${Number(at) + 86_400}`),
    )
    expect([early.signed, early.screen.err.includes('not the time')]).toEqual([0, true])
    const rows = await answered(asked, (text) => text.replace('"table":"scopes"', '"table":"x"'))
    expect([rows.signed, rows.screen.err.includes('namespace.malformed')]).toEqual([0, true])
  })
})
