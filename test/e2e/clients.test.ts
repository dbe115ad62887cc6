import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { CapstanProcess } from '../support/capstan-process.js'
import { goClient, program, rustClient } from '../support/toolchains.js'

/** Enrolment and verification by programs that nobody here wrote. */
describe('other people’s clients', () => {
  let capstan: CapstanProcess
  let stranger: CapstanProcess

  const file = (name: string): string => join(capstan.home, name)
  const run = (command: string, ...args: string[]) => {
    const done = spawnSync(command, args, { encoding: 'utf8', cwd: capstan.home })
    return { status: done.status, out: `${done.stdout}${done.stderr}` }
  }

  beforeAll(async () => {
    capstan = await CapstanProcess.founded()
    stranger = await CapstanProcess.founded('other.example')
    await capstan.start()
    capstan.must(['scope', 'create', 'shop'])
    capstan.must(['entry', 'create', 'shop/web', '--owner', 'team-shop'])
  })

  afterAll(async () => {
    await capstan[Symbol.asyncDispose]()
    await stranger[Symbol.asyncDispose]()
  })

  it('enrols with openssl and curl alone, and openssl takes the chain', () => {
    const openssl = program('openssl', 'openssl')
    const curl = program('curl', 'curl')
    const { token } = capstan.json(['token', 'create', 'shop/web', '--ttl', '10m']) as {
      token: string
    }
    run(openssl, 'ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', file('key.pem'))
    run(openssl, 'req', '-new', '-key', file('key.pem'), '-subj', '/', '-out', file('csr.pem'))
    const csr = readFileSync(file('csr.pem'), 'utf8')
    const body = JSON.stringify({ csr, evidence: { kind: 'join-token', token } })
    writeFileSync(file('body.json'), body)

    const got = run(
      curl,
      ...['--fail-with-body', '--silent', '--cacert', capstan.bundle],
      ...[
        '-H',
        'content-type: application/json',
        '-H',
        'accept: application/pem-certificate-chain',
      ],
      ...[
        '--data',
        `@${file('body.json')}`,
        '-o',
        file('chain.pem'),
        `${capstan.url}/v1/certificates`,
      ],
    )
    expect(got).toEqual({ status: 0, out: '' })

    const verify = (bundle: string) =>
      run(
        openssl,
        ...['verify', '-x509_strict', '-CAfile', bundle],
        ...['-untrusted', file('chain.pem'), file('chain.pem')],
      )
    expect(verify(capstan.bundle).out).toContain('OK')
    expect(verify(stranger.bundle).status).not.toBe(0)
  })

  it('curl renews over mTLS with that certificate', () => {
    const curl = program('curl', 'curl')
    writeFileSync(
      file('renew.json'),
      JSON.stringify({ csr: readFileSync(file('csr.pem'), 'utf8') }),
    )
    const renewed = run(
      curl,
      ...['--fail-with-body', '--silent', '--cacert', capstan.bundle],
      ...['--cert', file('chain.pem'), '--key', file('key.pem')],
      ...['-H', 'content-type: application/json', '--data', `@${file('renew.json')}`],
      `${capstan.url}/v1/renew`,
    )
    expect(renewed.status).toBe(0)
    expect(JSON.parse(renewed.out)).toMatchObject({
      alias: 'shop/web',
      names: ['spiffe://test.example/shop/web', 'web.shop.entry.identity.test.example'],
    })
  })

  it('openssl reads the revocation list, and takes the certificate no more once it is on it', () => {
    const openssl = program('openssl', 'openssl')
    const verify = () => {
      capstan.must(['crl', '--out', file('crl.pem')])
      return run(
        openssl,
        ...['verify', '-crl_check', '-CAfile', capstan.bundle, '-untrusted', file('chain.pem')],
        ...['-CRLfile', file('crl.pem'), file('chain.pem')],
      ).out
    }
    expect(verify()).toContain('OK')
    const { serial } = capstan.json(['cert', 'inspect', file('chain.pem')]) as { serial: string }
    capstan.must(['certs', 'revoke', serial, '--reason', 'superseded'])
    expect(verify()).toContain('certificate revoked')
  })

  it('leaves one audit line of each answer in the log, and no token, key or CSR', async () => {
    // What the server wrote while other programs kept this one waiting.
    await new Promise((resolve) => setTimeout(resolve, 100))
    const { log } = capstan
    const lines = log
      .split('\n')
      .filter((line) => line.includes('"msg":"audit"'))
      .map(
        (line) => JSON.parse(line) as { audit: { operation: string; about?: { alias: string } } },
      )
    const issued = lines.filter(({ audit }) => audit.operation === 'issueCertificate')
    expect(issued.map(({ audit }) => audit.about?.alias)).toEqual(['shop/web'])
    const sent = JSON.parse(readFileSync(file('body.json'), 'utf8')) as {
      csr: string
      evidence: { token: string }
    }
    const [, , secret = ''] = sent.evidence.token.split('.')
    const [, , body = ''] = sent.csr.split('\n')
    expect(log).not.toContain(secret)
    expect(log).not.toContain(body)
    expect(log).not.toContain('PRIVATE KEY')
  })

  it('Go’s crypto/x509 takes the chain as a server and as a client, and refuses another root', () => {
    const go = goClient()
    const verify = (bundle: string, name: string) =>
      run(go, 'verify', '-roots', bundle, '-chain', file('chain.pem'), '-name', name)
    const name = 'web.shop.entry.identity.test.example'
    expect(JSON.parse(verify(capstan.bundle, name).out)).toEqual({
      ok: true,
      dns: [name],
      uris: ['spiffe://test.example/shop/web'],
    })
    expect(verify(stranger.bundle, name).status).toBe(1)
    expect(verify(capstan.bundle, 'api.shop.entry.identity.test.example').status).toBe(1)
  })

  it('rustls-webpki takes the chain, and refuses another root and another name', () => {
    const rust = rustClient()
    const name = 'web.shop.entry.identity.test.example'
    expect(run(rust, capstan.bundle, file('chain.pem'), name).out).toBe('ok\n')
    expect(run(rust, stranger.bundle, file('chain.pem'), name).out).toContain('UnknownIssuer')
    expect(run(rust, capstan.bundle, file('chain.pem'), 'x.example').out).toContain('name:')
  })
})
