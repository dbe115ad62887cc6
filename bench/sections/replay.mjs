import { opened } from '../capstan/authority.mjs'
import { filledHome } from '../capstan/filled-home.mjs'
import { openedInstance } from '../capstan/opened-instance.mjs'
import { markdownTable, threeFigures } from '../table.mjs'

const ENTRIES = {
  quick: [1000],
  default: [10_000],
  full: [10_000, 100_000, 1_000_000],
}

/** The whole log of the index read again from its first record, and compared with the state that is there. */
export const replay = {
  name: 'replay',
  async run(context) {
    const rows = []
    for (const entries of context.entries ?? ENTRIES[context.full ? 'full' : context.size]) {
      const home = await filledHome(context, 'replay', entries)
      const { index, [Symbol.asyncDispose]: end } = await openedInstance(home)
      try {
        const [began, cpu] = [performance.now(), process.cpuUsage()]
        const { records } = opened(await index.verify())
        const seconds = (performance.now() - began) / 1000
        const { user, system } = process.cpuUsage(cpu)
        rows.push({ entries, records, rate: records / seconds, cpu_us: (user + system) / records })
        context.progress(`replay: ${records} records`)
      } finally {
        await end()
      }
    }
    return { replay: rows }
  },
  print: ({ replay: rows }) =>
    markdownTable(
      [
        ['entries', ({ entries }) => entries],
        ['records', ({ records }) => records],
        ['records/s', ({ rate }) => threeFigures(rate)],
        ['CPU us', ({ cpu_us }) => threeFigures(cpu_us)],
      ],
      rows,
    ),
}
