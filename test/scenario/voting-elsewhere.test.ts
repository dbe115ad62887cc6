import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { spawn } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, request, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { CapstanProcess, type Ran } from '../support/capstan-process.js'
import { type TestAuthority, testAuthority } from '../server/tls/test-certificates.js'

const main = join(import.meta.dirname, '../../dist/main.js')
const env = { ...process.env, NO_COLOR: '1', CAPSTAN_VOTER_PASSPHRASE: 'correct horse' }

let capstan: CapstanProcess
/** Another machine: it has the identity of its desk, the keys of voters, and no configuration. */
let away = ''
let authority: TestAuthority
let proxy: Server
/** What the proxy makes of an answer. */
let lie: (path: string, body: Buffer) => Buffer = (_path, body) => body
/** What was posted to the proxy. */
const posted: string[] = []

/** `capstan` on the other machine. Not `spawnSync`, which would keep the proxy from answering. */
function there(line: string): Promise<Ran> {
  const child = spawn(process.execPath, [main, ...line.split(' ')], { cwd: away, env })
  const texts = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].on('data', (chunk: Buffer) => void (texts[name] += chunk.toString()))
  }
  return new Promise((resolve) => child.once('close', (status) => resolve({ status, ...texts })))
}

const remote = (url = capstan.url): string => `--server ${url} --identity identity`
const jsonOf = ({ stdout }: Ran): Record<string, unknown> =>
  JSON.parse(stdout) as Record<string, unknown>

async function waiting(): Promise<string> {
  const { proposals } = jsonOf(await there(`inbox --json ${remote()}`)) as {
    proposals: readonly { id: string }[]
  }
  return proposals[0]?.id ?? ''
}

beforeAll(async () => {
  capstan = await CapstanProcess.founded()
  away = join(capstan.home, 'away')
  mkdirSync(away)
  await capstan.start()
  capstan.must(['envelope', 'set', '/', '--capabilities', 'reader,submitter'])
  capstan.must(['scope', 'create', 'ops'])
  capstan.must(['envelope', 'set', 'ops', '--capabilities', 'reader,submitter'])
  for (const alias of ['ops/desk', 'ops/web', 'ops/api']) {
    capstan.must(['entry', 'create', alias, '--owner', 'ops'])
  }
  capstan.must(['envelope', 'set', 'ops/desk', '--capabilities', 'reader,submitter'])
  const { token } = capstan.json(['token', 'create', 'ops/desk']) as { token: string }
  const about = `--server ${capstan.url} --ca-bundle ${capstan.bundle} --token ${token}`
  expect((await there(`cert get ops/desk ${about} --out identity`)).status).toBe(0)
  for (const name of ['ann', 'bob', 'cyd']) {
    await there(`voter keygen --out ${name}.key`)
    const enrol = `voter enrol --key ${name}.key --id ${name} --controller ${name}@acme`
    writeFileSync(join(away, `${name}.json`), (await there(`${enrol} ${remote()}`)).stdout)
  }
  await proxied()
})
afterAll(async () => {
  proxy.close()
  await capstan[Symbol.asyncDispose]()
})

/** Somebody between the two whom the voter believes: a server that lies. */
async function proxied(): Promise<void> {
  authority = await testAuthority('proxy')
  writeFileSync(join(away, 'proxy-ca.pem'), authority.rootPem)
  const { key, chainPem } = await authority.issue('localhost')
  const pkcs8 = key.export({ format: 'pem', type: 'pkcs8' })
  const read = (name: string): Buffer => readFileSync(join(away, 'identity', name))
  proxy = createServer({ key: pkcs8, cert: chainPem }, (asked, answer) => {
    const forwarded = request(`${capstan.url}${asked.url}`, {
      method: asked.method ?? 'GET',
      ...{ ca: readFileSync(capstan.bundle), cert: read('cert.pem'), key: read('key.pem') },
      headers: { 'content-type': 'application/json', accept: asked.headers.accept ?? '' },
    })
    if (asked.method === 'POST') posted.push(asked.url ?? '')
    asked.pipe(forwarded)
    forwarded.on('error', () => answer.destroy())
    forwarded.on('response', (found) => {
      const chunks: Buffer[] = []
      found.on('data', (chunk: Buffer) => chunks.push(chunk))
      found.on('end', () => {
        answer.writeHead(found.statusCode ?? 0, { 'content-type': 'application/json' })
        answer.end(lie(asked.url ?? '', Buffer.concat(chunks)))
      })
    })
  })
  await new Promise<void>((resolve) => proxy.listen(0, 'localhost', resolve))
}
const lying = (): string =>
  `${remote(`https://localhost:${(proxy.address() as AddressInfo).port}`)} --ca-bundle proxy-ca.pem`

describe('voters on another machine', () => {
  it('become the voters of an index, and nobody walks to its server', async () => {
    const files = ['ann', 'bob', 'cyd'].flatMap((name) => ['--voter', join(away, `${name}.json`)])
    expect(capstan.run(['group', 'set', '/', ...files]).status).toBe(8)
    const id = await waiting()
    const votes = ['ann', 'bob'].map(
      (name) => `vote ${id} --approve --as ${name} --key ${name}.key ${remote()}`,
    )
    expect((await there(votes[0] ?? '')).status).toBe(8)
    const last = await there(votes[1] ?? '')
    expect(last).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('in force') as unknown,
    })
  })

  it('propose and decide, and are told who decided what', async () => {
    const rule = `rules attach ops/api --id web --caller ops/web --port 443 --as ann --key ann.key`
    const proposed = await there(`${rule} --reason shop ${remote()}`)
    expect(proposed).toMatchObject({ status: 8 })
    await decided()
    const why = jsonOf(await there(`why ops/web ops/api --port 443 --json ${remote()}`))
    expect(why).toMatchObject({ allowed: true })
    const said = JSON.stringify(why)
    for (const name of ['ann', 'bob', 'cyd']) expect(said).toContain(name)
    expect(said).toContain('shop')
    const authority = await there(`authority ops/api ${remote()}`)
    expect(authority.stdout).toContain('cyd@acme')
  })

  it('brake at once', async () => {
    const brake = `brake ops/web --for 10m --as cyd --key cyd.key ${remote()}`
    expect((await there(brake)).status).toBe(0)
    expect(jsonOf(await there(`brake list --json ${remote()}`))).toMatchObject({
      brakes: [{ standing: 'in-effect' }],
    })
  })

  it('decide nothing there without a signature of their own', async () => {
    const before = await there(`status --json ${remote()}`)
    for (const line of [
      'scope create taken',
      'brake ops/api --for 10m',
      'proposal withdraw pra',
      'recovery cancel /',
    ]) {
      const { status, stderr } = await there(`${line} ${remote()}`)
      expect({ line, status, stderr }).toMatchObject({
        status: 2,
        stderr: expect.stringContaining('--as VOTER') as unknown,
      })
    }
    const sizeOf = (ran: Ran): unknown => (jsonOf(ran)['index'] as { size: number }).size
    expect(sizeOf(await there(`status --json ${remote()}`))).toBe(sizeOf(before))
  })

  it('sign nothing that a server says falsely (attack 284)', async () => {
    capstan.run(['scope', 'create', 'shop'])
    const id = await waiting()
    lie = (path, body) =>
      path.startsWith('/v1/proposals/')
        ? Buffer.from(body.toString().replaceAll('"alias":"shop"', '"alias":"evil"'))
        : body
    const vote = `vote ${id} --approve --as ann --key ann.key ${lying()} --json`
    const lied = await there(vote)
    expect({ status: lied.status, posted: [...posted] }).toEqual({ status: 3, posted: [] })
    expect(jsonOf(lied)).toMatchObject({ code: 'namespace.bad-canonical' })
    lie = (path, body) =>
      path === '/v1/proposals/drafts'
        ? Buffer.from(body.toString().replaceAll('"alias":"mart"', '"alias":"evil"'))
        : body
    const draft = await there(`scope create mart --as ann --key ann.key ${lying()} --json`)
    expect(jsonOf(draft)).toMatchObject({ code: 'namespace.bad-canonical' })
    expect(posted.splice(0)).toEqual(['/v1/proposals/drafts'])
    lie = (_path, body) => body
    expect((await there(vote)).status).toBe(8)
    expect(posted).toEqual(['/v1/statements'])
  })

  it('say nothing to a server that they do not know (attack 285)', async () => {
    posted.splice(0)
    const url = `https://localhost:${(proxy.address() as AddressInfo).port}`
    const { status } = await there(`submit ann.json ${remote(url)}`)
    expect({ status, posted }).toEqual({ status: 6, posted: [] })
  })

  it('are told what they lack', async () => {
    const without = await there(`inbox --server ${capstan.url}`)
    expect(without).toMatchObject({ status: 2 })
    expect(without.stderr).toContain('--identity FOLDER')
    expect((await there('inbox --identity identity')).status).toBe(2)
    expect((await there(`token ls ${remote()}`)).stderr).toContain("unknown option '--server'")
  })
})

/** By two of the three. */
async function decided(): Promise<void> {
  const id = await waiting()
  for (const name of ['bob', 'cyd']) {
    await there(`vote ${id} --approve --as ${name} --key ${name}.key ${remote()}`)
  }
}
