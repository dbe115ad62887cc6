// Loaded before `capstan serve` by --import, in the process, its workers and its threads: kills it at
// the n-th pass of a named point. The points are seams of Node and of the database driver, so that
// the program itself knows nothing of them.
//
// CAPSTAN_CRASH             "POINT N"
// CAPSTAN_CRASH_MARKER      a file made just before the kill; only the process that makes it is killed
// CAPSTAN_CRASH_MIGRATIONS  K: the store has K more migrations than it comes with
import fs from 'node:fs'
import http from 'node:http'
import http2 from 'node:http2'
import net from 'node:net'
import { createRequire, syncBuiltinESMExports } from 'node:module'

const Database = createRequire(import.meta.url)('better-sqlite3')
const { CAPSTAN_CRASH = '', CAPSTAN_CRASH_MARKER, CAPSTAN_CRASH_MIGRATIONS = '0' } = process.env
const [point, times] = CAPSTAN_CRASH.split(' ')
let passes = 0

function pass() {
  passes += 1
  if (passes < Number(times)) return
  try {
    fs.closeSync(fs.openSync(CAPSTAN_CRASH_MARKER, 'wx'))
  } catch {
    return
  }
  process.kill(process.pid, 'SIGKILL')
  // The signal reaches this thread within the call; should it not, nothing more is done here.
  for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1000)
}

/** Calls `before` and `after` around a method, with its receiver and its arguments. */
function around(object, name, { before = () => undefined, after = () => undefined }) {
  const original = object[name]
  object[name] = function (...args) {
    before(this, args)
    const result = Reflect.apply(original, this, args)
    after(this, args)
    return result
  }
}

const memory = new Database(':memory:')
const statement = Object.getPrototypeOf(memory.prepare('SELECT 1'))
memory.close()
/** A worker's readers end their transactions too: what counts is what is written. */
const when = (pattern) => (receiver) =>
  !receiver.database.readonly && pattern.test(receiver.source) && pass()

const points = {
  'before-commit': () => around(statement, 'run', { before: when(/^COMMIT$/) }),
  'after-commit': () => around(statement, 'run', { after: when(/^COMMIT$/) }),
  'index-append': () => around(statement, 'run', { after: when(/^\s*INSERT INTO index_log\b/) }),
  spend: () => around(statement, 'run', { after: when(/^\s*UPDATE (join_token|challenge)\b/) }),
  answer() {
    around(http.ServerResponse.prototype, 'end', {
      before: (response) => response.statusCode === 201 && pass(),
    })
    const handshake = http2.performServerHandshake
    http2.performServerHandshake = (...args) => {
      const session = handshake(...args)
      session.prependListener('stream', (stream) => {
        around(stream, 'respond', { before: pass })
        around(stream, 'end', { before: pass })
      })
      return session
    }
  },
  start() {
    for (const name of ['run', 'get', 'all']) around(statement, name, { before: pass })
    for (const name of ['exec', 'pragma']) around(Database.prototype, name, { after: pass })
    around(net.Server.prototype, 'listen', { before: pass })
  },
  migration() {
    const migrates = (sql) => /crash_\d+/.test(sql)
    let migrating = false
    around(Database.prototype, 'exec', {
      before: (_database, [sql]) => {
        migrating ||= migrates(sql)
        if (migrates(sql)) pass()
      },
      after: (_database, [sql]) => migrates(sql) && pass(),
    })
    const commits = (receiver) => migrating && receiver.source === 'COMMIT' && pass()
    around(statement, 'run', { before: commits, after: commits })
  },
}

/** Migrations after those that there are: `0002_crash_1.sql`, each a table of 2000 rows. */
function addMigrations(count) {
  const { readdirSync, readFileSync } = fs
  fs.readdirSync = (path, ...rest) => {
    const files = readdirSync(path, ...rest)
    if (!String(path).endsWith('migrations/sqlite/')) return files
    const present = files.filter((name) => name.endsWith('.sql')).length
    const name = (k) => `${String(present + k).padStart(4, '0')}_crash_${k}.sql`
    return [...files, ...Array.from({ length: count }, (_, k) => name(k + 1))]
  }
  fs.readFileSync = (path, ...rest) => {
    const k = /\d{4}_crash_(\d+)\.sql$/.exec(String(path))?.[1]
    if (k === undefined) return readFileSync(path, ...rest)
    return `CREATE TABLE crash_${k} (n INTEGER PRIMARY KEY) STRICT;
      INSERT INTO crash_${k} WITH RECURSIVE c (n) AS
        (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 2000) SELECT n FROM c;`
  }
}

if (Number(CAPSTAN_CRASH_MIGRATIONS) > 0) addMigrations(Number(CAPSTAN_CRASH_MIGRATIONS))
points[point]?.()
syncBuiltinESMExports()
