import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { renderPem } from '../../src/core/pem.js'
import { type Job, refuses, TAKES, type Validator, type Verdict } from './validator.js'

/** Paths of what one job is about. PEM and, one certificate a file, DER. */
interface JobFiles {
  readonly anchorPem: string
  /** Leaf first, without the trust anchor. */
  readonly chainPem: string
  readonly issuerPem: string
  readonly anchorDer: string
  readonly chainDer: readonly string[]
  readonly crlPem: string
}

interface Tool {
  readonly name: string
  readonly program: string
  readonly versionOf: () => Promise<string>
  /** Arguments, for each time that it is to be run: it takes what it takes every time. */
  readonly runs: (job: Job, files: JobFiles) => readonly (readonly string[])[]
  /** Why it refuses, of all that it prints when it fails. */
  readonly reason: RegExp
}

/** A command that judges one chain and ends. */
function commandLine(tool: Tool): Validator {
  return {
    name: tool.name,
    prepare: tool.versionOf,
    async judge(jobs) {
      const folder = mkdtempSync(join(tmpdir(), 'capstan-judge-'))
      try {
        return await fewAtATime(jobs, (job, position) =>
          judged(tool, tool.runs(job, writeFiles(join(folder, String(position)), job))),
        )
      } finally {
        rmSync(folder, { recursive: true })
      }
    },
  }
}

async function judged(
  { program, reason }: Tool,
  runs: readonly (readonly string[])[],
): Promise<Verdict> {
  for (const args of runs) {
    const { status, out } = await run(program, args)
    if (status === 0) continue
    const [, why] = reason.exec(out) ?? []
    return why === undefined ? `neither: ${out}` : refuses(why)
  }
  return TAKES
}

/** More gain nothing on a small machine. */
const AT_A_TIME = 4

async function fewAtATime<T, R>(
  things: readonly T[],
  each: (thing: T, position: number) => Promise<R>,
): Promise<readonly R[]> {
  const results: R[] = []
  const queue = things.entries()
  const work = async (): Promise<void> => {
    for (const [position, thing] of queue) results[position] = await each(thing, position)
  }
  await Promise.all(Array.from({ length: AT_A_TIME }, work))
  return results
}

function run(
  program: string,
  args: readonly string[],
): Promise<{ readonly status: number; readonly out: string }> {
  return new Promise((resolve, reject) => {
    execFile(program, [...args], (error, stdout, stderr) => {
      const status = error ? error.code : 0
      if (typeof status === 'number') resolve({ status, out: `${stdout}${stderr}` })
      else reject(new Error(`${program} did not run: ${String(status)}`))
    })
  })
}

const pem = (certificates: readonly Uint8Array[]): string =>
  certificates.map((der) => renderPem('CERTIFICATE', der)).join('')

function writeFiles(path: string, { trustAnchor, certificates, crl }: Job): JobFiles {
  const files = {
    anchorPem: `${path}.anchor.pem`,
    chainPem: `${path}.chain.pem`,
    issuerPem: `${path}.issuer.pem`,
    anchorDer: `${path}.anchor.der`,
    chainDer: certificates.map((_, position) => `${path}.${position}.der`),
    crlPem: `${path}.crl.pem`,
  }
  writeFileSync(files.anchorPem, pem([trustAnchor]))
  writeFileSync(files.chainPem, pem(certificates))
  writeFileSync(files.issuerPem, pem(certificates.slice(1, 2)))
  writeFileSync(files.anchorDer, trustAnchor)
  for (const [position, file] of files.chainDer.entries()) {
    writeFileSync(file, certificates[position]!)
  }
  if (crl) writeFileSync(files.crlPem, renderPem('X509 CRL', crl))
  return files
}

const firstLineOf = async (program: string, ...args: readonly string[]): Promise<string> =>
  (await run(program, args)).out.split('\n')[0] ?? ''

export const openssl = commandLine({
  name: 'OpenSSL',
  program: 'openssl',
  versionOf: () => firstLineOf('openssl', 'version'),
  runs: ({ purpose, name, crl }, { anchorPem, chainPem, crlPem }) => [
    [
      ...['verify', '-x509_strict', '-no-CApath', '-no-CAstore', '-CAfile', anchorPem],
      ...(purpose === 'server'
        ? ['-purpose', 'sslserver', '-verify_hostname', name]
        : ['-purpose', 'sslclient']),
      ...(crl ? ['-crl_check', '-CRLfile', crlPem] : []),
      // Of a file with several, the first is the one to verify.
      ...['-untrusted', chainPem, chainPem],
    ],
  ],
  reason: /^error \d+ at \d+ depth lookup: (.*)$/m,
})

export const gnutls = commandLine({
  name: 'GnuTLS',
  program: 'certtool',
  versionOf: () => firstLineOf('certtool', '--version'),
  runs: ({ purpose, name, crl }, { anchorPem, issuerPem, chainPem, crlPem }) => [
    // --load-crl believes its list.
    ...(crl ? [['--verify-crl', '--load-ca-certificate', issuerPem, '--infile', crlPem]] : []),
    [
      ...['--verify', '--load-ca-certificate', anchorPem, '--infile', chainPem],
      ...['--verify-profile', 'medium', '--verify-purpose'],
      ...(purpose === 'server'
        ? ['1.3.6.1.5.5.7.3.1', '--verify-hostname', name]
        : ['1.3.6.1.5.5.7.3.2']),
      ...(crl ? ['--load-crl', crlPem] : []),
    ],
  ],
  reason: /^(?:Chain verification|Verification) output: Not verified\. +(.*)$/m,
})

export const nss = commandLine({
  name: 'NSS',
  program: 'vfychain',
  versionOf: async () => (await run('dpkg-query', ['-W', '-f=${Version}', 'libnss3'])).out,
  runs: ({ purpose }, { anchorDer, chainDer }) => [
    // Twice -p: CERT_PKIXVerifyCert.
    ['-p', '-p', '-u', purpose === 'server' ? '1' : '0', ...chainDer, '-t', anchorDer],
  ],
  reason: /^ {2}ERROR -\d+: (.*)$/m,
})
