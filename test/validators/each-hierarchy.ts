import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { IssuingHierarchy } from './issued-chains.js'
import { hierarchies, type HierarchyName, hierarchyNames } from './matrix.js'

/** Founds an installation on each hierarchy, one after the other, and hands it over. */
export async function eachHierarchy(
  use: (given: IssuingHierarchy, name: HierarchyName) => Promise<void>,
): Promise<void> {
  for (const name of hierarchyNames) {
    const folder = mkdtempSync(join(tmpdir(), 'capstan-operator-'))
    await using given = await IssuingHierarchy.founded(folder, hierarchies[name])
    await use(given, name)
    rmSync(folder, { recursive: true })
  }
}
