// A module hook: what is fuzzed counts its branches while it runs.
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { counting } from './counting.mjs'

const root = new URL('../..', import.meta.url).href

/** Capstan itself, the planted defects of the fuzzer's own test, and the one parser that is not ours. */
const isFuzzed = (url) =>
  url.startsWith(`${root}src/`) ||
  url.startsWith(`${root}test/fuzz/planted/`) ||
  url.includes('/node_modules/yaml/dist/')

let edits = []

/** Before the first module: the code as it shall be, where that is not as it is. */
export function initialize(wanted) {
  edits = wanted
}

function sourceOf(path, url) {
  let text = readFileSync(path, 'utf8')
  for (const { file, find, replace } of edits) {
    if (url !== `${root}${file}`) continue
    if (text.split(find).length !== 2) throw new Error(`not once in ${file}: ${find}`)
    text = text.replace(find, () => replace)
  }
  return text
}

export async function load(url, context, next) {
  if (!isFuzzed(url)) return next(url, context)
  const path = fileURLToPath(url)
  const source = counting(path, sourceOf(path, url))
  return { format: url.endsWith('.ts') ? 'module' : 'commonjs', source, shortCircuit: true }
}
