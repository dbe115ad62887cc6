import { type Result, type Tally, tallyOf } from './result.js'
import { survivors } from './survivors/list.js'
import type { Survivor } from './survivors/survivor.js'
import { targets } from './targets.js'

const counted = targets.filter(({ survivors: s }) => s === 'counted').map(({ name }) => name)
const COUNTS = 'mutants | killed | timed out | survived | not reached | score'
const NUMBERS = '--: | --: | --: | --: | --: | --:'

/** docs/mutation.md, before prettier. */
export function page(results: readonly Result[], unmeasured: readonly string[]): string {
  const all = results.flatMap((result) => result.all)
  const texts = results.reduce((sum, result) => sum + result.texts, 0)
  return [
    ...introduction(tallyOf(all), texts),
    `| target | ${COUNTS} |`,
    `| --- | ${NUMBERS} |`,
    ...results.map((result) => `| ${result.target} | ${counts(result)} |`),
    `| all of these | ${counts(tallyOf(all))} |`,
    ...(unmeasured.length === 0
      ? []
      : ['', `Not measured for this page: ${unmeasured.join(', ')}.`]),
    ...['', '## Scores by file', ''],
    `| file | ${COUNTS} |`,
    `| --- | ${NUMBERS} |`,
    ...results.flatMap(rowsByFile),
    ...['', '## What survives', ''],
    '"Second layer" means that the check may go because a later one refuses the same; both stay.',
    ...Object.entries(survivors).flatMap(([target, list]) => [
      ...['', `### ${target}`, ''],
      ...['| file | the source | survives as | because |', '| --- | --- | --- | --- |'],
      ...list.map(rowOf),
    ]),
    '',
  ].join('\n')
}

const introduction = (
  { mutants, killed, timedOut, survived, notReached }: Tally,
  texts: number,
): readonly string[] => [
  ...['# Mutation testing', ''],
  ...['<!-- Written by test/mutation/write-document.ts from what runs have found. -->', ''],
  '`npm run test:mutation` changes the source of what decides and signs in every way that ' +
    '[Stryker](https://stryker-mutator.io) knows, one place at a time, and runs the tests that reach ' +
    'the place. A change that no test notices survives: either a test is missing, or the change does ' +
    'not change what anybody can see.',
  '',
  '```sh',
  'npm run test:mutation                                    # every target; hours of two cores',
  'npm run test:mutation -- --only csr --json csr.json      # one of them',
  'npm run test:mutation -- --only csr --since csr.json     # what survived then, alone',
  'npm run test:mutation -- --only permit --glance          # few examples: a lower bound, soon',
  'node --import ./test/support/typescript.mjs test/mutation/write-document.ts *.json',
  '```',
  '',
  'A target is a part of the source, with the tests that are to notice (`test/mutation/targets.ts`). ' +
    'The run fails below 85 %, and when something survives that is not explained below; of ' +
    `${counted.join(', ')} the score alone decides: what survives there is printed by a run, and nobody ` +
    'has gone through it yet, and its figures are of `--glance`: lower bounds, of several runs.',
  ...['', '## Scores', ''],
  `Of ${mutants} mutants, ${killed} made a test fail. ${timedOut} timed out: a loop without an end, or ` +
    'a test that waits for what never comes; they count as noticed, and without them the score is ' +
    `${percent(killed, mutants)}. ${survived} survived the tests that reach them, and ${notReached} are ` +
    'reached by no test; both count in full against the score, explained or not. ' +
    `${texts} more are of texts for people, of which tests assert codes alone, and were not tried.`,
  '',
]

function rowsByFile({ all }: Result): readonly string[] {
  return [...new Set(all.map(({ file }) => file))].map((file) => {
    const tally = tallyOf(all.filter((mutant) => mutant.file === file))
    return `| ${code(file.replace('src/', ''))} | ${counts(tally)} |`
  })
}

const counts = ({ mutants, killed, timedOut, survived, notReached }: Tally): string =>
  [
    ...[mutants, killed, timedOut, survived, notReached].map(String),
    percent(killed + timedOut, mutants),
  ].join(' | ')

const percent = (part: number, whole: number): string => `${((100 * part) / whole).toFixed(1)} %`

/** The rows of the tables of survivors, with single spaces where prettier pads. */
export const survivorRows = (): readonly string[] => Object.values(survivors).flat().map(rowOf)

function rowOf({ file, original, replacements, why, places }: Survivor): string {
  const where = places === 1 ? code(file) : `${code(file)}, ${places} places`
  const cells = [where, code(original), replacements.map(code).join(', '), why]
  return `| ${cells.join(' | ')} |`.replaceAll(/ +/g, ' ')
}

/** A bar ends a cell, even in code; what holds a backtick stands between two. */
function code(text: string): string {
  const safe = text.replaceAll('|', String.raw`\|`)
  return safe.includes('`') ? `\`\` ${safe} \`\`` : `\`${safe}\``
}
