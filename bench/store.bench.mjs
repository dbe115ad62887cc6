import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openStore } from '../dist/store/open-store.js'

const WARM_UP_MS = 500
const MEASURED_MS = 3000

export const title = 'Store: durable appends per second'
export const method =
  `Each appender records one leaf (700-octet certificate, no spends) after another, each on the disk ` +
  `before the next. ${WARM_UP_MS} ms to warm up, ${MEASURED_MS} ms measured, a new file each time, ` +
  `in ${tmpdir()} (TMPDIR). Times are of one append, in ms.`

export async function run() {
  const rows = []
  for (const writer of ['inline', 'thread']) {
    for (const appenders of [1, 16, 256]) rows.push(await measure(writer, appenders))
  }
  return rows
}

async function measure(writer, appenders) {
  const directory = mkdtempSync(join(tmpdir(), 'capstan-bench-'))
  const store = openStore({ path: join(directory, 'capstan.db'), writer })
  const times = []
  const start = performance.now() + WARM_UP_MS
  const end = start + MEASURED_MS
  async function appendUntilTheEnd() {
    for (let now = performance.now(); now < end;) {
      await store.ledger.append(leaf(), [])
      const after = performance.now()
      if (now >= start) times.push(after - now)
      now = after
    }
  }
  await Promise.all(Array.from({ length: appenders }, appendUntilTheEnd))
  await store[Symbol.asyncDispose]()
  rmSync(directory, { recursive: true, force: true })
  times.sort((a, b) => a - b)
  const quantile = (share) => times[Math.floor(times.length * share)]?.toFixed(2) ?? '-'
  return {
    writer,
    appenders,
    'appends/s': Math.round(times.length / (MEASURED_MS / 1000)),
    p50: quantile(0.5),
    p99: quantile(0.99),
  }
}

function leaf() {
  const now = 1_795_219_200
  return {
    serial: randomBytes(16).toString('hex'),
    issuerId: '00112233aabbccdd',
    entry: `e${'a'.repeat(31)}`,
    alias: 'shop/web',
    rev: 1,
    binding: 'prod/shop/web',
    issuedAt: now,
    notBefore: now - 60,
    notAfter: now + 86_400,
    certificate: Uint8Array.from(randomBytes(700)),
    evidence: '{"kind":"pod","cluster":"prod","namespace":"shop","serviceAccount":"web"}',
    parentSerial: null,
    requestId: 'bench',
  }
}
