import { usagesOf } from '../machine/process-usage.mjs'
import { slope } from '../statistics.mjs'
import { markdownTable, threeFigures } from '../table.mjs'
import { ACCOUNTS, withCapstan } from '../rows/given-capstan.mjs'

const STEP = 10_000
const CERTIFICATES = { quick: 50_000, default: 100_000, full: 300_000 }
const IN_FLIGHT = 64
/** Caches fill and the heap finds its size first: the line is fitted to what comes after. */
const SETTLED_AFTER = 1 / 3

/** Resident memory of each process over first certificates, and whether it still grows. */
export const memory = {
  name: 'memory',
  run: (context) =>
    withCapstan({ ...context, name: 'memory' }, async ({ capstan, load, tokenKey }) => {
      const { size, full, progress } = context
      const certificates = CERTIFICATES[full ? 'full' : size]
      const common = { target: capstan.linkerd, accounts: ACCOUNTS, tokenKey, kind: 'certify-kept' }
      const samples = []
      for (let issued = STEP; issued <= certificates; issued += STEP) {
        await load.prepare({ ...common, count: STEP, inFlight: IN_FLIGHT })
        const { failures } = await load.run()
        if (failures.length > 0) throw new Error(`memory: ${failures[0][1]} x ${failures[0][0]}`)
        const rss_mb = Math.max(...usagesOf(capstan.process.pid).map((one) => one.rss_mb))
        samples.push({ issued, rss_mb })
        progress(`memory: ${issued} certificates, ${rss_mb.toFixed(0)} MB`)
      }
      return { memory: { certificates, samples, ...trend(samples) } }
    }),
  print: ({ memory: { certificates, samples, slope_mb, interval_mb, grows } }) =>
    [
      markdownTable(
        [
          ['certificates', ({ issued }) => issued],
          ['RSS MB, largest process', ({ rss_mb }) => threeFigures(rss_mb)],
        ],
        samples.filter((_, at) => at % 3 === 2 || at === samples.length - 1),
      ),
      '',
      `After a third of ${certificates}: ${threeFigures(slope_mb)} MB per 100,000 certificates, 95 % within ` +
        `${interval_mb.map(threeFigures).join(' to ')}: ` +
        (grows ? 'it grows' : 'indistinguishable from zero, or falling'),
    ].join('\n'),
}

/** Megabytes per 100,000 certificates. */
function trend(samples) {
  const settled = samples.slice(Math.floor(samples.length * SETTLED_AFTER))
  const { slope: slope_mb, interval: interval_mb } = slope(
    settled.map(({ issued, rss_mb }) => [issued / 100_000, rss_mb]),
  )
  return { slope_mb, interval_mb, grows: interval_mb[0] > 0 }
}
