import { leafKeys } from '../../config/config-schema.js'
import type { Config } from '../../config/config.js'
import { renderDuration } from '../../config/duration.js'
import { renderListenAddress } from '../../config/listen-address.js'
import { answer, type Answer, type CommandSpec } from '../command.js'
import type { Invocation } from '../invocation.js'
import type { Outcome } from '../problem.js'
import { cell, renderTable } from '../screen/table.js'

async function check(call: Invocation): Promise<Outcome<Answer>> {
  const loaded = await call.loaded()
  if (!loaded.ok) return loaded
  const origins = [...loaded.value.origins.values()].filter((origin) => origin !== 'default')
  return answer(
    { ok: true, set: origins.length },
    (look) => `${look.paint('green', 'ok')} ${origins.length} values set, the rest by default`,
  )
}

async function show(call: Invocation): Promise<Outcome<Answer>> {
  const loaded = await call.loaded()
  if (!loaded.ok) return loaded
  const { config, origins } = loaded.value
  return answer(config, (look) =>
    renderTable(
      look,
      [
        { title: 'KEY' },
        { title: 'VALUE', shrinks: 'when-narrow' },
        { title: 'FROM', shrinks: 'when-narrow' },
      ],
      shownValues(config)
        .map(({ key, value }) => ({ key, value, origin: origins.get(key) ?? 'default' }))
        .map(({ key, value, origin }) => [
          cell(key),
          cell(value),
          cell(origin, (text) => (origin === 'default' ? look.paint('dim', text) : text)),
        ]),
    ),
  )
}

/** Every value by its key in the file. Sources of keys are places, never keys. */
function shownValues(config: Config): readonly { readonly key: string; readonly value: string }[] {
  const { kek } = config.keys
  const { linkerd, http, admin, socket } = config.server
  const kekKeys = {
    file: 'file',
    env: 'env',
    'passphrase-file': 'passphraseFile',
    'passphrase-env': 'passphraseEnv',
  }
  const listen = (address: Config['server']['http']['listen']): string =>
    address === 'off' ? 'off' : renderListenAddress(address)
  const values: Readonly<Record<string, string>> = {
    dataDir: config.dataDir,
    [`keys.kek.${kekKeys[kek.kind]}`]: 'path' in kek ? kek.path : kek.name,
    'server.linkerd.listen': listen(linkerd.listen),
    'server.linkerd.loopback': String(linkerd.loopback),
    'server.http.listen': listen(http.listen),
    'server.http.names': http.names.join(', '),
    'server.http.rateLimit.perMinute': String(http.rateLimit.perMinute),
    'server.http.rateLimit.burst': String(http.rateLimit.burst),
    'server.admin.listen': listen(admin.listen),
    'server.socket': socket,
    'issuance.ledgerRetention': renderDuration(config.issuance.ledgerRetention),
    'issuance.pruneInterval': renderDuration(config.issuance.pruneInterval),
    'issuance.crlLifetime': renderDuration(config.issuance.crlLifetime),
    'tokenReview.concurrency': String(config.tokenReview.concurrency),
    'tokenReview.queue': String(config.tokenReview.queue),
    'tokenReview.timeoutMs': String(config.tokenReview.timeoutMs),
    'log.level': config.log.level,
    'log.format': config.log.format,
  }
  return leafKeys().flatMap(({ keys }) => {
    const key = keys.join('.')
    const value = values[key]
    return value === undefined ? [] : [{ key, value }]
  })
}

export const configCommands: readonly CommandSpec[] = [
  {
    path: 'config check',
    summary: 'read the configuration and name everything that is wrong with it, by line',
    examples: ['capstan config check --config capstan.yaml'],
    run: check,
  },
  {
    path: 'config show',
    summary: 'show every value that is in force, and where it comes from',
    examples: ['capstan config show', 'CAPSTAN_LOG__LEVEL=debug capstan config show'],
    run: show,
  },
]
