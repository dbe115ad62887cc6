import type { Chain } from './issued-chains.js'

/** What a certificate is shown for. */
export type Purpose = 'server' | 'client'

export interface Job extends Chain {
  readonly purpose: Purpose
  /** DER; the leaf is then also looked up in it. */
  readonly crl?: Uint8Array
}

/** `takes`, or `refuses: ` and the tool's own words. */
export type Verdict = string

export const TAKES = 'takes'
export const refuses = (reason: string): Verdict => `refuses: ${reason}`

/** A program that nobody here wrote, and that judges certificate chains. */
export interface Validator {
  readonly name: string
  /** Builds or finds it; throws with what to install. Answers which version it is. */
  prepare(): Promise<string>
  /** One verdict for each job, in their order, as of the machine's present time. */
  judge(jobs: readonly Job[]): Promise<readonly Verdict[]>
}
