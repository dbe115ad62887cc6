import type { OperatorConnection, OperatorResponse } from '../../src/cli/world.js'
import { hours } from '../../src/core/time.js'
import { run as runLine } from '../../test/cli/fake-world.js'
import { servedIndex } from '../../test/cli/served-index.js'
import { FakeClock } from '../../test/support/fake-clock.js'
import { agreed, governed, later, opened, person } from '../given/governed-index.js'
import { mutateJson, parse } from '../mutate/json.js'
import { hold } from '../oracle/hold.js'
import type { Target } from '../target.js'

/** What operators ask for, and what they look at before they sign. */
const lines = [
  'status',
  'why shop/web shop/api --port 443',
  'why shop/web shop/api',
  'permit shop/web shop/api --port 443',
  'reach shop/web',
  'callers shop/api',
  'authority shop/api',
  'log shop/api',
  'diff 2 4',
  'exceptions',
  'stale',
  'resilience shop',
  'inbox',
  'scope tree',
  'token ls',
  'proposal show PROPOSAL',
  'impact PROPOSAL',
  'entry ls',
  'entry show shop/api',
  'scope ls',
  'scope show shop',
  'cluster ls',
  'group show',
  'voter votes ann',
  'envelope show shop/api --effective',
  'rules list shop/api',
  'splits list shop/api',
  'guards list shop',
  'brake list',
  'emergency list',
  'recovery show',
  'certs ls',
  'checkpoint',
  'rules attach shop/api --id other --caller shop/web --port 8080',
] as const

/** An answer to each request in turn; none to those that come after. */
interface Played {
  readonly line: number
  readonly answers: readonly (readonly [status: number, body: unknown])[]
}

const NOW = new FakeClock().now()

class Replayed implements OperatorConnection {
  private asked = 0
  private readonly answers: Played['answers']

  constructor(answers: Played['answers']) {
    this.answers = answers
  }

  request(): Promise<OperatorResponse> {
    const [status, body] = this.answers[this.asked] ?? [404, { code: 'http.not-found' }]
    this.asked += 1
    return Promise.resolve(responseOf(status, body))
  }

  close(): Promise<void> {
    return Promise.resolve()
  }
}

const responseOf = (status: number, body: unknown): OperatorResponse => ({
  status,
  contentType: 'application/json',
  body: Buffer.from(JSON.stringify(body)),
})

/** What stands on the screen of whoever asks a server that answers like this. */
async function run(input: Uint8Array): Promise<string> {
  const played = playedOf(parse(input))
  if (!played) return 'nothing to play'
  const argv = wordsOf(played.line)
  const clock = new FakeClock(NOW)
  const server = new Replayed(played.answers)
  const { exit, out, err } = await runLine(argv, { server, clock, columns: 100 })
  for (const text of [out, err]) {
    hold(!UNSEEN.test(text), 'nothing that a server says drives a terminal')
    hold(text.isWellFormed(), 'what is shown is text')
  }
  hold(!OF_THE_ENGINE.test(err), 'an answer that is no answer is called one')
  const again = await runLine([...argv, '--json'], {
    server: new Replayed(played.answers),
    ...{ clock, columns: 100 },
  })
  hold(again.out === '' || parse(Buffer.from(again.out)) !== undefined, '--json prints JSON')
  return `${argv.slice(0, 2).join(' ')}: ${exit} ${again.exit} ${shapeOf(exit === 0 ? out : err)}`
}

/** Escapes, controls, and what turns the direction of text; line feeds end lines. */
const UNSEEN = /[^\n\P{Cc}]|[\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/u
/** What V8 says of code that took for granted what it was sent. */
const OF_THE_ENGINE =
  /Cannot (?:read|convert|mix|destructure)|is not (?:a function|iterable|defined)|Invalid (?:time|array|string|count)|call stack|out of range/

const shapeOf = (text: string): string =>
  (text.split('\n')[0] ?? '').replaceAll(/[^a-z :]+/gi, '#').slice(0, 60)

function playedOf(value: unknown): Played | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const { line, answers } = value as Partial<Record<keyof Played, unknown>>
  if (typeof line !== 'number' || lines[line] === undefined) return undefined
  const isAnswer = (each: unknown): each is Played['answers'][number] =>
    Array.isArray(each) && Number.isSafeInteger(each[0]) && each.length === 2
  return Array.isArray(answers) && answers.every(isAnswer) ? { line, answers } : undefined
}

let proposal = 'p'
const wordsOf = (line: number): string[] =>
  (lines[line] ?? '').split(' ').map((word) => (word === 'PROPOSAL' ? proposal : word))

/** What an index with voters, and a proposal that waits for them, answers to each of the lines. */
async function seeds(): Promise<readonly Uint8Array[]> {
  const situation = await later(await governed(), hours(1), async (given) => {
    const backendRefs = [
      { entry: 'shop/api', weight: 9 },
      { entry: 'shop/web', weight: 1 },
    ]
    const split = { port: 443, backendRefs }
    await agreed(given, { op: 'split.set', alias: 'shop/api', split })
    const rule = { id: 'more', callers: ['shop/web'], ports: [8443] }
    const made = await given.index.change({ op: 'rule.attach', alias: 'shop/api', rule })
    if (made.ok && made.value.kind === 'waits') proposal = made.value.proposal
    const asked = await given.index.proposal(proposal)
    if (!asked.ok) throw new Error(asked.refusal.detail)
    const vote = person('ann').vote(asked.value, 'approve', given.clock.now())
    await given.index.submit([vote])
  })
  const played: Uint8Array[] = []
  for (const line of lines.keys()) {
    const { index, log, clock } = await opened(situation)
    const served = servedIndex({ index, clock, store: log } as never)
    const answers: (readonly [number, unknown])[] = []
    const server: OperatorConnection = {
      async request(request) {
        const answer = await served.request(request)
        answers.push([answer.status, parse(answer.body) ?? null])
        return answer
      },
      close: () => Promise.resolve(),
    }
    await runLine(wordsOf(line), { server, clock, columns: 100 })
    played.push(Buffer.from(JSON.stringify({ line, answers })))
  }
  return played
}

export const target: Target = { seeds, mutators: [mutateJson], run }
