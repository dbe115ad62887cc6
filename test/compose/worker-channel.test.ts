import { beforeEach, describe, expect, it } from '@jest/globals'
import { type MessagePort, WorkerChannel } from '../../src/compose/worker-channel.js'
import { DependencyError } from '../../src/core/dependency-error.js'
import { portPair } from '../support/port-pair.js'

interface Asks {
  readonly add: { readonly ask: readonly [number, number]; readonly answer: number }
  readonly reverse: { readonly ask: Uint8Array; readonly answer: Uint8Array }
  readonly wait: { readonly ask: undefined; readonly answer: string }
  readonly fail: { readonly ask: 'store' | 'bug' | 'text'; readonly answer: undefined }
}
type Nothing = Record<string, never>

const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 10; turn += 1) await new Promise((resolve) => setImmediate(resolve))
}

/** A port, and every message that went through it. */
function watched(port: MessagePort): { readonly port: MessagePort; readonly sent: unknown[][] } {
  const sent: unknown[][] = []
  return {
    sent,
    port: {
      send(message) {
        sent.push(message as unknown[])
        port.send(message)
      },
      onMessage: (listener) => port.onMessage(listener),
    },
  }
}

describe('a channel between two processes', () => {
  let asker: WorkerChannel<Asks, Nothing>
  let answerer: WorkerChannel<Nothing, Asks>
  let asked: unknown[][]
  let answered: unknown[][]
  let answerWait: (text: string) => void
  beforeEach(() => {
    const [one, other] = portPair()
    const ours = watched(one)
    const theirs = watched(other)
    asked = ours.sent
    answered = theirs.sent
    asker = new WorkerChannel<Asks, Nothing>(ours.port, 'main process', {})
    answerer = new WorkerChannel<Nothing, Asks>(theirs.port, 'worker 7', {
      add: ([a, b]) => Promise.resolve(a + b),
      reverse: (bytes) => Promise.resolve(Uint8Array.from(bytes).reverse()),
      wait: () => new Promise((resolve) => (answerWait = resolve)),
      fail: (how) => {
        if (how === 'store') return Promise.reject(new DependencyError('store', 'disk full'))
        // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- whatever is thrown
        return Promise.reject(how === 'bug' ? new Error('a bug') : 'a text')
      },
    })
  })

  it('answers each question with its own answer, whichever comes first', async () => {
    const waiting = asker.ask('wait', undefined)
    expect(await asker.ask('add', [1, 2])).toBe(3)
    expect(await asker.ask('reverse', Uint8Array.of(1, 2, 3))).toEqual(Uint8Array.of(3, 2, 1))
    answerWait('at last')
    expect(await waiting).toBe('at last')
  })

  it('sends what one turn asks, and what one turn answers, in one message', async () => {
    const sums = [1, 2, 3].map((n) => asker.ask('add', [n, n]))
    expect(asked).toHaveLength(0)
    expect(await Promise.all(sums)).toEqual([2, 4, 6])
    expect(asked.map((messages) => messages.length)).toEqual([3])
    expect(answered.map((messages) => messages.length)).toEqual([3])
  })

  it('sends nothing twice, and what comes later in a message of its own', async () => {
    expect(await asker.ask('add', [1, 1])).toBe(2)
    expect(await asker.ask('add', [2, 2])).toBe(4)
    await settle()
    expect(asked.map((messages) => messages.length)).toEqual([1, 1])
    expect(answered.map((messages) => messages.length)).toEqual([1, 1])
  })

  it('says at once that it listens, which asks nothing', async () => {
    answerer.listening()
    expect(answered).toEqual([[{ kind: 'listening' }]])
    await settle()
    expect(asked).toEqual([])
  })

  it.each([
    { how: 'store', dependency: 'store', message: 'store: disk full' },
    { how: 'bug', dependency: 'main process', message: 'main process: a bug' },
    { how: 'text', dependency: 'main process', message: 'main process: it failed' },
  ] as const)('fails as what failed over there: $how', async ({ how, dependency, message }) => {
    const failure: unknown = await asker.ask('fail', how).catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(DependencyError)
    expect(failure).toMatchObject({ dependency, message })
  })

  it('takes no notice of what is no message', async () => {
    const [one, other] = portPair()
    const channel = new WorkerChannel<Asks, Nothing>(one, 'main process', {})
    const bad = [
      7,
      null,
      'text',
      {},
      [],
      [7],
      [null],
      [{}],
      [{ kind: 'ask' }],
      [{ kind: 'ask', id: 1 }],
    ]
    for (const sent of [...bad, [{ kind: 'answer', id: 'x' }], [{ kind: 'other', id: 1 }]]) {
      other.send(sent)
    }
    await settle()
    const asked = channel.ask('add', [1, 2])
    other.send([null, { kind: 'answer', id: 1, answer: 3 }])
    expect(await asked).toBe(3)
  })

  it.each(['nothing', 'constructor', 'toString'])('has no answer to %s', async (name) => {
    await expect(asker.ask(name as 'add', [1, 2])).rejects.toThrow(`no question ${name}`)
  })

  it('leaves unanswered what was asked of a process that is gone, and what is asked then', async () => {
    const waiting = asker.ask('wait', undefined)
    const gone = { dependency: 'main process', message: 'main process: it is gone' }
    await settle()
    asker.close()
    await expect(waiting).rejects.toMatchObject(gone)
    await expect(asker.ask('add', [1, 2])).rejects.toMatchObject(gone)
    await settle()
    expect(asked).toHaveLength(1)
  })

  it('sends nothing to a process that went in the turn in which it was asked', async () => {
    const waiting = asker.ask('add', [1, 2])
    asker.close()
    await expect(waiting).rejects.toThrow(DependencyError)
    await settle()
    expect(asked).toEqual([])
  })

  it('sends no answer to a process that is gone', async () => {
    const waiting = asker.ask('wait', undefined)
    await settle()
    answerer.close()
    answerWait('too late')
    await settle()
    expect(answered).toEqual([])
    asker.close()
    await expect(waiting).rejects.toThrow(DependencyError)
  })

  it('hears an answer that nobody waits for any more', async () => {
    const failed = asker.ask('wait', undefined).catch((error: unknown) => error)
    await settle()
    asker.close()
    answerWait('too late')
    await settle()
    expect(answered).toHaveLength(1)
    expect(await failed).toBeInstanceOf(DependencyError)
  })
})
