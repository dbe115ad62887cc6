import { spawnSync } from 'node:child_process'
import { median } from '../statistics.mjs'

/**
 * What no certificate can cost less than: one P-256 signature (ours) and one P-256 verification
 * (the CSR's), by `openssl speed`, in microseconds of CPU time. A busy machine changes its speed
 * by the minute, so it is sampled beside every row, and the run's limit is the median.
 */
export class Limit {
  samples = []

  /** Takes `seconds` for each of the two. */
  sample(seconds = 1) {
    const args = ['speed', '-mr', '-seconds', String(seconds), 'ecdsap256']
    const { stdout, error } = spawnSync('openssl', args, { encoding: 'utf8' })
    if (error) throw new Error('openssl is not on the PATH', { cause: error })
    this.samples.push(parseSpeed(stdout))
  }

  get value() {
    return {
      sign_us: median(this.samples.map(({ sign_us }) => sign_us)),
      verify_us: median(this.samples.map(({ verify_us }) => verify_us)),
    }
  }

  /** Of one certificate, in microseconds. */
  get total() {
    const { sign_us, verify_us } = this.value
    return sign_us + verify_us
  }
}

/** The `+F4:curve:bits:sign/s:verify/s` line of `openssl speed -mr`; some versions print seconds each. */
export function parseSpeed(output) {
  const line = /^\+F4:\d+:256:([\d.]+):([\d.]+)/m.exec(output)
  if (!line) throw new Error(`openssl speed printed no P-256 line:\n${output}`)
  const [sign, verify] = [Number(line[1]), Number(line[2])]
  const microseconds = (figure) => (figure < 1 ? figure * 1e6 : 1e6 / figure)
  return { sign_us: microseconds(sign), verify_us: microseconds(verify) }
}
