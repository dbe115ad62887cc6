/** Requests whose bodies are on their way, by who sends them. */
interface Sender {
  readonly hangUps: Set<() => void>
}

/**
 * Bodies may be slow, and waiting for one costs its sender next to nothing. Where too many are on their
 * way, whoever has most of them under way is hung up on, and nobody else is refused: a stranger who
 * sends slowly from a few addresses takes the place of nobody.
 */
export class Arrivals {
  private readonly most: number
  private readonly senders = new Map<string, Sender>()
  private count = 0

  /** `most`: of all senders together. */
  constructor(most: number) {
    this.most = most
  }

  /** One more of `sender`; `hangUp` ends it. What is returned says that it is there, or gone. */
  begin(sender: string, hangUp: () => void): () => void {
    const its = this.senders.get(sender) ?? { hangUps: new Set() }
    this.senders.set(sender, its)
    // Each its own, whatever `hangUp` is.
    const end = (): void => hangUp()
    its.hangUps.add(end)
    this.count += 1
    if (this.count > this.most) this.hangUpOnMost()
    return () => {
      if (!its.hangUps.delete(end)) return
      this.count -= 1
      if (its.hangUps.size === 0 && this.senders.get(sender) === its) this.senders.delete(sender)
    }
  }

  private hangUpOnMost(): void {
    let most: [string, Sender] | undefined
    for (const one of this.senders) {
      if (!most || one[1].hangUps.size > most[1].hangUps.size) most = one
    }
    if (!most) return
    const [sender, { hangUps }] = most
    this.senders.delete(sender)
    this.count -= hangUps.size
    const ended = [...hangUps]
    hangUps.clear()
    for (const hangUp of ended) hangUp()
  }
}
