import { answer, type Answer, type CommandSpec } from '../command.js'
import type { Invocation } from '../invocation.js'
import { type Outcome, refused } from '../problem.js'
import { ProgressLine } from '../screen/progress-line.js'

async function rebuild(call: Invocation): Promise<Outcome<Answer>> {
  const config = await call.config()
  if (!config.ok) return config
  const line = new ProgressLine(call.world.stderr)
  try {
    const rebuilt = await call.world.rebuildIndex(config.value, (progress) => line.show(progress))
    if (!rebuilt.ok) return refused(rebuilt.refusal)
    const { records, head } = rebuilt.value
    return answer(
      { records, head },
      (look) =>
        `${look.paint('green', 'rebuilt')} from ${records} records, every one of them verified\nhead: ${head}`,
    )
  } finally {
    line.end()
  }
}

export const indexRebuildCommand: CommandSpec = {
  path: 'index rebuild',
  summary: 'make the index tables again from the index log',
  details: [
    'The log is the truth; the tables hold what it comes to, so that a start need not read it.',
    'For when a start or `index verify` says that they differ. The server must not be running.',
  ],
  examples: ['capstan index rebuild'],
  run: rebuild,
}
