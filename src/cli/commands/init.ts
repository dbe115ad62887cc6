import type { Config, KekSource } from '../../config/config.js'
import { parseTrustDomain } from '../../core/names.js'
import { answer, type Answer, type CommandSpec, type OptionSpec } from '../command.js'
import type { Invocation } from '../invocation.js'
import { type Outcome, refused, usage } from '../problem.js'
import { renderFields } from '../screen/fields.js'
import type { Look } from '../screen/look.js'
import { renderTime } from '../screen/times.js'
import type { InitOptions, InitReport } from '../world.js'

async function init(call: Invocation): Promise<Outcome<Answer>> {
  const trustDomain = parseTrustDomain(call.text('trustDomain') ?? '')
  if (trustDomain === undefined) {
    return usage('--trust-domain is no trust domain', {
      wanted: 'lower-case DNS labels joined by dots, for example acme.example',
      found: JSON.stringify((call.text('trustDomain') ?? '').slice(0, 80)),
    })
  }
  const config = await call.config()
  if (!config.ok) return config
  const kek = kekOf(call)
  if (!kek.ok) return kek
  const files = hierarchyOf(call)
  if (!files.ok) return files
  const user = call.world.env['USER'] ?? call.world.env['LOGNAME'] ?? 'operator'
  const chosen: Config =
    kek.value === undefined ? config.value : { ...config.value, keys: { kek: kek.value } }
  const report = await call.world.init({
    config: chosen,
    trustDomain,
    controller: call.text('controller') ?? `local:${user}`,
    ...files.value,
  })
  if (!report.ok) return refused(report.refusal)
  return answer(report.value, (look) => renderReport(look, report.value, kek.value))
}

/** Where the key-encryption key comes from. */
export const kekOptions: readonly OptionSpec[] = [
  { flags: '--kek-file <file>', description: 'seal keys under the 32-octet key in this file' },
  { flags: '--kek-env <name>', description: 'seal keys under the 32-octet key in this variable' },
  {
    flags: '--passphrase-file <file>',
    description: 'seal keys under the passphrase in this file',
  },
  {
    flags: '--passphrase-env <name>',
    description: 'seal keys under the passphrase in this variable',
  },
]

/** The key-encryption key named on the command line; undefined: what the configuration says. */
export function kekOf(call: Invocation): Outcome<KekSource | undefined> {
  const [file, env, phraseFile, phraseEnv] = [
    'kekFile',
    'kekEnv',
    'passphraseFile',
    'passphraseEnv',
  ].map((option) => call.text(option))
  const sources: readonly (KekSource | undefined)[] = [
    file === undefined ? undefined : { kind: 'file', path: call.path(file) },
    env === undefined ? undefined : { kind: 'env', name: env },
    phraseFile === undefined ? undefined : { kind: 'passphrase-file', path: call.path(phraseFile) },
    phraseEnv === undefined ? undefined : { kind: 'passphrase-env', name: phraseEnv },
  ]
  const given = sources.filter((source) => source !== undefined)
  if (given.length > 1) {
    return usage('one key-encryption key is enough', {
      wanted: 'one of --kek-file, --kek-env, --passphrase-file, --passphrase-env',
    })
  }
  return { ok: true, value: given[0] }
}

/** The existing hierarchy, if there is one: a certificate may come without its key, never the reverse. */
function hierarchyOf(
  call: Invocation,
): Outcome<Omit<InitOptions, 'config' | 'trustDomain' | 'controller'>> {
  const names = ['rootCert', 'rootKey', 'issuerCert', 'issuerKey', 'keyPassphraseFile'] as const
  const files = Object.fromEntries(
    names.flatMap((name) => {
      const text = call.text(name)
      return text === undefined ? [] : [[name, call.path(text)]]
    }),
  ) as Partial<Record<(typeof names)[number], string>>
  if (files.rootKey !== undefined && files.rootCert === undefined)
    return usage('--root-key goes with --root-cert')
  if ((files.issuerCert === undefined) !== (files.issuerKey === undefined)) {
    return usage('--issuer-cert and --issuer-key go together')
  }
  if (files.issuerCert !== undefined && files.rootCert === undefined) {
    return usage('--issuer-cert goes with --root-cert, its trust anchor')
  }
  if (
    files.rootCert !== undefined &&
    files.rootKey === undefined &&
    files.issuerCert === undefined
  ) {
    return usage('nothing here could sign', {
      wanted: '--root-key to make an issuer, or --issuer-cert and --issuer-key',
    })
  }
  return { ok: true, value: files }
}

function renderReport(look: Look, report: InitReport, kek: KekSource | undefined): string {
  const { trustAnchor, issuer } = report
  const fields = renderFields(look, [
    ['data', report.dataDir],
    ['trust domain', report.trustDomain],
    ['index', [report.indexId, 'solo: one local voter decides']],
    [
      'trust anchor',
      `${trustAnchor.subject}\nuntil ${renderTime(trustAnchor.notAfter, look.now)}\nsha256:${trustAnchor.sha256}`,
    ],
    ['its key', trustAnchor.key === 'here' ? 'sealed, in the data folder' : 'kept offline'],
    ['sealed under', sealing(report)],
    [
      'issuer',
      `${issuer.subject}\nuntil ${renderTime(issuer.notAfter, look.now)}\nid ${issuer.id}`,
    ],
  ])
  const keep = kek === undefined ? '' : `\n\nKeep this in the configuration:\n\n${kekYaml(kek)}`
  return `${look.paint('green', 'founded')}\n${fields}${keep}\n\nNext: capstan serve`
}

/** A key beside what it seals protects a stolen backup of nothing. */
function sealing({
  dataDir,
  sealedUnder: { kind, where },
}: InitReport): string | readonly string[] {
  const what = {
    file: where,
    env: `$${where}`,
    'passphrase-file': where,
    'passphrase-env': `$${where}`,
  }
  const isBeside = kind === 'file' && where.startsWith(`${dataDir}/`)
  return isBeside
    ? [what[kind], 'move it out of the data folder, and name it in keys.kek.file']
    : what[kind]
}

function kekYaml(kek: KekSource): string {
  const keys = {
    file: 'file',
    env: 'env',
    'passphrase-file': 'passphraseFile',
    'passphrase-env': 'passphraseEnv',
  }
  const value = 'path' in kek ? kek.path : kek.name
  return `keys:\n  kek: { ${keys[kek.kind]}: ${JSON.stringify(value)} }`
}

export const initCommand: CommandSpec = {
  path: 'init',
  summary: 'found a CA: data folder, keys, trust anchor, issuer, and an index with one local voter',
  details: [
    'Makes a P-256 trust anchor for 10 years and an issuer for 90 days, or takes an existing hierarchy. The root key may stay offline when an issuer is given.',
  ],
  options: [
    {
      flags: '--trust-domain <domain>',
      description: 'the trust domain, for ever',
      need: 'required',
    },
    {
      flags: '--controller <who>',
      description: 'who holds the local voter (default: local:$USER)',
    },
    { flags: '--root-cert <file>', description: 'an existing trust anchor (PEM)' },
    { flags: '--root-key <file>', description: 'its key (PEM PKCS#8, may be encrypted)' },
    {
      flags: '--issuer-cert <file>',
      description: 'an existing issuer, then its intermediates (PEM)',
    },
    { flags: '--issuer-key <file>', description: 'its key (PEM PKCS#8, may be encrypted)' },
    { flags: '--key-passphrase-file <file>', description: 'opens encrypted keys given above' },
    ...kekOptions,
  ],
  examples: [
    'capstan init --trust-domain acme.example',
    'capstan init --trust-domain acme.example --kek-file /run/secrets/capstan-kek',
    'capstan init --trust-domain acme.example --root-cert root.pem --issuer-cert issuer.pem --issuer-key issuer.key',
  ],
  run: init,
}
