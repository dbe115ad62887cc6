// Runs every bench/*.bench.mjs, or those whose name contains the argument. Each is
// `export const title`, `export const method`, `export async function run()` -> a table's rows.
import { readdirSync } from 'node:fs'
import { cpus, platform, release, totalmem } from 'node:os'

const wanted = process.argv[2] ?? ''
const files = readdirSync(new URL('.', import.meta.url))
  .filter((name) => name.endsWith('.bench.mjs') && name.includes(wanted))
  .sort()

const gib = (totalmem() / 2 ** 30).toFixed(0)
console.log(`Machine: ${cpus().length} x ${cpus()[0]?.model.trim() ?? 'unknown'}, ${gib} GiB`)
console.log(`System:  ${platform()} ${release()}, Node ${process.version}`)
for (const file of files) {
  const { title, method, run } = await import(new URL(file, import.meta.url).href)
  console.log(`\n${title}\n${method}\n`)
  console.log(asTable(await run()))
}

/** Rows of equal keys as a Markdown table. */
function asTable(rows) {
  const heads = Object.keys(rows[0] ?? {})
  const lines = [heads, heads.map(() => '---'), ...rows.map((row) => heads.map((key) => row[key]))]
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}
