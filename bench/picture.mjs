// node bench/picture.mjs BENCH.json... > docs/performance.svg: the rows of these runs, as a picture.
import { readFileSync } from 'node:fs'

const WIDTH = 860
const LABEL = 250
const BAR = 20
const GAP = 8
const TOP = 64
/** Ours, and other people's. */
const COLOURS = { capstan: '#1f6feb', peer: '#8b949e' }
const PEERS = /^(step|cfssl)/

/**
 * One bar for each row: its share of what one core could do at most. `rows` as in the result of a
 * run, of one concurrency; the longest bar first.
 */
export function sharesPicture(rows, { concurrency, limit }) {
  const bars = rows
    .filter((row) => row.concurrency === concurrency && row.share !== undefined)
    // What answers nothing is no CA.
    .filter(({ name }) => !name.startsWith('empty-'))
    .sort((a, b) => b.share - a.share)
  const height = TOP + bars.length * (BAR + GAP) + GAP
  const scale = (WIDTH - LABEL - 190) / Math.max(...bars.map(({ share }) => share))
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" font-family="sans-serif" font-size="14">`,
    `<title>Share of the limit, ${concurrency} in flight</title>`,
    `<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>`,
    text(16, 26, `Certificates per core, as a share of the limit (${concurrency} in flight)`, {
      size: 17,
    }),
    text(
      16,
      48,
      `100 % would be a server that does nothing but one P-256 verification and one signature: ${limit.toFixed(0)} us`,
      { fill: '#57606a' },
    ),
    ...bars.flatMap(({ name, share, cpu_us }, at) => {
      const y = TOP + at * (BAR + GAP)
      const length = Math.max(2, share * scale)
      const fill = PEERS.test(name) ? COLOURS.peer : COLOURS.capstan
      return [
        text(LABEL - 12, y + 15, name, { anchor: 'end' }),
        `<rect x="${LABEL}" y="${y}" width="${length.toFixed(1)}" height="${BAR}" rx="3" fill="${fill}"/>`,
        text(
          LABEL + length + 8,
          y + 15,
          `${(100 * share).toFixed(0)} % (${cpu_us.toFixed(0)} us of CPU)`,
        ),
      ]
    }),
    '</svg>',
  ].join('\n')
}

function text(x, y, words, { anchor = 'start', size = 14, fill = '#1f2328' } = {}) {
  const safe = words.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
  return `<text x="${x.toFixed(0)}" y="${y}" text-anchor="${anchor}" font-size="${size}" fill="${fill}">${safe}</text>`
}

if (process.argv[1] === import.meta.filename) {
  const runs = process.argv.slice(2).map((file) => JSON.parse(readFileSync(file, 'utf8')))
  const rows = runs.flatMap((run) => run.rows)
  const newest = rows.filter(
    ({ name }, at) =>
      rows.findLastIndex((row) => row.name === name && row.concurrency === rows[at].concurrency) ===
      at,
  )
  const limit = runs.at(-1).limit
  process.stdout.write(
    `${sharesPicture(newest, { concurrency: 128, limit: limit.sign_us + limit.verify_us })}\n`,
  )
}
