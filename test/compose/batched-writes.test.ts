import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { BatchedWrites } from '../../src/compose/batched-writes.js'

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('BatchedWrites', () => {
  let folder: string
  let fd: number
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'capstan-log-'))
    fd = openSync(join(folder, 'log'), 'w')
  })
  afterEach(() => rmSync(folder, { recursive: true, force: true }))
  const written = (): string => readFileSync(join(folder, 'log'), 'utf8')

  it('writes the lines of a turn at its end, in their order', async () => {
    const writes = new BatchedWrites(fd)
    writes.write('one\n')
    writes.write('two für\n')
    expect(written()).toBe('')
    await nextTurn()
    expect(written()).toBe('one\ntwo für\n')
    writes.write('three\n')
    await nextTurn()
    expect(written()).toBe('one\ntwo für\nthree\n')
    closeSync(fd)
  })

  it('writes at once what is too much to keep, and what is left when it is told to', () => {
    const writes = new BatchedWrites(fd)
    const long = `${'x'.repeat(70_000)}\n`
    writes.write(long)
    expect(written()).toBe(long)
    writes.write('last\n')
    writes.flush()
    expect(written()).toBe(`${long}last\n`)
    closeSync(fd)
  })

  it('ends nobody when the log cannot be written', async () => {
    closeSync(fd)
    const writes = new BatchedWrites(fd)
    writes.write('lost\n')
    await nextTurn()
    expect(written()).toBe('')
  })
})
