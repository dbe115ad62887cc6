import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { spawn } from 'node:child_process'
import {
  cpSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { CapstanProcess, freePort } from '../support/capstan-process.js'

let capstan: CapstanProcess
let identity = ''
let folder = ''
let keys: Readonly<Record<'index' | 'issuance', string>>

beforeAll(async () => {
  capstan = await CapstanProcess.founded()
  identity = join(capstan.home, 'identity')
  folder = join(capstan.home, 'mirror')
  await capstan.start()
  capstan.must(['scope', 'create', 'ops'])
  capstan.must(['entry', 'create', 'ops/mirror', '--owner', 'ops'])
  capstan.must(['envelope', 'set', 'ops/mirror', '--capabilities', 'reader'])
  enrol(identity)
  await covered()
  const status = capstan.json(['status']) as Record<'index' | 'issuance', { logKey: string }>
  keys = { index: status.index.logKey, issuance: status.issuance.logKey }
})
afterAll(() => capstan[Symbol.asyncDispose]())

function enrol(out: string): void {
  const { token } = capstan.json(['token', 'create', 'ops/mirror']) as { token: string }
  const about = ['--server', capstan.url, '--ca-bundle', capstan.bundle, '--token', token]
  capstan.must(['cert', 'get', 'ops/mirror', ...about, '--out', out])
}

/** A checkpoint of the issuance log is signed once a second at most: until one covers all there is. */
async function covered(): Promise<void> {
  for (let round = 0; round < 50; round += 1) {
    const { issuance } = capstan.json(['status']) as {
      issuance: { size: number; checkpoint: { size: number } | null }
    }
    if (issuance.checkpoint?.size === issuance.size) return
    await pause(200)
  }
  throw new Error('no checkpoint covers the issuance log')
}

const pinned = (): readonly string[] => ['--key', keys.index, '--issuance-key', keys.issuance]
const mirror = (to = folder, ...more: readonly string[]) =>
  ran(['mirror', '--server', capstan.url, '--identity', identity, '--to', to, '--once', ...more])
const verify = (of = folder) => ran(['mirror', 'verify', of, ...pinned()])

interface Said {
  readonly ok?: boolean
  readonly known?: string
  readonly index?: { readonly size: number; readonly records?: number }
  readonly issuance?: { readonly size: number; readonly records?: number }
  readonly alarms?: readonly { readonly code: string; readonly log: string }[]
}

function ran(
  args: readonly string[],
): Said & { readonly status: number | null; readonly stderr: string } {
  const { status, stdout, stderr } = capstan.run([...args, '--json'])
  return { status, stderr, ...(JSON.parse(stdout || '{}') as Said) }
}

/** Every file below a folder. */
const filesIn = (of: string): readonly string[] =>
  readdirSync(of, { recursive: true, encoding: 'utf8' })
    .filter((name) => statSync(join(of, name)).isFile() && name !== 'lock.db')
    .sort()

describe('capstan mirror, on another machine', () => {
  it('copies both logs of a server, and goes on after both were restarted', async () => {
    expect(mirror(folder, ...pinned())).toMatchObject({ status: 0, ok: true, known: 'pinned' })
    const before = filesIn(folder)
    expect(before).toEqual(
      expect.arrayContaining(['index/checkpoint', 'index/key', 'issuance/checkpoint']),
    )
    for (const name of before) expect(statSync(join(folder, name)).mode & 0o077).toBe(0)
    capstan.must(['scope', 'create', 'shop'])
    await capstan.stop()
    await capstan.start()
    await covered()
    const found = mirror()
    expect(found).toMatchObject({ status: 0, known: 'remembered', alarms: [] })
    expect(verify()).toMatchObject({
      ...{ status: 0, ok: true, known: 'pinned', alarms: [] },
      index: { size: found.index?.size, records: found.index?.size },
      issuance: { size: found.issuance?.size, records: found.issuance?.size },
    })
  })

  it('may be of one log alone', () => {
    const to = join(capstan.home, 'index-alone')
    expect(mirror(to, '--log', 'index')).toMatchObject({ status: 0, known: 'first' })
    expect(readdirSync(to).filter((name) => name !== 'lock.db')).toEqual(['index'])
    const alone = ran(['mirror', 'verify', to, '--key', keys.index])
    expect(alone).toMatchObject({ status: 0, ok: true })
    // Whoever names the key of a log wants that log.
    expect(verify(to)).toMatchObject({ status: 10, ok: false })
    expect(verify(to).alarms).toMatchObject([{ code: 'inconsistent', log: 'issuance' }])
  })

  it('stays, and follows what comes', async () => {
    const to = join(capstan.home, 'followed')
    const { signal, lines, ended } = followed(to)
    await until(() => lines().some(({ event }) => event === 'mirrored'))
    const { size = 0 } = lines().find(({ event }) => event === 'mirrored')?.index ?? {}
    capstan.must(['scope', 'create', 'bank'])
    await until(() => lines().some(({ index }) => (index?.size ?? 0) > size))
    signal('SIGTERM')
    expect(await ended).toBe(0)
    expect(lines().at(-1)).toEqual({ event: 'stopped', alarms: 0 })
    expect(verify(to)).toMatchObject({ status: 0 })
  })

  it('is served to those who ask for files of C2SP tlog-tiles', async () => {
    const port = await freePort()
    const [program = '', ...args] = capstan.command([
      ...['mirror', 'serve', folder, '--listen', `127.0.0.1:${port}`],
    ])
    const child = spawn(program, args, { stdio: 'ignore' })
    const ended = new Promise((resolve) => child.once('close', resolve))
    const get = async (path: string) => {
      const answer = await fetch(`http://127.0.0.1:${port}${path}`).catch(() => undefined)
      return { status: answer?.status, body: answer && Buffer.from(await answer.arrayBuffer()) }
    }
    for (let round = 0; round < 100 && (await get('/')).status !== 404; round += 1) await pause(100)
    const note = readFileSync(join(folder, 'index/checkpoint'))
    expect(await get('/index/checkpoint')).toEqual({ status: 200, body: note })
    const size = note.toString().split('\n')[1] ?? ''
    const entries = `tile/entries/000.p/${size}`
    expect(await get(`/index/${entries}`)).toEqual({
      ...{ status: 200, body: readFileSync(join(folder, 'index', entries)) },
    })
    expect((await get('/issuance/checkpoint')).status).toBe(200)
    child.kill('SIGTERM')
    expect(await ended).toBe(0)
  })

  it('is verified when the server is gone, and finds out who has changed it', async () => {
    await capstan.stop()
    expect(verify()).toMatchObject({ status: 0 })
    expect(mirror()).toMatchObject({ status: 6 })
    const proof = join(capstan.home, 'answer.proof')
    const ask = '{"ask":"log","alias":"ops/mirror"}'
    capstan.must(['mirror', 'export', folder, '--out', proof, '--ask', ask])
    const { index } = capstan.json(['mirror', 'export', folder, '--out', `${proof}.csv`]) as {
      index: string
    }
    const about = ['--index', index, '--key', keys.index]
    expect(capstan.must(['verify', proof, ...about])).toMatch(/envelope/)
    expect(capstan.must(['verify', `${proof}.csv`, ...about])).toMatch(/ops\/mirror/)
    expect(ran(['mirror', 'export', folder, '--out', proof, '--ask', '{"ask":"all"}']).status).toBe(
      2,
    )
    const copy = join(capstan.home, 'changed')
    cpSync(folder, copy, { recursive: true })
    for (const name of filesIn(copy)) {
      if (!name.startsWith('index/tile/entries/')) continue
      const octets = readFileSync(join(copy, name))
      writeFileSync(join(copy, name), octets.fill(0x20, 100, 101))
    }
    expect(verify(copy)).toMatchObject({
      status: 10,
      alarms: [expect.objectContaining({ code: 'inconsistent', log: 'index' })],
    })
    expect(ran(['mirror', 'verify', copy, '--key', keys.issuance]).status).toBe(5)
    expect(ran(['mirror', 'verify', join(capstan.home, 'nowhere')]).status).toBe(4)
    await capstan.start()
    await covered()
    expect(mirror(copy, '--repair')).toMatchObject({ status: 0 })
    expect(verify(copy)).toMatchObject({ status: 0 })
  })

  it('refuses a data directory that was put back, and keeps what it has', async () => {
    const older = join(capstan.home, 'older')
    await capstan.stop()
    cpSync(capstan.data, older, { recursive: true })
    await capstan.start()
    capstan.must(['scope', 'create', 'later'])
    await covered()
    const { index } = mirror()
    await capstan.stop()
    const newest = join(capstan.home, 'newest')
    renameSync(capstan.data, newest)
    renameSync(older, capstan.data)
    await capstan.start()
    await covered()
    expect(mirror()).toMatchObject({
      status: 10,
      alarms: expect.arrayContaining([expect.objectContaining({ code: 'rollback', log: 'index' })]),
    })
    expect(verify()).toMatchObject({ status: 0, index: { size: index?.size } })
    capstan.must(['scope', 'create', 'otherwise'])
    expect(mirror()).toMatchObject({
      status: 10,
      alarms: expect.arrayContaining([expect.objectContaining({ code: 'fork', log: 'index' })]),
    })
    await capstan.stop()
    rmSync(capstan.data, { recursive: true })
    renameSync(newest, capstan.data)
    await capstan.start()
    await covered()
    expect(mirror()).toMatchObject({ alarms: [] })
    expect(verify()).toMatchObject({ status: 0 })
  })
})

interface Line {
  readonly event: string
  readonly index?: { readonly size: number }
  readonly alarms?: number
}

/** A mirror that stays. */
function followed(to: string): {
  readonly signal: (name: NodeJS.Signals) => void
  readonly lines: () => readonly Line[]
  readonly ended: Promise<number | null>
} {
  const [program = '', ...args] = capstan.command([
    ...['mirror', '--server', capstan.url, '--identity', identity, '--to', to],
    ...['--interval', '1s', '--json'],
  ])
  const child = spawn(program, args)
  let out = ''
  child.stdout.on('data', (chunk: Buffer) => void (out += chunk.toString()))
  return {
    signal: (name) => void child.kill(name),
    lines: () =>
      out
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line) as Line),
    ended: new Promise((resolve) => child.once('close', resolve)),
  }
}

async function until(holds: () => boolean): Promise<void> {
  for (let round = 0; round < 150; round += 1) {
    if (holds()) return
    await pause(200)
  }
  throw new Error('it does not come')
}
