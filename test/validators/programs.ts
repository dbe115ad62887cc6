import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { build, cache, goProgram, pythonPrograms, rustProgram } from '../support/toolchains.js'
import { batchProgram } from './batch-program.js'

const source = (name: string): string => join(import.meta.dirname, 'programs', name)

const goJudge = (): string => goProgram('go-judge', source('go'))

export const go = batchProgram('Go', () => [goJudge()])

/** Lints a job's first certificate, or its CRL if it has one. */
export const zlint = batchProgram('zlint', () => [goJudge(), 'lint'])

export const webpki = batchProgram('rustls-webpki', () => [
  rustProgram('rust-judge', source('rust'), 'capstan-webpki-judge'),
])

export const java = batchProgram('Java', () => {
  const classes = join(cache, 'java-judge')
  mkdirSync(classes, { recursive: true })
  build('javac', ['-d', classes, 'Judge.java'], source('java'))
  return ['java', '-Xshare:auto', '-XX:TieredStopAtLevel=1', '-cp', classes, 'Judge']
})

const PYCA = '50.0.2'

export const pyca = batchProgram('pyca/cryptography', () => {
  const bin = pythonPrograms(`pyca-${PYCA}`, [`cryptography==${PYCA}`])
  return [join(bin, 'python'), join(source('python'), 'judge.py')]
})

export const mbedtls = batchProgram('mbed TLS', () => {
  mkdirSync(cache, { recursive: true })
  const binary = join(cache, 'mbedtls-judge')
  build('cc', ['-O1', '-o', binary, 'judge.c', '-lmbedx509', '-lmbedcrypto'], source('c'))
  return [binary]
})
