import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import type { RemoteWay } from '../../src/cli/world.js'
import { json, run, type Screen } from './fake-world.js'
import { type GivenVoters, givenVoters } from './given-voters.js'

let here: GivenVoters
let ways: RemoteWay[] = []

beforeEach(async () => {
  here = await givenVoters()
  ways = []
  writeIdentity()
})
afterEach(() => rmSync(here.home, { recursive: true, force: true }))

/** As `capstan cert get --out identity` leaves it. */
function writeIdentity(): void {
  const folder = join(here.home, 'identity')
  const version = join(folder, 'versions', 'v1')
  mkdirSync(version, { recursive: true })
  for (const name of ['key', 'cert', 'bundle']) writeFileSync(join(version, `${name}.pem`), name)
  const meta = {
    ...{ alias: 'desks/ann', uid: 'e'.repeat(32), serial: '00', names: ['ann.example'] },
    ...{ notBefore: '2026-11-21T00:00:00Z', notAfter: '2026-11-22T00:00:00Z' },
    server: 'https://ca.example:8443',
  }
  writeFileSync(join(version, 'meta.json'), JSON.stringify(meta))
  symlinkSync('versions/v1', join(folder, 'current'))
}

/** On a machine that has no server and no configuration. */
const there = (line: string): Promise<Screen> =>
  run(line.split(' '), {
    cwd: here.home,
    clock: here.given.clock,
    env: { NO_COLOR: '1', CAPSTAN_VOTER_PASSPHRASE: 'correct horse' },
    operator: () => Promise.reject(new Error('there is no server on this machine')),
    remoteOperator: (way) => {
      ways.push(way)
      return Promise.resolve(here.server)
    },
  })

const remote = '--server https://ca.example:8443 --identity identity'
const posted = (): readonly string[] =>
  here.server.requests.filter(({ method }) => method === 'POST').map(({ path }) => path)

async function proposed(): Promise<string> {
  await here.capstan('scope create shop')
  const id = await here.waiting()
  here.server.requests.splice(0)
  return id
}

describe('a voter on another machine', () => {
  it('asks the server that they name, by the identity that they have', async () => {
    const id = await proposed()
    const vote = await there(`vote ${id} --approve --as ann --key ann.key ${remote}`)
    expect([vote.exit, posted()]).toEqual([8, ['/v1/statements']])
    const [way] = ways
    expect(way?.server.href).toBe('https://ca.example:8443/')
    expect(await way?.trust()).toEqual({ ca: 'bundle', cert: 'cert', key: 'key' })
  })

  it('signs nothing that is shown under the id of something else (attack 284)', async () => {
    const id = await proposed()
    const shown = await here.server.request({ method: 'GET', path: `/v1/proposals/${id}` })
    const text = Buffer.from(shown.body).toString('utf8')
    here.server.requests.splice(0)
    here.server.answers.set(`/v1/proposals/${id}`, text.replaceAll('"shop"', '"evil"'))
    const vote = await there(`vote ${id} --approve --as ann --key ann.key ${remote} --json`)
    expect([vote.exit, json(vote)['code'], posted()]).toEqual([3, 'namespace.bad-canonical', []])
  })

  it.each(['vote --approve --as ann', 'proposal withdraw'])(
    'names what they sign about by its whole id: %s (attack 284)',
    async (line) => {
      const id = await proposed()
      const command = line.replace('vote', `vote ${id.slice(0, 12)}`)
      const withId = command.startsWith('vote') ? command : `${command} ${id.slice(0, 12)}`
      const { exit, err } = await there(`${withId} --key ann.key ${remote}`)
      expect([exit, posted()]).toEqual([2, []])
      expect(err).toContain('by its whole id')
      expect(here.server.requests).toEqual([])
    },
  )

  it('says yes to what a document takes away, before it is asked for', async () => {
    await here.capstan('entry create web --owner ops')
    const id = await here.waiting()
    for (const name of ['ann', 'bob']) {
      await here.capstan(`vote ${id} --approve --as ${name} --key ${name}.key`)
    }
    here.server.requests.splice(0)
    const text = 'apiVersion: capstan/v1\nprune: true\n'
    writeFileSync(join(here.home, 'all.yaml'), text)
    const file = `apply -f all.yaml --as ann --key ann.key ${remote} --json`
    const made = await there(file)
    expect([made.exit, json(made)['code']]).toEqual([3, 'cli.needs-yes'])
    expect(json(made)['found']).toBe('entry.retire web')
    expect(posted()).not.toContain('/v1/statements')
    expect((await there(`${file} --unsigned`)).exit).toBe(0)
    expect((await there(`${file} --yes`)).exit).toBe(8)
    expect(posted()).toContain('/v1/statements')
  })

  it('proposes what they asked for, under their own name', async () => {
    const made = await there(`scope create mart --as ann --key ann.key ${remote} --json`)
    expect(made.exit).toBe(8)
    expect(json(made)).toMatchObject({ proposal: { author: { kind: 'voter', id: 'ann' } } })
    expect(posted().filter((path) => path !== '/v1/statements')).toContain('/v1/proposals/drafts')
    writeFileSync(join(here.home, 'all.yaml'), 'apiVersion: capstan/v1\nscopes: [{alias: far}]\n')
    const file = `propose -f all.yaml --as ann --key ann.key ${remote} --json`
    expect((await there(file)).exit).toBe(8)
    expect(posted()).not.toContain('/v1/apply')
  })

  it.each([
    'scope create taken',
    'apply -f all.yaml',
    'brake shop --for 10m',
    'proposal withdraw pra',
    'recovery cancel /',
  ])('has nothing decided that they do not sign: %s', async (line) => {
    writeFileSync(join(here.home, 'all.yaml'), 'apiVersion: capstan/v1\nscopes: [{alias: far}]\n')
    here.server.requests.splice(0)
    const { exit, err } = await there(`${line} ${remote}`)
    expect([exit, posted()]).toEqual([2, []])
    expect(err).toContain('--as VOTER')
  })

  it.each([
    { line: 'inbox --server https://ca.example:8443', wanted: '--identity FOLDER' },
    { line: 'inbox --server https://ca.example:8443 --identity none', wanted: 'no identity' },
    { line: 'inbox --server http://ca.example --identity identity', wanted: 'https://HOST:PORT' },
    { line: 'inbox --identity identity', wanted: '--server' },
    { line: `apply -f x --dry-run ${remote}`, wanted: '--unsigned' },
    { line: `token ls ${remote}`, wanted: "unknown option '--server'" },
  ])('is told what is missing: $line', async ({ line, wanted }) => {
    writeFileSync(join(here.home, 'x'), 'scopes: {}')
    const { exit, err } = await there(line)
    expect(exit).toBe(2)
    expect(err).toContain(wanted)
    expect(ways).toEqual([])
  })

  it('is told by help and by the reference which commands ask from elsewhere', async () => {
    expect((await there('vote --help')).out).toContain('--identity <folder>')
    expect((await there('revoke --help')).out).not.toContain('--identity')
    const reference = readFileSync(join(import.meta.dirname, '../../docs/cli.md'), 'utf8')
    expect(reference).toContain('With `--server` from another machine.')
  })
})
