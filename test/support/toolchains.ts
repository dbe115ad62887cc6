import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

/** Builds outlive a run, outside the tree. */
export const cache = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'capstan-e2e')
const clients = join(import.meta.dirname, '../e2e/clients')

/** Runs a command of a build; throws with what it complained of. */
export function build(
  command: string,
  args: readonly string[],
  cwd: string,
  env: NodeJS.ProcessEnv = {},
): void {
  const done = spawnSync(command, args, {
    cwd,
    encoding: 'utf8',
    env: { ...process.env, ...env },
  })
  if (done.status !== 0) {
    throw new Error(`${command} ${args.join(' ')}: ${done.error?.message ?? done.stderr}`)
  }
}

/** Compiles a Go module; the binary's name is that in the cache. */
export function goProgram(name: string, folder: string): string {
  mkdirSync(cache, { recursive: true })
  const binary = join(cache, name)
  build('go', ['build', '-trimpath', '-o', binary, '.'], folder, { CGO_ENABLED: '0' })
  return binary
}

/** Compiles a crate; `binary` is what the crate calls it. */
export function rustProgram(name: string, folder: string, binary: string): string {
  const target = join(cache, name)
  mkdirSync(target, { recursive: true })
  build('cargo', ['build', '--release', '--locked', '--quiet'], folder, {
    CARGO_TARGET_DIR: target,
  })
  return join(target, 'release', binary)
}

/** A Python environment with these packages, made on first use; answers the folder of its programs. */
export function pythonPrograms(name: string, packages: readonly string[]): string {
  const environment = join(cache, name)
  const bin = join(environment, 'bin')
  const done = join(environment, 'complete')
  if (existsSync(done)) return bin
  mkdirSync(environment, { recursive: true })
  build('python3', ['-m', 'venv', '--clear', environment], cache)
  build(join(bin, 'pip'), ['install', '--quiet', ...packages], cache)
  writeFileSync(done, '')
  return bin
}

/** `verify` by crypto/x509 and `certify` by grpc-go with Linkerd's own generated client. */
export const goClient = (): string => goProgram('go-client', join(clients, 'go'))

/** Both sides of C2SP tlog-witness: `key`, `submit` and `witness`. */
export const witnessPeer = (): string => goProgram('go-witness', join(clients, 'witness'))

/** `ROOTS CHAIN [NAME]` judged by rustls-webpki. */
export const rustClient = (): string =>
  rustProgram('rust-client', join(clients, 'rust'), 'capstan-rustls-client')

/** An operating system's program, and what to do when it is not there. */
export function program(name: string, debianPackage: string): string {
  const found = (process.env['PATH'] ?? '')
    .split(':')
    .map((folder) => join(folder, name))
    .find(existsSync)
  if (found === undefined)
    throw new Error(`${name} is not on the PATH: apt-get install ${debianPackage}`)
  return found
}

/** `test/support/disk.c`, for LD_PRELOAD. */
export function misbehavingDisk(): string {
  mkdirSync(cache, { recursive: true })
  const library = join(cache, `disk-${process.pid}.so`)
  build('gcc', ['-shared', '-fPIC', '-O2', '-o', library, 'disk.c', '-ldl'], import.meta.dirname)
  return library
}
