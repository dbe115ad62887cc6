import { days, hours, plus, unixSeconds } from '../../src/core/time.js'
import { spread } from '../../src/issuance/linkerd-certify.js'
import { T0 } from '../support/fake-clock.js'
import { countedRandom } from '../support/random.js'
import {
  binned,
  peak,
  type Restart,
  type Renewals,
  runFleet,
  type ValidUntil,
} from './proxy-fleet.js'

export const PROXIES = 10_000
export const DAYS = 7
const BAR = 60

/** What a server without any jitter says: the certificate's own end. */
export const untilNotAfter: ValidUntil = (_from, notAfter) => notAfter

/** What a server says that draws an instant of the last fifth each time, as jitter is usually done. */
export function untilLastFifth(): ValidUntil {
  const random = countedRandom('last fifth')
  return (from, notAfter) => {
    const share = Buffer.from(random(4)).readUInt32BE() / 2 ** 32
    return unixSeconds(Math.ceil(notAfter - (notAfter - from) * 0.2 * share))
  }
}

export const week = (validUntil: ValidUntil, restarts: readonly Restart[] = []): Renewals =>
  runFleet({ proxies: PROXIES, start: T0, end: plus(T0, days(DAYS)), restarts, validUntil })

/** Half the fleet once more, at noon of the third day. */
export const secondRestart: Restart = {
  at: plus(T0, hours(60)),
  first: 0,
  last: PROXIES / 2,
}

/** The most in any minute of each day. */
export const dailyPeaks = ({ perMinute }: Renewals): number[] =>
  Array.from({ length: DAYS }, (_, day) => peak(perMinute.subarray(day * 1440, (day + 1) * 1440)))

/** `docs/herd.md`. */
export function herdPage(): string {
  const rows = [
    { name: 'no jitter', of: (restarts: readonly Restart[]) => week(untilNotAfter, restarts) },
    {
      name: 'random last fifth',
      of: (restarts: readonly Restart[]) => week(untilLastFifth(), restarts),
    },
    { name: 'Capstan', of: (restarts: readonly Restart[]) => week(spread, restarts) },
  ]
  const ran = rows.map(({ name, of }) => ({ name, once: of([]), twice: of([secondRestart]) }))
  const number = (value: number): string => value.toLocaleString('en-US')
  const line = (name: string, renewals: Renewals): string => {
    const peaks = dailyPeaks(renewals).map(number)
    const each = (renewals.total / PROXIES / DAYS).toFixed(2)
    return `| ${[name, ...peaks, each].join(' | ')} |`
  }
  const head = `| most in one minute on day | ${Array.from({ length: DAYS }, (_, day) => day + 1).join(' | ')} | renewals a proxy and day |
|${'---|'.repeat(DAYS + 2)}`
  return `# A herd of proxies

<!-- Written by test/herd/write.ts from a simulation. -->

linkerd2-proxy renews at 70 % of the time to the \`valid_until\` that its identity service answers, without a jitter of its own. Proxies that start together, after an upgrade of the control plane or of the nodes, would therefore renew together, every 16.8 hours, for ever.

Capstan answers a \`valid_until\` that makes each proxy renew by a timetable of its own. The phase comes from a digest of the CSR, which a proxy repeats until it restarts; the period is nine tenths of the longest that the proxy can be made to sleep. So renewals are even over the day whatever restarts there were, the same on every replica and every worker, and nothing has to be remembered. \`valid_until\` is never later than \`notAfter\`, and never earlier than a tenth of the lifetime from now.

Simulated: ${number(PROXIES)} proxies that restart at once, certificates of 24 hours, clocks two seconds wrong, calls of up to two seconds; the code that answers is Capstan's own (\`spread\` in \`src/issuance/linkerd-certify.ts\`).

${head}
${ran.map(({ name, once }) => line(name, once)).join('\n')}

The same, and half of the fleet restarts once more at noon of the third day:

${head}
${ran.map(({ name, twice }) => line(name, twice)).join('\n')}

A renewal every 15.1 hours on average instead of 16.8 costs 11 % more of them, just as the random last fifth does; a restart costs 0.4 of a renewal more. An even load of ${number(PROXIES)} proxies would be ${(PROXIES / (0.7 * 0.9 * 24 * 60)).toFixed(1)} a minute.

## The first two days, renewals in each hour

${ran.map(({ name, once }) => `### ${name}\n\n\`\`\`text\n${histogram(once)}\n\`\`\``).join('\n\n')}
`
}

function histogram({ perMinute }: Renewals): string {
  const bins = binned(perMinute.subarray(0, 2 * 1440), 60)
  return bins
    .map((count, hour) => {
      const bar = '#'.repeat(Math.ceil((count / PROXIES) * BAR))
      return `${String(hour).padStart(2)} h ${String(count).padStart(6)} ${bar}`.trimEnd()
    })
    .join('\n')
}
