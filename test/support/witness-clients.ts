import { DependencyError } from '../../src/core/dependency-error.js'
import type { Clock } from '../../src/core/time.js'
import type { WitnessClient } from '../../src/tlog/ports.js'
import { addCheckpoint, type Witness } from '../../src/tlog/witness.js'

export interface WitnessAnswered {
  readonly status: number
  readonly body: Uint8Array
}

/** A way to real witnesses without a network: by URL. What is not there does not answer. */
export class DirectWitnesses implements WitnessClient {
  readonly asked: string[] = []
  readonly bodies: string[] = []
  private readonly witnesses = new Map<string, Witness>()
  private readonly clock: Pick<Clock, 'now'>
  /** In the place of what a witness answers. */
  readonly instead = new Map<string, (body: Uint8Array) => Promise<WitnessAnswered>>()

  constructor(clock: Pick<Clock, 'now'>) {
    this.clock = clock
  }

  add(url: string, witness: Witness): void {
    this.witnesses.set(url, witness)
  }

  remove(url: string): void {
    this.witnesses.delete(url)
  }

  async addCheckpoint(url: string, body: Uint8Array): Promise<WitnessAnswered> {
    this.asked.push(url)
    this.bodies.push(Buffer.from(body).toString())
    const other = this.instead.get(url)
    if (other) return other(body)
    return this.answer(url, body)
  }

  async answer(url: string, body: Uint8Array): Promise<WitnessAnswered> {
    const witness = this.witnesses.get(url)
    if (!witness) throw new DependencyError('witness', 'it cannot be reached')
    const answer = await addCheckpoint(witness, body, this.clock.now())
    const text = 'body' in answer ? answer.body : answer.refusal.detail
    return { status: answer.status, body: Buffer.from(text) }
  }
}
