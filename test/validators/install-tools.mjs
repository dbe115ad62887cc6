import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'

/** What is on the PATH may be from elsewhere than Debian. */
const isOnPath = (program) =>
  (process.env.PATH ?? '').split(':').some((folder) => existsSync(join(folder, program)))

/** Debian's packages, and whether what each brings is here. */
const packages = {
  openssl: () => isOnPath('openssl'),
  'gnutls-bin': () => isOnPath('certtool'),
  'libnss3-tools': () => isOnPath('vfychain'),
  'libmbedtls-dev': () => existsSync('/usr/include/mbedtls/x509_crt.h'),
  gcc: () => isOnPath('cc'),
  'libc6-dev': () => existsSync('/usr/include/stdio.h'),
  'default-jdk-headless': () => isOnPath('javac'),
  python3: () => isOnPath('python3'),
  'python3-venv': () => spawnSync('python3', ['-c', 'import ensurepip']).status === 0,
  'golang-go': () => isOnPath('go'),
  cargo: () => isOnPath('cargo'),
  'ca-certificates': () => existsSync('/etc/ssl/certs/ca-certificates.crt'),
}

/** Jest's global set-up: the tools that Debian has, or else one sentence about what is missing. */
export default function installTools() {
  const missing = Object.keys(packages).filter((name) => !packages[name]())
  if (missing.length > 0) install(missing)
  const inModule = join(import.meta.dirname, 'programs/go')
  want([1, 25], 'Go', ['go', 'version'], /go(\d+)\.(\d+)/, 'https://go.dev/dl', inModule)
  want([1, 78], 'cargo', ['cargo', '--version'], /(\d+)\.(\d+)/, 'https://rustup.rs')
  want([17, 0], 'javac', ['javac', '-version'], /(\d+)\.(\d+)/, 'Debian 12 or later')
}

function install(missing) {
  const command = `apt-get update && apt-get install -y --no-install-recommends ${missing.join(' ')}`
  if (process.getuid?.() !== 0 || !isOnPath('apt-get')) {
    throw new Error(`validators are missing. On Debian, as root: ${command}`)
  }
  process.stdout.write(`installing ${missing.join(', ')}\n`)
  const done = spawnSync('sh', ['-c', command], {
    encoding: 'utf8',
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  })
  if (done.status === 0) return
  throw new Error(`${command}\n${`${done.stdout}${done.stderr}`.slice(-2000)}`)
}

function want([major, minor], what, [program, ...args], pattern, source, cwd) {
  const { stdout, stderr } = spawnSync(program, args, { encoding: 'utf8', cwd })
  const text = `${stdout}${stderr}`.trim()
  const [, foundMajor = 0, foundMinor = 0] = (pattern.exec(text) ?? []).map(Number)
  if (foundMajor > major || (foundMajor === major && foundMinor >= minor)) return
  throw new Error(`${what} ${major}.${minor} or later is wanted, found "${text}": ${source}`)
}
