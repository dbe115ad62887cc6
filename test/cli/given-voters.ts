import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type GivenIndex, givenIndex } from '../namespace/given-index.js'
import { json, run, type Screen, type ScriptedServer } from './fake-world.js'
import { servedIndex } from './served-index.js'

/** A served index in memory, and a folder with voters' keys. */
export interface GivenVoters {
  readonly home: string
  readonly given: GivenIndex
  readonly server: ScriptedServer
  /** A command line, in the folder, with the passphrase of the keys. */
  readonly capstan: (line: string, input?: string) => Promise<Screen>
  /** Makes `name.key` and `name.json`. */
  enrolled(name: string, more?: string): Promise<void>
  /** Id of the proposal that waits longest. */
  waiting(): Promise<string>
  write(name: string, text: string): void
}

export async function givenHome(): Promise<GivenVoters> {
  const home = mkdtempSync(join(tmpdir(), 'capstan-voters-'))
  const given = await givenIndex()
  const server = servedIndex(given)
  const write = (name: string, text: string): void => writeFileSync(join(home, name), text)
  const capstan = (line: string, input = ''): Promise<Screen> =>
    run(line.split(' '), {
      server,
      cwd: home,
      clock: given.clock,
      input,
      env: { NO_COLOR: '1', CAPSTAN_VOTER_PASSPHRASE: 'correct horse' },
    })
  return {
    home,
    given,
    server,
    capstan,
    write,
    async enrolled(name, more = '') {
      await capstan(`voter keygen --out ${name}.key`)
      const { index } = given.index.state
      const enrol = `voter enrol --key ${name}.key --id ${name} --controller ${name}@acme`
      const voter = await capstan(`${enrol} --index ${index}${more}`)
      write(`${name}.json`, voter.out)
    },
    async waiting() {
      const { proposals } = json(await capstan('inbox --json')) as {
        proposals: readonly { id: string }[]
      }
      return proposals[0]?.id ?? ''
    },
  }
}

/** Three voters, two of whom decide; `group` is a file of terms. */
export async function givenVoters(group?: string): Promise<GivenVoters> {
  const home = await givenHome()
  for (const name of ['ann', 'bob', 'cyd']) await home.enrolled(name)
  if (group !== undefined) home.write('group.yaml', group)
  const terms = group === undefined ? '' : ' -f group.yaml'
  await home.capstan(`group set / --voter ann.json --voter bob.json --voter cyd.json${terms}`)
  const id = await home.waiting()
  for (const name of ['ann', 'bob']) {
    await home.capstan(`vote ${id} --approve --as ${name} --key ${name}.key`)
  }
  if (given(home).solo) throw new Error('the group was not made')
  return home
}

const given = ({ given: { index } }: GivenVoters) => index.state
