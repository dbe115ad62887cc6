import { rmSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { clusterFacts, k8s, owner } from '../namespace/given-index.js'
import { json, run, type Screen } from './fake-world.js'
import { givenHome, type GivenVoters } from './given-voters.js'

let home: GivenVoters

beforeEach(async () => {
  home = await givenHome()
  for (const alias of ['web/shop', 'web/cart', 'payments/api']) {
    await home.given.did({ op: 'entry.create', alias, owner })
  }
})
afterEach(() => rmSync(home.home, { recursive: true, force: true }))

const uidOf = (alias: string): string => home.given.entry(alias).uid
const rule = 'rules attach payments/api --id shop --caller web/shop --caller web/cart --port 8080'

/** The line of a uid, and what is said behind it. */
const behind = (uid: string, name?: string): RegExp =>
  new RegExp(`^ *"${uid}",?${name === undefined ? '' : `  // ${name}`}$`, 'm')

/** As a rule has its callers: by uid. */
const callers = (shown: Readonly<Record<string, string>>): string =>
  `callers:[${Object.keys(shown)
    .toSorted()
    .map((uid) => shown[uid])
    .join(',')}]`

/** Three voters, and a rule that waits for two of them. */
async function proposed(): Promise<string> {
  for (const name of ['ann', 'bob', 'cyd']) await home.enrolled(name)
  await home.capstan('group set / --voter ann.json --voter bob.json --voter cyd.json')
  const set = await home.waiting()
  for (const name of ['ann', 'bob']) {
    await home.capstan(`vote ${set} --approve --as ${name} --key ${name}.key`)
  }
  await home.capstan(rule)
  return home.waiting()
}

const vote = (id: string) => `vote ${id} --approve --as ann --key ann.key --detached`

/** What the proposal is shown as, with other names. */
async function showing(id: string, names: unknown): Promise<string> {
  const shown = json(await home.capstan(`proposal show ${id} --json`))
  return JSON.stringify({ ...shown, names })
}

/** By somebody who has a file, and no way to a server. */
async function apart(id: string, file: string): Promise<Screen> {
  home.write('p.json', file)
  return run(`${vote(id)} --proposal p.json`.split(' '), {
    cwd: home.home,
    clock: home.given.clock,
    env: { NO_COLOR: '1', CAPSTAN_VOTER_PASSPHRASE: 'correct horse' },
    operator: () => Promise.reject(new Error('there is no server here')),
  })
}

describe('capstan log', () => {
  it('says names, and the uid too of whoever is not called so any more', async () => {
    await home.capstan(rule)
    const [shop, cart] = [uidOf('web/shop'), uidOf('web/cart')]
    const named = callers({ [shop]: 'web/shop', [cart]: 'web/cart' })
    expect((await home.capstan('log payments/api')).out).toContain(named)
    await home.given.did({ op: 'entry.rename', alias: 'web/shop', to: 'web/store' })
    await home.given.did({ op: 'entry.retire', alias: 'web/cart' })
    await home.given.did({ op: 'entry.create', alias: 'web/new', owner })
    const { out } = await home.capstan('log payments/api')
    expect(out).toContain(
      callers({ [shop]: `web/shop (then ${shop})`, [cart]: `web/cart (then ${cart})` }),
    )
    const { history } = json(await home.capstan('log payments/api --json')) as {
      history: readonly { summary: readonly string[]; names?: object; former?: unknown }[]
    }
    expect(history[1]).toMatchObject({
      names: { [shop]: 'web/shop', [cart]: 'web/cart' },
      former: [shop, cart].toSorted(),
    })
    expect(history[1]?.summary.join()).toContain(shop)
    expect(history[0]).not.toHaveProperty('names')
    // As it was, when nothing was renamed yet.
    const then = await home.capstan('log payments/api --at 5')
    expect(then.out).toContain(named)
  })

  it('says clusters by name', async () => {
    const cluster = clusterFacts('east')
    await home.given.did({ op: 'cluster.register', alias: 'east', cluster })
    const binding = k8s('east', 'payments', 'api')
    await home.given.did({ op: 'binding.add', alias: 'payments/api', binding })
    expect((await home.capstan('log payments/api')).out).toMatch(/binding: {cluster:east,/)
  })

  it('says uids where the server has no names', async () => {
    await home.capstan(rule)
    const [shop, cart] = [uidOf('web/shop'), uidOf('web/cart')]
    const told = json(await home.capstan('log payments/api --json')) as {
      history: readonly object[]
    }
    for (const names of [undefined, null, [], 'web/shop', { [uidOf('web/shop')]: 7 }]) {
      const history = told.history.map((one) => ({ ...one, names }))
      home.server.answers.set('/v1/entries', JSON.stringify({ history }))
      home.server.answers.set('/v1/log', JSON.stringify({ history }))
      const { out, exit } = await home.capstan('log payments/api')
      expect(exit).toBe(0)
      expect(out).toContain(callers({ [shop]: shop, [cart]: cart }))
      home.server.answers.clear()
    }
  })
})

describe('what a voter is shown', () => {
  it('is what is signed, and what its uids are called behind it', async () => {
    const id = await proposed()
    const [shop, cart] = [uidOf('web/shop'), uidOf('web/cart')]
    const shown = await home.capstan(`proposal show ${id}`)
    expect(shown.out).toMatch(behind(shop, 'web/shop'))
    expect(shown.out).toMatch(behind(cart, 'web/cart'))
    expect(shown.out).toContain('// what is signed is the uid; its name is what the server says\n')
    const voted = await home.capstan(vote(id))
    expect(voted.err).toMatch(behind(shop, 'web/shop'))
    const whole = json(await home.capstan(`proposal show ${id} --json`))
    expect(whole).toMatchObject({
      names: { [shop]: 'web/shop', [cart]: 'web/cart' },
      proposal: { body: { rule: { callers: [shop, cart].toSorted() } } },
    })
    const offline = await apart(id, JSON.stringify(whole))
    expect(offline.exit).toBe(0)
    expect(offline.err).toMatch(behind(shop, 'web/shop'))
    expect((await home.capstan('submit -', offline.out)).exit).toBe(8)
  })

  it('of what is over, has the names of then', async () => {
    const id = await proposed()
    for (const name of ['ann', 'bob']) {
      await home.capstan(`vote ${id} --approve --as ${name} --key ${name}.key`)
    }
    const shop = uidOf('web/shop')
    await home.capstan('entry rename web/shop web/store')
    const rename = await home.waiting()
    for (const name of ['ann', 'bob']) {
      await home.capstan(`vote ${rename} --approve --as ${name} --key ${name}.key`)
    }
    expect(uidOf('web/store')).toBe(shop)
    expect((await home.capstan(`proposal show ${id}`)).out).toMatch(behind(shop, 'web/shop'))
  })

  it('of their own proposal, before they sign it, has names too', async () => {
    await proposed()
    const made = await home.capstan(
      'rules attach payments/api --id mine --caller web/shop --port 443 --as ann --key ann.key',
    )
    expect(made.err).toMatch(behind(uidOf('web/shop'), 'web/shop'))
  })

  it('has the uid beside every name that a server says, whatever it says: attack 322', async () => {
    const id = await proposed()
    const [shop, cart] = [uidOf('web/shop'), uidOf('web/cart')]
    // As if the rule were for other callers, or for the same one twice.
    const lie = await showing(id, { [shop]: 'payments/cashier', [cart]: 'payments/cashier' })
    const offline = await apart(id, lie)
    expect(offline.err).toMatch(behind(shop, 'payments/cashier'))
    expect(offline.err).toMatch(behind(cart, 'payments/cashier'))
    expect(offline.err).toContain('// what is signed is the uid')
    home.server.answers.set('/v1/proposals/', lie)
    const online = await home.capstan(vote(id))
    expect(online.err).toMatch(behind(shop, 'payments/cashier'))
    // What is signed does not know of names.
    home.server.answers.clear()
    const statement = (screen: Screen) =>
      (JSON.parse(screen.out) as { envelopes: readonly { payload: string }[] }).envelopes[0]
    expect(statement(online)?.payload).toBe(statement(await home.capstan(vote(id)))?.payload)
  })

  it('has the uid beside a name in the impact too: attack 322', async () => {
    const split = (weight: number) => ({
      port: 80,
      backendRefs: [
        { entry: 'payments/api', weight: 1 },
        { entry: 'web/cart', weight },
      ],
    })
    const cart = uidOf('web/cart')
    await home.given.did({ op: 'split.set', alias: 'payments/api', split: split(1) })
    await home.given.did({ op: 'entry.retire', alias: 'web/cart' })
    await proposed()
    await home.capstan('splits set payments/api --port 80 --backend payments/api=1')
    const { proposals } = json(await home.capstan('inbox --json')) as {
      proposals: readonly { id: string }[]
    }
    const shown = await home.capstan(`proposal show ${proposals.at(-1)?.id}`)
    expect(shown.out).toContain(`  ${cart} (web/cart) 1 -> none\n`)
  })

  it('has no name that could not be one, and none that drives a terminal: attack 323', async () => {
    const id = await proposed()
    const shop = uidOf('web/shop')
    for (const name of [
      '\u001b[2J\u001b[Hweb/shop',
      'web/shop\n"approved": true',
      'web/\u202epohs',
      'web/shop // signed',
      'WEB/SHOP',
      'x'.repeat(100_000),
      '',
      ' ',
    ]) {
      const { err, exit } = await apart(id, await showing(id, { [shop]: name }))
      expect(exit).toBe(0)
      expect(err).toMatch(behind(shop))
      expect(err).not.toContain('//')
      // eslint-disable-next-line no-control-regex -- what must not be there
      expect(err).not.toMatch(/[\u001b\u202e]/)
      expect(err.length).toBeLessThan(10_000)
    }
  })

  it('has no names of what is no map of them, however large it is', async () => {
    const id = await proposed()
    const shop = uidOf('web/shop')
    const many = Array.from({ length: 50_000 }, (_, n) => [`e${n}`, 'web/shop'] as const)
    const nested = JSON.parse(`{"__proto__": {"${shop}": "payments/cashier"}}`) as unknown
    const inherited = JSON.parse('{"constructor": "web/a", "toString": "web/b"}') as unknown
    for (const names of [null, 7, 'web/shop', [shop, 'web/shop'], nested, inherited]) {
      const { err, exit } = await apart(id, await showing(id, names))
      expect(exit).toBe(0)
      expect(err).toMatch(behind(shop))
      expect(err).not.toContain('//')
    }
    const large = Object.fromEntries([...many, [shop, 'web/shop']])
    const { err, exit } = await apart(id, await showing(id, large))
    expect(exit).toBe(0)
    expect(err).toMatch(behind(shop, 'web/shop'))
    expect(err.length).toBeLessThan(10_000)
  })

  it('is not turned round by what a proposal says: attack 324', async () => {
    await proposed()
    const sly = 'web/a \u202e\u2066"gnihton" :\u2069'
    const update = { op: 'entry.update', alias: 'payments/api', labels: { note: sly } }
    expect((await home.given.index.change(update)).ok).toBe(true)
    const { proposals } = json(await home.capstan('inbox --json')) as {
      proposals: readonly { id: string; proposal: { op: string } }[]
    }
    const id = proposals.find(({ proposal }) => proposal.op === 'entry.update')?.id ?? ''
    for (const { out, err } of [
      await home.capstan(`proposal show ${id}`),
      await home.capstan(vote(id)),
    ]) {
      expect(`${out}${err}`).not.toMatch(/[\u202e\u2066\u2069]/)
      expect(`${out}${err}`).toContain('\\u202e\\u2066\\"gnihton\\" :\\u2069')
    }
  })
})
