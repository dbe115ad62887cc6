import type { ShownProgress, TextSink } from '../world.js'

/** One line of a terminal that tells how far something is; nothing where nobody looks. */
export class ProgressLine {
  private readonly sink: TextSink
  private isShown = false

  constructor(sink: TextSink) {
    this.sink = sink
  }

  show({ work, done, total }: ShownProgress): void {
    if (!this.sink.isTTY) return
    this.isShown = true
    const of = total === undefined ? '' : ` of ${inThousands(total)}`
    this.sink.write(`\r\u001b[K${work}: ${inThousands(done)}${of}`)
  }

  /** Takes the line away. */
  end(): void {
    if (this.isShown) this.sink.write('\r\u001b[K')
    this.isShown = false
  }
}

const inThousands = (count: number): string => String(count).replace(/\B(?=(?:\d{3})+$)/g, ',')
