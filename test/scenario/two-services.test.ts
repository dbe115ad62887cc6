import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { CapstanProcess, freePort } from '../support/capstan-process.js'

const example = join(import.meta.dirname, '../../examples/two-services')

/** The example as its page says, against a real server that is gone when the services begin. */
describe('examples/two-services', () => {
  let capstan: CapstanProcess
  let folder = ''
  const ports = { orders: 0, shop: 0 }
  const services: ChildProcess[] = []

  beforeAll(async () => {
    capstan = await CapstanProcess.founded('two.example')
    folder = join(capstan.home, 'services')
    ;[ports.orders, ports.shop] = await Promise.all([freePort(), freePort()])
    await capstan.start()
    const env = { ...process.env, CAPSTAN_CONFIG: capstan.config, CAPSTAN_URL: capstan.url }
    const args = [folder, String(ports.orders), String(ports.shop)]
    const made = spawnSync(process.execPath, [join(example, 'setup.mjs'), ...args], {
      encoding: 'utf8',
      env,
    })
    if (made.status !== 0) throw new Error(made.stderr)
    await capstan.stop()
    await Promise.all([serve('orders'), serve('shop')])
  }, 180_000)
  afterAll(async () => {
    for (const service of services) service.removeAllListeners().kill()
    await capstan[Symbol.asyncDispose]()
  })

  async function serve(name: 'orders' | 'shop'): Promise<void> {
    const args = [join(example, 'service.mjs'), join(folder, name), String(ports[name])]
    const service = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    services.push(service)
    const ended = once(service, 'exit').then(() => Promise.reject(new Error(`${name} ended`)))
    await Promise.race([once(service.stdout, 'data'), ended])
  }

  const uidOf = (name: string) => readFileSync(join(folder, name, 'uid'), 'utf8').trim()

  function call(
    from: string,
    to: 'orders' | 'shop',
    path: string,
    method = 'GET',
    uid = uidOf(to),
  ) {
    const args = [join(folder, from), uid, String(ports[to]), path, method]
    const done = spawnSync(process.execPath, [join(example, 'call.mjs'), ...args], {
      encoding: 'utf8',
    })
    return `${done.stdout}${done.stderr}`.trim()
  }

  it('admit each other by their rules, with no server running', () => {
    expect(capstan.isRunning).toBe(false)
    expect(call('shop', 'orders', '/orders/7?x=1')).toBe('200 hello demo/shop, by rule peer')
    expect(call('orders', 'shop', '/notices')).toBe('200 hello demo/orders, by rule peer')
  })

  it('refuse what no rule allows', () => {
    expect(call('shop', 'orders', '/orders/7', 'DELETE')).toMatch(/^403 no rule of demo\/orders/)
    expect(call('orders', 'shop', '/orders')).toMatch(/^403 no rule of demo\/shop/)
    expect(call('shop', 'shop', '/notices')).toMatch(/^403 no rule of demo\/shop/)
    expect(call('shop', 'orders', '/orders//7')).toMatch(/^403 namespace.malformed/)
  })

  it('talk to nobody else', () => {
    expect(call('shop', 'orders', '/orders', 'GET', uidOf('shop'))).toMatch(/^this is not/)
  })

  it('are decided about on the command line as well', () => {
    const { indexId } = JSON.parse(readFileSync(join(folder, 'shop/trust.json'), 'utf8')) as {
      indexId: string
    }
    const bundle = (name: string) => join(folder, 'bundles', `${name}.json`)
    const trust = ['--index', indexId]
    const ask = (route: string) =>
      capstan.run([
        ...['permit', '--bundle', bundle('shop'), '--bundle', bundle('orders')],
        ...['--port', String(ports.orders), '--route', route, ...trust],
      ]).status
    expect([ask('GET /orders/7'), ask('PUT /orders/7')]).toEqual([0, 9])
    expect(capstan.run(['verify', bundle('orders'), ...trust]).status).toBe(0)
    const edited = join(folder, 'edited.json')
    const text = readFileSync(bundle('orders'), 'utf8')
    writeFileSync(edited, text.replace('"prefix":"/orders"', '"prefix":"/"'))
    const refused = capstan.run(['verify', edited, ...trust, '--json'])
    expect([refused.status, JSON.parse(refused.stdout)]).toMatchObject([
      5,
      { code: 'bundle.not-proved' },
    ])
  })
})
