import { describe, expect, it } from '@jest/globals'
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { writeDurably } from '../../src/keys/write-durably.js'
import { freshFolder, random } from './given-keys.js'

describe('writing durably', () => {
  it('leaves the new content under its name, for its owner, and nothing beside it', async () => {
    const directory = freshFolder()
    const path = join(directory, 'a')
    writeFileSync(path, 'old and longer')
    chmodSync(path, 0o644)
    await writeDurably(directory, 'a', 'new', random)
    expect(readFileSync(path, 'utf8')).toBe('new')
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(readdirSync(directory)).toEqual(['a'])
  })

  it('keeps to mode 0600 whatever the mask lets pass', async () => {
    const directory = freshFolder()
    const mask = process.umask(0)
    try {
      await writeDurably(directory, 'a', 'x', random)
    } finally {
      process.umask(mask)
    }
    expect(statSync(join(directory, 'a')).mode & 0o777).toBe(0o600)
  })

  it('never changes the old file in place: whoever has it open reads it whole', async () => {
    const directory = freshFolder()
    const path = join(directory, 'a')
    writeFileSync(path, 'old')
    const { ino } = statSync(path)
    await writeDurably(directory, 'a', 'new', random)
    expect(statSync(path).ino).not.toBe(ino)
  })

  it('leaves everything as it was when it fails', async () => {
    const directory = freshFolder()
    // A file cannot take the place of a folder.
    mkdirSync(join(directory, 'a'))
    await expect(writeDurably(directory, 'a', 'x', random)).rejects.toThrow()
    expect(readdirSync(directory)).toEqual(['a'])
    expect(statSync(join(directory, 'a')).isDirectory()).toBe(true)
  })

  it('fails when the directory is not there', async () => {
    const directory = join(freshFolder(), 'absent')
    await expect(writeDurably(directory, 'a', 'x', random)).rejects.toThrow(/ENOENT/)
  })

  it('does not follow a link that somebody laid where it writes first', async () => {
    const directory = freshFolder()
    const victim = join(freshFolder(), 'victim')
    writeFileSync(victim, 'precious')
    symlinkSync(victim, join(directory, `.a.${'00'.repeat(8)}`))
    await expect(writeDurably(directory, 'a', 'x', (size) => new Uint8Array(size))).rejects.toThrow(
      /EEXIST/,
    )
    expect(readFileSync(victim, 'utf8')).toBe('precious')
  })
})
