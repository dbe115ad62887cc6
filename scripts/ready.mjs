// Makes a checkout ready: installs what package-lock.json names, then builds dist/, each only if
// it is out of date. Plain Node, so that it runs before anything is installed.
import { spawnSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { createHash } from 'node:crypto'
import { join } from 'node:path'

const goal = process.argv[2] ?? 'build'

/** Runs a command, quietly unless it fails. */
function run(what, command, args, env = {}) {
  process.stderr.write(`capstan: ${what}\n`)
  const done = spawnSync(command, args, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  })
  if (done.status === 0) return
  process.stderr.write(`${done.stdout ?? ''}${done.stderr ?? ''}${done.error?.message ?? ''}\n`)
  process.stderr.write(`capstan: "${command} ${args.join(' ')}" failed\n`)
  process.exit(1)
}

function filesBelow(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((item) =>
    item.isDirectory() ? filesBelow(join(folder, item.name)) : [join(folder, item.name)],
  )
}

/** Changes when an input of the build changes; cheap enough for every start. */
function fingerprint(files) {
  const hash = createHash('sha256')
  for (const file of files.sort()) {
    const { mtimeMs, size } = statSync(file)
    hash.update(`${file} ${mtimeMs} ${size}\n`)
  }
  return hash.digest('hex')
}

/**
 * For the build of the native addon, where no built one can be downloaded: the headers that came with
 * this Node, if they did. Otherwise they are downloaded too, which needs nodejs.org.
 *
 * Headers of Node 24.19 and later make every addon abort that uses `node::ObjectWrap`, as the embedded
 * store does (nodejs/node#65446). An addon built with those of 24.18.1 runs on all of Node 24.
 */
function soundHeaders() {
  const [major, minor] = process.versions.node.split('.').map(Number)
  if (major === 24 && minor >= 19) return { npm_config_target: '24.18.1' }
  const home = join(process.execPath, '../..')
  const isGiven = process.env.npm_config_nodedir !== undefined
  return isGiven || !isOfThisNode(join(home, 'include/node/node_version.h'))
    ? {}
    : { npm_config_nodedir: home }
}

function isOfThisNode(header) {
  if (!existsSync(header)) return false
  const text = readFileSync(header, 'utf8')
  const parts = ['MAJOR', 'MINOR', 'PATCH'].map(
    (part) => new RegExp(`#define NODE_${part}_VERSION (\\d+)`).exec(text)?.[1],
  )
  return parts.join('.') === process.versions.node
}

function upToDate(stamp, value) {
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === value
}

// The native addon is built for one Node ABI: another Node means another install.
const lock = createHash('sha256')
  .update(readFileSync('package-lock.json'))
  .update(process.versions.modules)
  .digest('hex')
const installStamp = 'node_modules/.capstan-ready'
if (!upToDate(installStamp, lock)) {
  // Not `npm ci`: it demands lock entries for every platform's optional binaries, and a registry
  // mirror that carries only this platform's cannot supply them. The lock file is obeyed all the same.
  const install = ['install', '--no-save', '--no-audit', '--no-fund']
  run('installing packages (once; a minute or two)', 'npm', install, soundHeaders())
  writeFileSync(installStamp, lock)
}

if (goal === 'build') {
  const inputs = [...filesBelow('src'), 'tsconfig.json', 'tsconfig.build.json', 'package-lock.json']
  const value = fingerprint(inputs)
  if (!upToDate('dist/.capstan-built', value)) {
    rmSync('dist', { recursive: true, force: true })
    run('building', process.execPath, [
      'node_modules/typescript/bin/tsc',
      '-p',
      'tsconfig.build.json',
    ])
    mkdirSync('dist', { recursive: true })
    writeFileSync('dist/.capstan-built', value)
  }
}
