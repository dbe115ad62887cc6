import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

/** Builds outlive a run, outside the tree. */
const cache = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'capstan-e2e')
const clients = join(import.meta.dirname, '../e2e/clients')

function build(
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

/** `verify` by crypto/x509 and `certify` by grpc-go with Linkerd's own generated client. */
export function goClient(): string {
  mkdirSync(cache, { recursive: true })
  const binary = join(cache, 'go-client')
  build('go', ['build', '-trimpath', '-o', binary, '.'], join(clients, 'go'), { CGO_ENABLED: '0' })
  return binary
}

/** `ROOTS CHAIN [NAME]` judged by rustls-webpki. */
export function rustClient(): string {
  const target = join(cache, 'rust-client')
  mkdirSync(target, { recursive: true })
  build('cargo', ['build', '--release', '--locked', '--quiet'], join(clients, 'rust'), {
    CARGO_TARGET_DIR: target,
  })
  return join(target, 'release/capstan-rustls-client')
}

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
