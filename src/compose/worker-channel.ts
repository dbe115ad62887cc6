import { DependencyError } from '../core/dependency-error.js'

/** One end of a connection between two processes of this program, made by `fork`. */
export interface MessagePort {
  send(message: unknown): void
  onMessage(listener: (message: unknown) => void): void
}

/** What may be asked over a channel: the name of a question, its content and its answer. */
type Questions<Q> = {
  readonly [Name in keyof Q]: { readonly ask: unknown; readonly answer: unknown }
}

type Answers<Q extends Questions<Q>> = {
  readonly [Name in keyof Q]: (ask: Q[Name]['ask']) => Promise<Q[Name]['answer']>
}

type Message =
  | { readonly kind: 'ask'; readonly id: number; readonly name: string; readonly ask: unknown }
  | { readonly kind: 'answer'; readonly id: number; readonly answer: unknown }
  /** The first of all, from the process that was started: it takes messages from now on. */
  | { readonly kind: 'listening' }
  | {
      readonly kind: 'fault'
      readonly id: number
      /** Of a `DependencyError`; undefined for every other fault. */
      readonly dependency: string | undefined
      readonly message: string
    }

interface Pending {
  readonly resolve: (answer: unknown) => void
  readonly reject: (error: unknown) => void
}

/**
 * Questions both ways, each answered once. Messages are plain data, bytes included. Those of one turn
 * of the event loop travel together: on its own each would cost as much as a signature.
 */
export class WorkerChannel<Theirs extends Questions<Theirs>, Ours extends Questions<Ours>> {
  private readonly port: MessagePort
  private readonly answers: Answers<Ours>
  /** The other end, in an operator's words. */
  private readonly peer: string
  private readonly pending = new Map<number, Pending>()
  private outbox: Message[] = []
  private asked = 0
  private closed = false

  constructor(port: MessagePort, peer: string, answers: Answers<Ours>) {
    this.port = port
    this.peer = peer
    this.answers = answers
    port.onMessage((messages) => {
      // What a confused process sends is nothing, and must not end this one.
      if (!Array.isArray(messages)) return
      for (const message of messages.filter(isMessage)) void this.take(message)
    })
  }

  /** Says to the process that started this one that it takes messages. */
  listening(): void {
    this.port.send([{ kind: 'listening' }] satisfies readonly Message[])
  }

  /** Rejects with a `DependencyError` when the other end is gone, or failed for its own part. */
  ask<Name extends keyof Theirs & string>(
    name: Name,
    ask: Theirs[Name]['ask'],
  ): Promise<Theirs[Name]['answer']> {
    if (this.closed) return Promise.reject(this.gone())
    this.asked += 1
    const id = this.asked
    return new Promise((resolve, reject) => {
      this.pending.set(id, { resolve, reject })
      this.send({ kind: 'ask', id, name, ask })
    })
  }

  /** The other end is gone: whatever was asked stays unanswered. */
  close(): void {
    this.closed = true
    for (const { reject } of this.pending.values()) reject(this.gone())
    this.pending.clear()
  }

  private send(message: Message): void {
    this.outbox.push(message)
    if (this.outbox.length > 1) return
    setImmediate(() => {
      const messages = this.outbox
      this.outbox = []
      if (!this.closed) this.port.send(messages)
    })
  }

  private gone(): DependencyError {
    return new DependencyError(this.peer, 'it is gone')
  }

  private async take(message: Message): Promise<void> {
    if (message.kind === 'ask') {
      const reply = await this.replyTo(message)
      this.send(reply)
      return
    }
    if (message.kind === 'listening') return
    const pending = this.pending.get(message.id)
    this.pending.delete(message.id)
    if (message.kind === 'answer') pending?.resolve(message.answer)
    else pending?.reject(new DependencyError(message.dependency ?? this.peer, message.message))
  }

  private async replyTo({ id, name, ask }: Extract<Message, { kind: 'ask' }>): Promise<Message> {
    try {
      if (!Object.hasOwn(this.answers, name)) throw new Error(`there is no question ${name}`)
      const answers = this.answers as Readonly<Record<string, (ask: unknown) => Promise<unknown>>>
      return { kind: 'answer', id, answer: await answers[name]?.(ask) }
    } catch (error) {
      const isDependency = error instanceof DependencyError
      const dependency = isDependency ? error.dependency : undefined
      return { kind: 'fault', id, dependency, message: messageOf(error, dependency) }
    }
  }
}

/** A `DependencyError` puts its dependency in front of its message, and will again. */
function messageOf(error: unknown, dependency: string | undefined): string {
  const text = error instanceof Error ? error.message : 'it failed'
  return dependency === undefined ? text : text.replace(`${dependency}: `, '')
}

function isMessage(message: unknown): message is Message {
  if (typeof message !== 'object' || message === null || !('kind' in message)) return false
  const { kind, id, name } = message as Partial<Record<'kind' | 'id' | 'name', unknown>>
  if (kind === 'listening') return true
  if (!Number.isSafeInteger(id)) return false
  return kind === 'answer' || kind === 'fault' || (kind === 'ask' && typeof name === 'string')
}
