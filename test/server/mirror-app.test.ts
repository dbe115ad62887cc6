import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { createServer, request, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { DependencyError } from '../../src/core/dependency-error.js'
import { createMirrorApp } from '../../src/server/mirror/mirror-app.js'
import { servedFile } from '../../src/server/mirror/mirror-paths.js'
import { MemoryMirrorFiles } from '../support/memory-mirror-files.js'

const names = [
  ...['checkpoint', 'pending', 'refused', 'key', '.new', 'tile/0/000', 'tile/0/001.p/7'],
  ...['tile/entries/000', 'envelopes/000.p/7', 'left/000'],
]
const files = (log: string) =>
  new MemoryMirrorFiles(new Map(names.map((name) => [name, Buffer.from(`${log} ${name}`)])))
const errors: string[] = []
let server: Server
let turns = Infinity

beforeAll(async () => {
  const index = files('index')
  const app = createMirrorApp({
    files: {
      index: {
        read: (path) =>
          path === 'tile/7/000'
            ? Promise.reject(new DependencyError('mirror', 'the disk is gone: /srv'))
            : index.read(path),
      },
      issuance: files('issuance'),
    },
    issuanceRecords: 'hidden',
    takeTurn: () => ((turns -= 1) < 0 ? 3 : undefined),
    log: { error: (_fields, message) => void errors.push(message) },
  })
  server = createServer(app)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
})
afterAll(() => new Promise((resolve) => server.close(resolve)))

/** The path goes as it is: no client makes it another one. */
function asked(path: string, method = 'GET') {
  const { port } = server.address() as AddressInfo
  return new Promise<{
    status: number
    body: string
    headers: Readonly<Record<string, unknown>>
  }>((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, path, method, agent: false })
    sent.once('error', reject)
    sent.once('response', (response) => {
      let body = ''
      response.on('data', (chunk: Buffer) => void (body += chunk.toString()))
      response.once('end', () =>
        resolve({ status: response.statusCode ?? 0, body, headers: response.headers }),
      )
    })
    sent.end()
  })
}

const FOREVER = 'public, max-age=31536000, immutable'

describe('a mirror that is served', () => {
  it.each([
    ['/index/checkpoint', 'text/plain; charset=utf-8', 'no-cache'],
    ['/index/tile/0/000', 'application/octet-stream', FOREVER],
    ['/index/tile/0/001.p/7', 'application/octet-stream', FOREVER],
    ['/index/tile/entries/000', 'application/octet-stream', FOREVER],
    ['/index/envelopes/000.p/7', 'text/plain; charset=utf-8', 'no-cache'],
    ['/issuance/checkpoint', 'text/plain; charset=utf-8', 'no-cache'],
    ['/issuance/tile/0/000', 'application/octet-stream', FOREVER],
  ])('shows %s', async (path, type, caching) => {
    const found = await asked(path)
    const [, log = '', ...rest] = path.split('/')
    expect(found).toMatchObject({ status: 200, body: `${log} ${rest.join('/')}` })
    expect(found.headers).toMatchObject({ 'content-type': type, 'cache-control': caching })
    expect(await asked(path, 'HEAD')).toMatchObject({ status: 200, body: '' })
  })

  it.each([
    ...['/', '/index', '/index/', '/index/key', '/index/pending', '/index/refused', '/index/.new'],
    ...['/lock.db', '/index/lock.db', '/index/tile', '/index/tile/0', '/index/tile/0/001'],
    ...['/index/tile/0/../../key', '/index/../index/checkpoint', '/index/tile/00/000'],
    ...['/index/tile/entries/../../../issuance/checkpoint', '/index/checkpoint?', '//index/key'],
    ...[
      '/index/%63heckpoint',
      '/index/tile/0/%2e%2e/key',
      '/index/tile/0/000/',
      '/INDEX/checkpoint',
    ],
    ...['/index/tile/0/000.p/256', '/index/envelopes/0/000', '/index/left/../key', '/index/key\\'],
  ])('shows nothing at %s', async (path) => {
    expect(await asked(path)).toMatchObject({ status: 404, body: 'no such file\n' })
  })

  it.each(['/issuance/tile/entries/000', '/issuance/left/000', '/issuance/envelopes/000.p/7'])(
    'shows %s only where the records of the issuance log are to be shown',
    async (path) => {
      expect((await asked(path)).status).toBe(404)
      expect(servedFile(path, { issuanceRecords: 'shown' })?.path).toBe(path.slice(10))
    },
  )

  it('takes nothing, says little of what fails, and not too often', async () => {
    for (const method of ['PUT', 'POST', 'DELETE', 'OPTIONS']) {
      expect(await asked('/index/checkpoint', method)).toMatchObject({ status: 405 })
    }
    const failed = await asked('/index/tile/7/000')
    expect(failed).toMatchObject({ status: 503, body: 'try again later\n' })
    expect(errors).toHaveLength(1)
    turns = 1
    expect((await asked('/index/checkpoint')).status).toBe(200)
    const later = await asked('/index/checkpoint')
    expect(later).toMatchObject({ status: 429, headers: { 'retry-after': '3' } })
    turns = Infinity
  })
})
