import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { type Job, refuses, TAKES, type Validator, type Verdict } from './validator.js'

/** A program and its arguments. */
export type Command = readonly [string, ...string[]]

/**
 * A judge that starts slowly and therefore gets all its jobs at once. It writes a line with its
 * version, and then reads lines of five fields between tabs, octets in hex: `server` or `client`,
 * the DNS name, the trust anchor, the certificates (leaf first, commas between), the CRL or nothing.
 * For each it writes `takes`, or `refuses`, a tab and why. (Not JSON: C and Java have none at hand.)
 */
export function batchProgram(name: string, build: () => Command | Promise<Command>): Validator {
  let command: Command | undefined
  return {
    name,
    async prepare() {
      command = await build()
      const [version = ''] = await run(command, [])
      return version
    },
    async judge(jobs) {
      if (!command) throw new Error(`${name} is not prepared`)
      const [, ...answers] = await run(command, jobs.map(lineOf))
      if (answers.length !== jobs.length) {
        throw new Error(`${name} answered ${answers.length} of ${jobs.length} jobs`)
      }
      return answers.map(verdictOf)
    },
  }
}

const lineOf = ({ purpose, name, trustAnchor, certificates, crl }: Job): string =>
  [
    purpose,
    name,
    hex(trustAnchor),
    certificates.map(hex).join(','),
    crl === undefined ? '' : hex(crl),
  ].join('\t')

const hex = (octets: Uint8Array): string => Buffer.from(octets).toString('hex')

function verdictOf(line: string): Verdict {
  const [word, reason = ''] = line.split('\t')
  if (word === TAKES) return TAKES
  return word === 'refuses' ? refuses(reason) : `neither: ${line}`
}

/** The lines that it writes to standard output. */
async function run([program, ...args]: Command, lines: readonly string[]): Promise<string[]> {
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] })
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  // One that ends early says why on standard error.
  child.stdin.on('error', () => undefined)
  child.stdin.end(lines.map((line) => `${line}\n`).join(''))
  const [out, complaints, status] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    ended,
  ])
  if (status !== 0) throw new Error(`${program} ended with ${status ?? 'a signal'}: ${complaints}`)
  return out.split('\n').slice(0, -1)
}
