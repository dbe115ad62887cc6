import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { it } from '@jest/globals'

/** A file system of 48 MB: more than a few seconds of load write, so that it is full when a test says so. */
export function mount(at: string): void {
  must('mount', '-t', 'tmpfs', '-o', 'size=48m', 'tmpfs', at)
}

export function unmount(at: string): void {
  must('umount', '-l', at)
}

export function setImmutable(files: readonly string[]): void {
  must('chattr', '+i', ...files)
}

export function clearImmutable(files: readonly string[]): void {
  must('chattr', '-i', ...files)
}

/** For a test that mounts: root, or CAP_SYS_ADMIN. */
export const itMounts = itWhere((home) => {
  mount(home)
  unmount(home)
})

/** For a test that makes files immutable: CAP_LINUX_IMMUTABLE, and a file system that knows of it. */
export const itMakesImmutable = itWhere((home) => {
  const file = join(home, 'file')
  writeFileSync(file, '')
  setImmutable([file])
  clearImmutable([file])
})

/**
 * `it` where this may be done; elsewhere the test is reported as skipped. With `CAPSTAN_FAULTS=all`
 * nothing is left out: what may not be done fails.
 */
function itWhere(act: (home: string) => void): typeof it.skip {
  if (process.env['CAPSTAN_FAULTS'] === 'all') return it
  const home = mkdtempSync(join(tmpdir(), 'capstan-may-'))
  try {
    act(home)
    return it
  } catch {
    return it.skip
  } finally {
    rmSync(home, { recursive: true, force: true })
  }
}

function must(command: string, ...args: readonly string[]): void {
  const { status, stderr, error } = spawnSync(command, args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`${command}: ${error?.message ?? stderr.trim()}`)
}
