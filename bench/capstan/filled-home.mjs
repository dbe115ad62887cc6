import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { applyEntries } from './apply-entries.mjs'
import { Capstan } from './server.mjs'

/**
 * A folder of its own below `folder` with a stopped Capstan that holds `entries` entries, applied
 * through the running server as an operator would. With `keep` they are applied once into
 * `keep/entries-N`, going on where an interrupted run stopped, and what is measured is a copy.
 */
export async function filledHome({ folder, keep, server, progress }, name, entries) {
  const home = join(folder, `${name}-${entries}`)
  if (keep === undefined) {
    await fill(home, entries, server, progress)
    return home
  }
  const kept = join(keep, `entries-${entries}`)
  await fill(kept, entries, server, progress)
  progress(`${kept} is copied`)
  cpSync(kept, home, { recursive: true })
  return home
}

async function fill(home, entries, server, progress) {
  const done = join(home, 'entries.json')
  const before = existsSync(done) ? JSON.parse(readFileSync(done, 'utf8')) : undefined
  if (before === entries) return
  mkdirSync(home, { recursive: true })
  const capstan =
    before === undefined ? await Capstan.founded(home, server) : await Capstan.at(home, server)
  const said = (there) => writeFileSync(done, JSON.stringify(there))
  said(before ?? 0)
  await capstan.start()
  try {
    applyEntries(capstan, {
      first: before ?? 0,
      count: entries - (before ?? 0),
      how: { validation: 'offline', jwks: { file: join(home, 'jwks.json') } },
      progress: (there) => {
        said(there)
        progress(`${there} of ${entries} entries applied`)
      },
    })
  } finally {
    await capstan.stop()
  }
}
