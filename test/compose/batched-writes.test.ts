import { spawnSync } from 'node:child_process'
import {
  closeSync,
  constants,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
} from 'node:fs'
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
  const lost = (lines: number): string => `lost ${lines}\n`
  const written = (): string => readFileSync(join(folder, 'log'), 'utf8')

  it('writes the lines of a turn at its end, in their order', async () => {
    const writes = new BatchedWrites(fd, 65_536, lost)
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

  it('writes without waiting what is too much to keep, and what is left when it is told to', () => {
    const writes = new BatchedWrites(fd, 65_536, lost)
    const long = `${'x'.repeat(70_000)}\n`
    writes.write(long)
    writes.write('last\n')
    expect(written()).toBe(long)
    writes.flush()
    expect(written()).toBe(`${long}last\n`)
    closeSync(fd)
  })

  it('never cuts a line in two to stay within what goes with one call', () => {
    const writes = new BatchedWrites(fd, 10, lost)
    writes.write('four\n')
    writes.write('five\n')
    expect(written()).toBe('')
    writes.write('é\n')
    expect(written()).toBe('four\nfive\n')
    writes.flush()
    expect(written()).toBe('four\nfive\né\n')
    closeSync(fd)
  })

  it('ends nobody when the log cannot be written', async () => {
    closeSync(fd)
    const writes = new BatchedWrites(fd, 65_536, lost)
    writes.write('lost\n')
    await nextTurn()
    expect(written()).toBe('')
  })

  it('waits for no reader for long, and says how much was lost once there is one', () => {
    const pipe = join(folder, 'pipe')
    spawnSync('mkfifo', [pipe])
    const reader = openSync(pipe, constants.O_RDONLY | constants.O_NONBLOCK)
    const end = openSync(pipe, constants.O_WRONLY | constants.O_NONBLOCK)
    const writes = new BatchedWrites(end, 65_536, lost)

    // A pipe takes 64 KiB that nobody has read.
    writes.write(`${'x'.repeat(100_000)}\n`)
    const began = performance.now()
    writes.write('dropped at once\n')
    writes.flush()
    expect(performance.now() - began).toBeLessThan(300)

    const taken = emptied(reader)
    expect(taken).toMatch(/^x+$/)
    writes.write('back\n')
    writes.flush()
    expect(emptied(reader)).toBe('\nlost 2\nback\n')
    writes.write('well\n')
    writes.flush()
    expect(emptied(reader)).toBe('well\n')
    closeSync(reader)
    closeSync(end)
  })
})

/** Everything that is in the pipe now. */
function emptied(reader: number): string {
  const octets = Buffer.alloc(200_000)
  let length = 0
  try {
    for (;;) {
      const more = readSync(reader, octets, length, octets.length - length, null)
      if (more === 0) break
      length += more
    }
  } catch {
    // EAGAIN: it is empty.
  }
  return octets.toString('utf8', 0, length)
}
