import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { seconds } from '../../src/core/time.js'
import { type GivenIndex, givenIndex } from '../namespace/given-index.js'
import { json, run, type Screen, type ScriptedServer } from './fake-world.js'
import { servedIndex } from './served-index.js'

let home = ''
let given: GivenIndex
let server: ScriptedServer

const capstan = (line: string): Promise<Screen> =>
  run(line.split(' '), {
    server,
    cwd: home,
    clock: given.clock,
    env: { NO_COLOR: '1', CAPSTAN_VOTER_PASSPHRASE: 'correct horse' },
  })

const waiting = async (): Promise<string | undefined> => {
  const { proposals } = json(await capstan('inbox --json')) as { proposals: { id: string }[] }
  return proposals[0]?.id
}
const vote = (id: string, decision: 'approve' | 'reject', as: string): Promise<Screen> =>
  capstan(`vote ${id} --${decision} --as ${as} --key ${as}.key`)

beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'capstan-wait-'))
  given = await givenIndex()
  const { index } = given
  server = servedIndex(given)
  for (const name of ['ann', 'bob', 'cyd']) {
    await capstan(`voter keygen --out ${name}.key`)
    const enrol = `voter enrol --key ${name}.key --id ${name} --controller ${name}@acme --index`
    const voter = await capstan(`${enrol} ${index.state.index}`)
    writeFileSync(join(home, `${name}.json`), voter.out)
  }
  await capstan('group set / --voter ann.json --voter bob.json --voter cyd.json')
  const group = (await waiting()) ?? ''
  await vote(group, 'approve', 'ann')
  expect((await vote(group, 'approve', 'bob')).exit).toBe(0)
  writeFileSync(
    join(home, 'shop.yaml'),
    'apiVersion: capstan/v1\nscopes: [{alias: shop}]\nentries: [{alias: shop/web, owner: {controller: team-shop}}]\n',
  )
})
afterEach(() => rmSync(home, { recursive: true, force: true }))

/** Runs it, and votes once something waits. Time goes on until it has ended. */
async function whileOthers(line: string, voted: (id: string) => Promise<unknown>): Promise<Screen> {
  let screen: Screen | undefined
  const running = capstan(line).then((ended) => {
    screen = ended
  })
  let id: string | undefined
  while (id === undefined) id = await waiting()
  await voted(id)
  for (let steps = 0; screen === undefined && steps < 200; steps += 1) {
    await new Promise((resolve) => setImmediate(resolve))
    given.clock.advance(seconds(1))
  }
  await running
  return screen ?? capstan('version')
}

describe('applying, and waiting for those who decide', () => {
  it('ends well when all of it has passed', async () => {
    const done = await whileOthers('apply -f shop.yaml --wait 10m --json', async (id) => {
      await vote(id, 'approve', 'ann')
      await vote(id, 'approve', 'bob')
    })
    expect(done.exit).toBe(0)
    expect(json(done)).toMatchObject({ proposed: [{ standing: 'committed' }] })
    expect(given.entry('shop/web').state).toBe('active')
    expect((await capstan('apply -f shop.yaml')).out).toContain('nothing to change')
  })

  it('says so when some of it has not', async () => {
    const done = await whileOthers('apply -f shop.yaml --wait 10m', async (id) => {
      await vote(id, 'reject', 'ann')
      await vote(id, 'reject', 'bob')
    })
    expect(done.exit).toBe(3)
    expect(done.out).toContain('rejected')
  })

  it('ends when its time is over, with a code of its own; it may be asked again', async () => {
    const before = given.clock.now()
    const done = await whileOthers('apply -f shop.yaml --wait 5s', (id) =>
      vote(id, 'approve', 'ann'),
    )
    expect(done.exit).toBe(8)
    expect(given.clock.now() - before).toBeGreaterThanOrEqual(5)
    const [size, id] = [given.store.records.length, await waiting()]
    const again = await whileOthers('apply -f shop.yaml --wait 10m', (same) => {
      expect(same).toBe(id)
      return vote(same, 'approve', 'cyd')
    })
    expect(again.exit).toBe(0)
    // One vote, and the two changes that it made: nothing was proposed twice.
    expect(given.store.records).toHaveLength(size + 3)
  })

  it('does not wait unless told to, nor for what is no duration', async () => {
    expect((await capstan('apply -f shop.yaml')).exit).toBe(8)
    expect((await capstan('apply -f shop.yaml --wait soon')).exit).toBe(2)
  })
})
