import { describe, expect, it } from '@jest/globals'
import { spawn, spawnSync } from 'node:child_process'
import { closeSync, openSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { csr as makeCsr } from '../csr/make-csr.js'
import { misbehavingDisk } from '../support/toolchains.js'
import { UnderLoad } from './under-load.js'

const IDENTITY = 'web.shop.serviceaccount.identity.linkerd.cluster.local'
const RECOVERS_MS = 3000
/** What a server may take to give the answers under way. */
const GRACE_MS = 20_000

describe('SIGTERM', () => {
  it('lets everybody who was heard have the answer', async () => {
    const disk = misbehavingDisk()
    const run = await UnderLoad.founded({ logLevel: 'warn' })
    await using _ = run
    const fault = join(run.capstan.home, 'fault')
    await run.capstan.start({ env: { LD_PRELOAD: disk, CAPSTAN_DISK_FAULT: fault } })
    await run.recovered(10_000)
    // So slow that all of them are under way when the signal comes.
    writeFileSync(fault, 'fsync-ms 1500')
    const token = run.cluster.token('shop', 'web')
    const csr = makeCsr()
    const evidence = { kind: 'kubernetes', token }
    const asks = { identity: IDENTITY, token, csr }
    const asked = Array.from({ length: 4 }, () => [
      run.client.certifyOnLoopback(asks),
      run.client.certifyOverTls(asks),
      run.client.certificate({ csr: Buffer.from(csr).toString('base64'), evidence }),
    ]).flat()
    await pause(1000)
    const began = performance.now()
    expect(await run.capstan.stop()).toBe(0)
    expect(performance.now() - began).toBeLessThan(GRACE_MS)
    const answers = await Promise.all(asked)
    expect(answers.map(({ kind }) => kind)).toEqual(asked.map(() => 'certificate'))
    rmSync(disk, { force: true })
  })

  it('under load: exit 0, and nobody holds less than the ledger does, nor more', async () => {
    const run = await UnderLoad.founded({ logLevel: 'warn' })
    await using _ = run
    await run.capstan.start()
    run.phase('before')
    run.load({ loopback: 12, tls: 6, http: 6 })
    await pause(2500)
    run.phase('SIGTERM')
    const began = performance.now()
    expect(await run.capstan.stop()).toBe(0)
    expect(performance.now() - began).toBeLessThan(GRACE_MS)
    await run.finish()
    run.print('SIGTERM')
    expect(run.issued('before')).toBeGreaterThan(0)
    expect(run.failures('before')).toEqual([])
    // Those who come too late have no connection, or are told that they were not heard.
    expect(
      run.failures('SIGTERM').every((seen) => /no answer|server\.stopping|gRPC 14/.test(seen)),
    ).toBe(true)
    expect(run.lost()).toEqual([])
    expect(run.unrevealed()).toEqual([])
  })
})

describe('file descriptors', () => {
  it('that are exhausted: connections are turned away, those that are there are served', async () => {
    const run = await UnderLoad.founded({ logLevel: 'warn' })
    await using _ = run
    await run.capstan.start()
    run.phase('before')
    run.load()
    await pause(1500)
    const limit = readdirSync(`/proc/${run.capstan.pid}/fd`).length + 10
    spawnSync('prlimit', ['--pid', String(run.capstan.pid), `--nofile=${limit}:`])
    const idle = crowd(run.capstan.httpPort, 100)
    await pause(500)
    run.phase('fault')
    await pause(3000)
    run.phase('healing')
    for (const socket of idle) socket.destroy()
    expect(await run.recovered(20_000)).toBeLessThan(RECOVERS_MS)
    run.phase('after')
    await pause(1500)
    expect(await run.unready()).toEqual([])
    expect(await run.metric('process_open_fds')).toBeLessThan(limit)
    await run.finish()
    run.print('file descriptors are exhausted')
    expect(run.issued('fault')).toBeGreaterThan(0)
    expect(run.failures('fault').every((seen) => seen.startsWith('no answer'))).toBe(true)
    expect(run.failures('after')).toEqual([])
    expect(run.lost()).toEqual([])
  })
})

/** Connections that say nothing. */
const crowd = (port: number, count: number): Socket[] =>
  Array.from({ length: count }, () => connect(port, '127.0.0.1').on('error', () => undefined))

describe('the log', () => {
  it.each(['json', 'pretty'])('%s, on a full disk: the server goes on', async (format) => {
    const run = await UnderLoad.founded({ logLevel: `info, format: ${format}` })
    await using _ = run
    const full = openSync('/dev/full', 'w')
    await run.capstan.start({ stderr: full })
    closeSync(full)
    run.phase('fault')
    run.load()
    await pause(2000)
    await run.finish()
    run.print(`the log's disk is full (${format})`)
    expect(run.issued('fault')).toBeGreaterThan(0)
    expect(run.failures('fault')).toEqual([])
    expect(run.lost()).toEqual([])
    expect(await run.capstan.stop()).toBe(0)
  })

  it.each(['json', 'pretty'])('%s, whose reader stops reading, and leaves', async (format) => {
    const run = await UnderLoad.founded({ logLevel: `trace, format: ${format}` })
    await using _ = run
    const pipe = join(run.capstan.home, 'pipe')
    spawnSync('mkfifo', [pipe])
    // Opens the pipe and reads nothing of it.
    const reader = spawn('sh', ['-c', 'exec sleep 600 < "$0"', pipe])
    const end = openSync(pipe, 'w')
    await run.capstan.start({ stderr: end })
    closeSync(end)
    run.phase('not read')
    run.load()
    await pause(4000)
    reader.kill('SIGKILL')
    await pause(500)
    run.phase('no reader')
    await pause(1500)
    await run.finish()
    run.print(`nobody reads the log (${format})`)
    for (const phase of ['not read', 'no reader']) {
      expect(run.issued(phase)).toBeGreaterThan(0)
      expect(run.failures(phase)).toEqual([])
    }
    expect(run.lost()).toEqual([])
    expect(await run.capstan.stop()).toBe(0)
  })
})

describe('readiness', () => {
  it("comes when everything listens, the operators' socket too", async () => {
    const run = await UnderLoad.founded({ logLevel: 'warn' })
    await using _ = run
    for (let start = 0; start < 3; start += 1) {
      await run.capstan.start()
      expect((await run.client.operate('GET', '/v1/entries')).status).toBe(200)
      run.client.hangUp()
      await run.capstan.kill()
    }
  })
})
