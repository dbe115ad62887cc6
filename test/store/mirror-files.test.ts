import { afterAll, describe, expect, it } from '@jest/globals'
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DependencyError } from '../../src/core/dependency-error.js'
import { openMirrorFiles } from '../../src/store/open-mirror-files.js'
import { mirrorFilesContract } from '../contract/mirror-files.contract.js'
import { MemoryMirrorFiles } from '../support/memory-mirror-files.js'

const home = mkdtempSync(join(tmpdir(), 'capstan-mirror-'))
afterAll(() => rmSync(home, { recursive: true, force: true }))
let folders = 0
const fresh = (): string => join(home, String((folders += 1)))

mirrorFilesContract('on disk', () => Promise.resolve(openMirrorFiles(fresh())))
mirrorFilesContract('in memory', () => Promise.resolve(new MemoryMirrorFiles()))

describe('the files of a mirror on disk', () => {
  it('are for whoever runs it alone', async () => {
    const root = fresh()
    await openMirrorFiles(root).put('tile/entries/000.p/1', Buffer.of(1))
    const modes = ['', 'tile', 'tile/entries', 'tile/entries/000.p', 'tile/entries/000.p/1'].map(
      (path) => statSync(join(root, path)).mode & 0o777,
    )
    expect(modes).toEqual([0o700, 0o700, 0o700, 0o700, 0o600])
  })

  it('are not there while they are being written, and what was left of one is written over', async () => {
    const root = fresh()
    const files = openMirrorFiles(root)
    await files.put('checkpoint', Buffer.from('one'))
    writeFileSync(join(root, '.new'), 'what a crash has left, which is longer')
    await files.put('checkpoint', Buffer.from('two'))
    expect(await files.read('checkpoint')).toEqual(Buffer.from('two'))
    expect(readdirSync(root)).toEqual(['checkpoint'])
  })

  it('are a broken dependency where the disk does not take them', async () => {
    const root = fresh()
    const files = openMirrorFiles(root)
    await files.put('tile', Buffer.of(1))
    await expect(files.put('tile/0/000', Buffer.of(1))).rejects.toThrow(DependencyError)
    await expect(files.read('')).rejects.toThrow(DependencyError)
  })
})
