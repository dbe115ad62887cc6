import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { seconds, toIso, unixSeconds } from '../../src/core/time.js'
import type { Screen } from './fake-world.js'
import { type GivenVoters, givenHome } from './given-voters.js'

let voters: GivenVoters
let capstan: GivenVoters['capstan']

beforeEach(async () => {
  voters = await givenHome()
  capstan = voters.capstan
  for (const name of ['ann', 'bob', 'cyd']) await voters.enrolled(name)
  await capstan('voter keygen --out laptop.key --alg es256')
})
afterEach(() => rmSync(voters.home, { recursive: true, force: true }))

const index = (): string => `--index ${voters.given.index.state.index}`
const inHours = (hours: number): string =>
  toIso(unixSeconds(voters.given.clock.now() + hours * 3600))
const add = (file: string, more = ''): Promise<Screen> =>
  capstan(`voter enrol --key laptop.key --add ${file} ${index()}${more}`)
const file = (name: string): string => readFileSync(join(voters.home, name), 'utf8')
const set = (ann: string): Promise<Screen> =>
  capstan(`group set / ${ann} --voter bob.json --voter cyd.json`)

async function votedIn(ann: string): Promise<void> {
  const proposed = await set(ann)
  expect([proposed.exit, proposed.err]).toEqual([8, ''])
  const id = await voters.waiting()
  expect((await capstan(`vote ${id} --approve --as ann --key laptop.key`)).exit).toBe(8)
  expect((await capstan(`vote ${id} --approve --as bob --key bob.key`)).exit).toBe(0)
}

describe('a voter with two keys', () => {
  it('is one file, signs with either, and counts once', async () => {
    const both = await add('ann.json', ` --until ${inHours(48)}`)
    expect([both.exit, both.err]).toEqual([0, ''])
    voters.write('both.json', both.out)
    await votedIn('--voter both.json')
    expect((await capstan('group show')).out).toMatch(/Ed25519 \S+, ES256 \S+ until 2/)
    await capstan('entry create payments/api --owner team --as ann --key laptop.key')
    const id = await voters.waiting()
    expect((await capstan(`vote ${id} --approve --as ann --key ann.key`)).exit).toBe(8)
    const twice = await capstan(`vote ${id} --approve --as ann --key laptop.key`)
    expect(twice.exit).toBe(8)
    expect(twice.out).toContain('100 of 151 for it')
  })

  it('may be two files: of one name, one controller and one weight', async () => {
    const enrol = `voter enrol --key laptop.key ${index()} --id ann`
    voters.write('second.json', (await capstan(`${enrol} --controller ann@acme`)).out)
    await votedIn('--voter ann.json --voter second.json')
    const [ann] = voters.given.index.state.root.group?.voters ?? []
    expect([ann?.id, ann?.keys.length]).toEqual(['ann', 2])
  })

  it('loses one by time, and goes on with the other', async () => {
    voters.write('both.json', (await add('ann.json', ` --until ${inHours(2)}`)).out)
    await votedIn('--voter both.json')
    await capstan('entry create payments/api --owner team')
    voters.given.clock.advance(seconds(2 * 3600))
    const id = await voters.waiting()
    const over = await capstan(`vote ${id} --approve --as ann --key laptop.key`)
    expect(over.err).toContain('namespace.bad-signature')
    const mine = 'entry create payments/db --owner team --as ann'
    const refused = await capstan(`${mine} --key laptop.key`)
    expect(refused.err).toContain('namespace.unknown-key')
    expect((await capstan(`${mine} --key ann.key`)).exit).toBe(8)
    expect((await capstan(`vote ${id} --approve --as ann --key ann.key`)).exit).toBe(8)
    // Enrolled anew, the file leaves out what is over.
    await capstan('voter keygen --out new.key')
    const anew = await capstan(`voter enrol --key new.key --add both.json ${index()}`)
    expect((JSON.parse(anew.out) as { keys: unknown[] }).keys).toHaveLength(2)
  })
})

describe('files of one voter that do not fit together', () => {
  const refusedSet = async (ann: string, words: string): Promise<void> => {
    const { size } = voters.given.index.state
    const refused = await set(ann)
    expect([refused.exit, refused.out, refused.err.includes(words)]).toEqual([2, '', true])
    expect(voters.given.index.state.size).toBe(size)
  }

  it('are refused: one key twice', async () => {
    await refusedSet('--voter ann.json --voter ann.json', 'listed twice')
    const again = await capstan(`voter enrol --key ann.key --add ann.json ${index()}`)
    expect([again.exit, again.err.includes('listed twice')]).toEqual([2, true])
  })

  it('are refused: of two people, or with two weights', async () => {
    const enrol = `voter enrol --key laptop.key ${index()} --id ann`
    voters.write('eve.json', (await capstan(`${enrol} --controller eve@acme`)).out)
    await refusedSet('--voter ann.json --voter eve.json', 'of two people')
    const heavy = await capstan(`${enrol} --controller ann@acme --weight 900`)
    voters.write('heavy.json', heavy.out)
    await refusedSet('--voter ann.json --voter heavy.json', 'two weights')
  })

  it("are refused: another's key, put into a voter's file", async () => {
    const ann = JSON.parse(file('ann.json')) as { keys: object[] }
    const bob = JSON.parse(file('bob.json')) as { keys: object[] }
    voters.write('mixed.json', JSON.stringify({ ...ann, keys: [...ann.keys, ...bob.keys] }))
    expect((await add('mixed.json')).err).toContain('namespace.group-invalid')
    const refused = await capstan('group set / --voter mixed.json --voter cyd.json')
    expect([refused.exit, refused.err.includes('namespace.group-invalid')]).toEqual([3, true])
  })

  it('are refused: a key that is over, or was never to be', async () => {
    for (const until of ['yesterday', '2020-01-01T00:00:00Z']) {
      expect((await add('ann.json', ` --until ${until}`)).exit).toBe(2)
    }
    const short = await capstan(
      `voter enrol --key laptop.key --id ann --controller ann@acme ${index()} --until ${inHours(1)}`,
    )
    voters.write('short.json', short.out)
    voters.given.clock.advance(seconds(3600))
    await refusedSet('--voter short.json', 'is over')
  })

  it('are not added to: of another index, for another use, or with another name beside', async () => {
    const alien = `voter enrol --key laptop.key --add ann.json --index ${'ab'.repeat(32)}`
    expect((await capstan(alien)).err).toContain('namespace.group-invalid')
    expect((await add('ann.json', ' --recovery')).err).toContain('namespace.group-invalid')
    expect((await add('ann.json', ' --id eve')).err).toContain('leave out --id')
    const nobody = await capstan(`voter enrol --key laptop.key ${index()}`)
    expect([nobody.exit, nobody.err.includes('--add FILE')]).toEqual([2, true])
  })
})

describe('a group that is asked for over the API', () => {
  it('has no voter whose every key is over', async () => {
    const { clock, index: live } = voters.given
    const read = (name: string, more: object = {}): object => {
      const voter = JSON.parse(file(name)) as { keys: object[] }
      return { ...voter, keys: voter.keys.map((key) => ({ ...key, ...more })) }
    }
    const group = (ann: object) => ({ voters: [ann, read('bob.json'), read('cyd.json')] })
    const over = read('ann.json', { until: clock.now() })
    clock.advance(seconds(1))
    const refused = await live.change({ op: 'group.set', alias: '', group: group(over) })
    expect(refused).toMatchObject({ refusal: { code: 'namespace.group-invalid', found: 'ann' } })
    const sound = group(read('ann.json', { until: clock.now() + 60 }))
    expect((await live.change({ op: 'group.set', alias: '', group: sound })).ok).toBe(true)
  })
})
