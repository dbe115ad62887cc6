import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import type { OperatorConnection } from '../../src/cli/world.js'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { impactDigest } from '../../src/namespace/questions/impact.js'
import { type GivenIndex, givenIndex, owner } from '../namespace/given-index.js'
import { json, run, type Screen, type ScriptedServer } from './fake-world.js'
import { servedIndex } from './served-index.js'

let home = ''
let given: GivenIndex
let server: ScriptedServer

beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'capstan-voting-'))
  given = await givenIndex()
  server = servedIndex(given)
})
afterEach(() => rmSync(home, { recursive: true, force: true }))

const capstan = (line: string, input = ''): Promise<Screen> =>
  run(line.split(' '), {
    server,
    cwd: home,
    clock: given.clock,
    input,
    env: { NO_COLOR: '1', CAPSTAN_VOTER_PASSPHRASE: 'correct horse' },
  })

async function enrolled(name: string, alg = 'ed25519'): Promise<void> {
  await capstan(`voter keygen --out ${name}.key --alg ${alg}`)
  const index = given.index.state.index
  const voter = await capstan(
    `voter enrol --key ${name}.key --id ${name} --controller ${name}@acme --index ${index}`,
  )
  writeFileSync(join(home, `${name}.json`), voter.out)
}

/** Three voters, two of whom decide. */
async function givenVoters(): Promise<void> {
  await enrolled('ann')
  await enrolled('bob', 'es256')
  await enrolled('cyd')
  const set = await capstan('group set / --voter ann.json --voter bob.json --voter cyd.json')
  expect(set.exit).toBe(8)
  const id = await waiting()
  expect((await capstan(`vote ${id} --approve --as ann --key ann.key`)).exit).toBe(8)
  expect((await capstan(`vote ${id} --approve --as bob --key bob.key`)).exit).toBe(0)
}

async function waiting(): Promise<string> {
  const { proposals } = json(await capstan('inbox --json')) as {
    proposals: readonly { id: string }[]
  }
  return proposals[0]?.id ?? ''
}

/** What a detached vote says. */
function said(vote: Screen): Record<string, unknown> {
  const [envelope] = (JSON.parse(vote.out) as { envelopes: readonly { payload: string }[] })
    .envelopes
  const statement = Buffer.from(envelope?.payload ?? '', 'base64').toString('utf8')
  return (JSON.parse(statement) as { predicate: Record<string, unknown> }).predicate
}

describe('a key to vote with', () => {
  it('is encrypted, for its owner alone, and never written over another', async () => {
    const made = await capstan('voter keygen --out ann.key --json')
    expect(json(made)).toMatchObject({ alg: 'Ed25519', file: 'ann.key' })
    const path = join(home, 'ann.key')
    expect(readFileSync(path, 'utf8')).toContain('BEGIN ENCRYPTED PRIVATE KEY')
    expect(statSync(path).mode & 0o777).toBe(0o600)
    const again = await capstan('voter keygen --out ann.key')
    expect(again.exit).toBe(2)
    expect(again.err).toContain('exists')
  })

  it('needs a passphrase, or a word that it has none', async () => {
    const bare = { server, cwd: home, clock: given.clock }
    const refused = await run(['voter', 'keygen', '--out', 'bare.key'], bare)
    expect(refused.exit).toBe(2)
    expect(refused.err).toContain('--unencrypted')
    const made = await run(['voter', 'keygen', '--out', 'bare.key', '--unencrypted'], bare)
    expect(made.exit).toBe(0)
    chmodSync(join(home, 'bare.key'), 0o644)
    const enrol = 'voter enrol --key bare.key --id a --controller b --index'.split(' ')
    const open = await run([...enrol, 'a'.repeat(64)], bare)
    expect(open.err).toContain('keys.unsafe-permissions')
  })

  it('is not opened with another passphrase, and nothing of it is printed', async () => {
    await capstan('voter keygen --out ann.key')
    const screen = await run(
      ['voter', 'enrol', '--key', 'ann.key', '--id', 'a', '--controller', 'b', '--index'].concat(
        'a'.repeat(64),
      ),
      { server, cwd: home, env: { CAPSTAN_VOTER_PASSPHRASE: 'wrong' } },
    )
    expect(screen.err).toContain('keys.wrong-passphrase')
    expect(screen.out + screen.err).not.toContain('PRIVATE')
    expect(screen.out + screen.err).not.toContain('wrong horse')
  })
})

describe('a group', () => {
  it('is made by its voters, shown, and decides from then on', async () => {
    await givenVoters()
    const shown = await capstan('group show')
    expect(shown.out).toContain('ann@acme')
    expect(shown.out).toMatch(/sensitive +151 +2/)
    const made = await capstan('entry create payments/api --owner team-payments --reason new')
    expect(made.exit).toBe(8)
    expect(made.out).toContain('0 of 151 for it')
    expect(made.out).toContain('not voted yet: ann, bob, cyd')
    const id = await waiting()
    const inbox = await capstan('inbox --as cyd')
    expect(inbox.out).toContain(id)
    expect(inbox.out).toContain('entry.create payments/api')
    const first = await capstan(`vote ${id.slice(0, 12)} --approve --as cyd --key cyd.key`)
    expect(first.exit).toBe(8)
    expect(first.err).toContain('reason:        new')
    expect((await capstan('inbox --as cyd')).out).toBe('nothing waits\n')
    const second = await capstan(`vote ${id} --approve --as bob --key bob.key`)
    expect(second).toMatchObject({ exit: 0 })
    expect(second.out).toContain('in force: entry.create payments/api, revision 1')
    const log = await capstan('log payments/api')
    expect(log.out).toContain('approve: bob, cyd')
    expect(log.out).toContain(`proposal ${id}`)
  })

  it('is voted in from a machine without a way to the server', async () => {
    await givenVoters()
    await capstan('entry create payments/api --owner team-payments')
    const id = await waiting()
    const shown = await capstan(`proposal show ${id} --json`)
    writeFileSync(join(home, 'p.json'), shown.out)
    const offline = await run(
      `vote ${id} --approve --as ann --key ann.key --proposal p.json --detached`.split(' '),
      {
        cwd: home,
        clock: given.clock,
        env: { CAPSTAN_VOTER_PASSPHRASE: 'correct horse' },
        operator: () => Promise.reject(new Error('there is no server here')),
      },
    )
    expect(offline.exit).toBe(0)
    expect((await capstan('submit -', offline.out)).exit).toBe(8)
    expect((await capstan('submit -', offline.out)).err).toContain('namespace.duplicate')
    expect((await capstan('submit -', '{')).exit).toBe(2)
  })

  it('is not asked to sign what it was not shown', async () => {
    await givenVoters()
    await capstan('entry create payments/api --owner team-payments')
    const id = await waiting()
    const shown = (await capstan(`proposal show ${id} --json`)).out
    const line = `vote ${id} --approve --as ann --key ann.key --proposal p.json --detached`
    for (const [from, to] of [
      ['team-payments', 'team-mallory'],
      ['"created": ', '"more": 1, "created": '],
      ['"certificates": "gained"', '"certificates": "kept"'],
      ['"complete": true', '"complete": 1.5'],
    ] as const) {
      expect(shown).toContain(from)
      writeFileSync(join(home, 'p.json'), shown.replaceAll(from, to))
      const screen = await capstan(line)
      expect(screen.exit).toBe(3)
      expect(screen.out).toBe('')
    }
  })

  it('is told that a file is no proposal, whatever is missing in it', async () => {
    await givenVoters()
    await capstan('entry create payments/api --owner team-payments')
    const id = await waiting()
    const shown = JSON.parse((await capstan(`proposal show ${id} --json`)).out) as object
    const line = `vote ${id} --approve --as ann --key ann.key --proposal p.json --detached`
    const others: unknown[] = [null, [], 7, 'text', {}, { ...shown, impact: 'none' }]
    for (const name of Object.keys(shown)) others.push({ ...shown, [name]: [[7]] })
    for (const other of others) {
      writeFileSync(join(home, 'p.json'), JSON.stringify(other))
      const { exit, out, err } = await capstan(line)
      expect(err).not.toContain('internal')
      if (exit === 0) continue
      expect([2, 3]).toContain(exit)
      expect(out).toBe('')
    }
    writeFileSync(join(home, 'p.json'), '{}')
    expect(await capstan(line)).toMatchObject({ exit: 2, out: '' })
    writeFileSync(join(home, 'p.json'), '{')
    expect((await capstan(line)).err).toContain('capstan proposal show ID --json > FILE')
  })

  it('is not asked to agree to what a server leaves out', async () => {
    await givenVoters()
    await capstan('entry create payments/api --owner team-payments')
    const id = await waiting()
    const honest = servedIndex(given)
    const sent: string[] = []
    const server: OperatorConnection = {
      request: async (request) => {
        sent.push(request.method)
        const answer = await honest.request(request)
        const { impact: _, ...rest } = JSON.parse(Buffer.from(answer.body).toString()) as {
          impact: unknown
        }
        return { ...answer, body: Buffer.from(JSON.stringify(rest)) }
      },
      close: () => Promise.resolve(),
    }
    const env = { CAPSTAN_VOTER_PASSPHRASE: 'correct horse' }
    const words = `vote ${id} --approve --as ann --key ann.key`.split(' ')
    const { exit, out, err } = await run(words, { cwd: home, clock: given.clock, env, server })
    expect([exit, out]).toEqual([3, ''])
    expect(err).toContain('namespace.impact-differs')
    expect(sent).not.toContain('POST')
  })

  it('is not asked to agree to what a file does not say', async () => {
    await givenVoters()
    await capstan('entry create payments/api --owner team-payments')
    const id = await waiting()
    const shown = JSON.parse((await capstan(`proposal show ${id} --json`)).out) as object
    writeFileSync(join(home, 'p.json'), JSON.stringify({ ...shown, impact: null }))
    const rest = '--as ann --key ann.key --proposal p.json --detached'
    const agreed = await capstan(`vote ${id} --approve ${rest}`)
    expect(agreed).toMatchObject({ exit: 2, out: '' })
    expect(agreed.err).toContain('the file does not say what the proposal would do')
    expect((await capstan(`vote ${id} --reject ${rest}`)).exit).toBe(0)
  })

  it('is not asked to sign another one, nor in a number that leaves none to change it', async () => {
    await givenVoters()
    await capstan('entry create payments/api --owner team-payments')
    const id = await waiting()
    const shown = (await capstan(`proposal show ${id} --json`)).out
    const key = '--as ann --key ann.key'
    // As a server that answers every question with the proposal that it wants voted about.
    server.answers.set('/v1/proposals/', shown)
    const other = `pr${'a'.repeat(40)}`
    for (const line of [
      `vote ${other} --approve ${key}`,
      `proposal withdraw ${other} --key ann.key`,
    ]) {
      const screen = await capstan(line)
      expect(screen.err).toContain('another proposal than the one that was asked for')
      expect([screen.exit, screen.out]).toEqual([3, ''])
    }
    server.answers.clear()
    await capstan(`vote ${id} --reject --as bob --key bob.key`)
    const often = (await capstan(`proposal show ${id} --json`)).out.replace(
      '"seq": 1',
      '"seq": 999999',
    )
    // What others voted is no reason not to.
    server.answers.set('/v1/proposals/', often)
    const voted = await capstan(`vote ${id} --reject ${key} --detached`)
    expect(voted.exit).toBe(0)
    expect(voted.err).toContain('entry.create payments/api')
    // Nor is what another group's voter of this name did.
    const namesake = often.replace('"voter": "bob"', '"voter": "ann"')
    server.answers.set('/v1/proposals/', namesake)
    const beside = await capstan(`vote ${id} --reject ${key} --detached`)
    expect(said(beside)).toMatchObject({ voter: 'ann', seq: 1 })
    // From a version that did not say whose keys they are.
    const silent = namesake.replace(/"keys": \[[^\]]*\]/, '"keys": null')
    server.answers.set('/v1/proposals/', silent)
    const refused = await capstan(`vote ${id} --reject ${key} --detached`)
    expect(refused.err).toContain('you have not voted so often')
    expect([refused.exit, refused.out]).toEqual([3, ''])
  })

  it('is shown what it approves, and signs that', async () => {
    await givenVoters()
    await capstan('entry create payments/api --owner team-payments')
    const id = await waiting()
    const impact = await capstan(`impact ${id.slice(0, 9)}`)
    expect(impact.out).toContain('created entry payments/api')
    expect(impact.out).toContain('spiffe://acme.example/payments/api')
    const { digest } = json(await capstan(`impact ${id} --json`)) as { digest: string }
    expect(impact.out).toContain(digest)
    const vote = `vote ${id} --as ann --key ann.key`
    const detached = await capstan(`${vote} --approve --detached`)
    expect(detached.err).toContain(digest)
    expect(said(detached)).toMatchObject({ impact: digest })
    expect(said(await capstan(`${vote} --reject --detached`))).not.toHaveProperty('impact')
    expect((await capstan('submit -', detached.out)).exit).toBe(8)
  })

  it('is shown what a name looks like before it is signed (attack 32)', async () => {
    await given.did({ op: 'scope.create', alias: 'payments' })
    await givenVoters()
    const proposed = await capstan('scope create paymemts')
    expect([proposed.exit, proposed.out]).toEqual([
      8,
      expect.stringContaining('looks like: paymemts resembles payments'),
    ])
    const id = await waiting()
    const vote = await capstan(`vote ${id} --as ann --key ann.key --approve --detached`)
    expect(vote.err).toMatch(/^looks like: +paymemts resembles payments$/m)
    const { digest, impact } = json(await capstan(`impact ${id} --json`)) as {
      digest: string
      impact: { lookAlikes: unknown }
    }
    expect(impact.lookAlikes).toEqual([{ alias: 'paymemts', resembles: 'payments' }])
    expect(said(vote)).toMatchObject({ impact: digest })
  })

  it('is shown where traffic goes before it is signed', async () => {
    for (const alias of ['payments/api', 'payments/v2']) {
      await given.did({ op: 'entry.create', alias, owner })
    }
    await given.did({
      op: 'split.set',
      alias: 'payments/api',
      split: {
        port: 8080,
        backendRefs: [
          { entry: 'payments/api', weight: 90 },
          { entry: 'payments/v2', weight: 10 },
        ],
      },
    })
    await givenVoters()
    const swap = '--backend payments/api=10 --backend payments/v2=90'
    await capstan(`splits set payments/api --port 8080 ${swap}`)
    const id = await waiting()
    const vote = await capstan(`vote ${id} --as ann --key ann.key --approve --detached`)
    expect(vote.err).toContain('traffic of payments/api port 8080, by weight')
    expect(vote.err).toContain('  payments/api 90 -> 10')
    expect(vote.err).toContain('  payments/v2 10 -> 90')
    expect(vote.err).not.toContain('no permission, name or certificate is another')
    const { digest } = json(await capstan(`impact ${id} --json`)) as { digest: string }
    expect(said(vote)).toMatchObject({ impact: digest })
  })

  it('is not voted in by who was shown something else', async () => {
    await givenVoters()
    await capstan('entry create payments/api --owner team-payments')
    await capstan('entry create payments/web --owner team-payments')
    const id = await waiting()
    const shown = JSON.parse((await capstan(`proposal show ${id} --json`)).out) as {
      impact: { class: string }
      impactDigest: string
    }
    shown.impact.class = 'routine'
    shown.impactDigest = impactDigest(shown.impact)
    writeFileSync(join(home, 'p.json'), JSON.stringify(shown))
    const vote = await capstan(`vote ${id} --approve --as ann --key ann.key --proposal p.json`)
    expect(vote.exit).toBe(3)
    expect(vote.err).toContain('namespace.impact-differs')
    expect(vote.err).toContain(`next:    capstan impact ${id}`)
  })

  it('hears one decision, of one proposal that there is', async () => {
    await givenVoters()
    await capstan('entry create payments/api --owner team-payments')
    await capstan('entry create payments/web --owner team-payments')
    const id = await waiting()
    const key = '--as ann --key ann.key'
    expect((await capstan(`vote ${id} ${key}`)).exit).toBe(2)
    expect((await capstan(`vote ${id} --approve --reject ${key}`)).exit).toBe(2)
    expect((await capstan(`vote pr --approve ${key}`)).err).toContain('several proposals begin so')
    expect((await capstan(`vote x1 --approve ${key}`)).exit).toBe(2)
    expect((await capstan(`vote pr${'2'.repeat(40)} --approve ${key}`)).exit).toBe(4)
    const rejected = await capstan(`vote ${id} --reject ${key} --json`)
    expect(json(rejected)).toMatchObject({ proposal: { standing: 'open' } })
    const changed = await capstan(`vote ${id} --approve ${key} --json`)
    expect(json(changed)).toMatchObject({
      proposal: { open: { votes: [{ decision: 'approve' }] } },
    })
    const taken = await capstan(`proposal withdraw ${id} --key ann.key`)
    expect(taken.err).toContain('namespace.bad-signature')
  })
})

describe('who allowed a call', () => {
  const call = 'why web/shop payments/api --port 8080'

  it('is the one voter of a solo index', async () => {
    await given.did(
      { op: 'entry.create', alias: 'web/shop', owner },
      { op: 'entry.create', alias: 'payments/api', owner },
    )
    const denied = await capstan(call)
    expect(denied.exit).toBe(9)
    expect(denied.out).not.toContain('made by')
    await capstan('rules attach payments/api --id shop --caller web/shop --port 8080 --reason sale')
    const allowed = await capstan(call)
    expect(allowed.exit).toBe(0)
    expect(allowed.out).toContain('made by:     rule.attach, revision 2 of payments/api')
    expect(allowed.out).toContain('reason:      sale')
    expect(allowed.out).toContain('votes:       local (platform) approve 1')
  })

  it('is told with every voter and what they were worth then, also after the group has changed', async () => {
    await given.did(
      { op: 'entry.create', alias: 'web/shop', owner },
      { op: 'entry.create', alias: 'payments/api', owner },
    )
    await givenVoters()
    await capstan('rules attach payments/api --id shop --caller web/shop --port 8080')
    const rule = await waiting()
    await capstan(`vote ${rule} --approve --as ann --key ann.key`)
    await capstan(`vote ${rule} --reject --as cyd --key cyd.key`)
    await capstan(`vote ${rule} --approve --as bob --key bob.key`)
    await enrolled('dan')
    await capstan('group set / --voter dan.json --voter bob.json --voter cyd.json')
    const group = await waiting()
    for (const name of ['bob', 'cyd', 'dan']) {
      await capstan(`vote ${group} --approve --as ${name} --key ${name}.key`)
    }
    expect((await capstan('group show')).out).not.toContain('ann@acme')
    const { out } = await capstan(call)
    expect(out).toContain('decided by:  voters of /, revision 2')
    expect(out).toContain('it took:     151, and 2 people (sensitive)')
    expect(out).toContain('ann (ann@acme) approve 100')
    expect(out).toContain('bob (bob@acme) approve 100')
    expect(out).toContain('cyd (cyd@acme) reject 100')
    expect(out).toContain(rule)
    const told = json(await capstan(`${call} --json`))
    expect(told).toMatchObject({
      allowed: true,
      authorisation: { group: 2, scope: '', needs: { threshold: 151, controllers: 2 }, others: [] },
    })
  })
})
