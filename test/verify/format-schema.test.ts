import { describe, expect, it } from '@jest/globals'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import fc from 'fast-check'
import { hours } from '../../src/core/time.js'
import { open, payloadTypes } from '../../src/namespace/dsse.js'
import { bodySchemas } from '../../src/namespace/schema.js'
import type { GovernedObject } from '../../src/namespace/state.js'
import type { ChangeRequest } from '../../src/namespace/change-request.js'
import { clusterFacts, type GivenIndex, givenIndex, k8s, owner } from '../namespace/given-index.js'
import { steps } from '../property/given-changes.js'

const root = join(import.meta.dirname, '../..')
const read = (path: string): unknown => JSON.parse(readFileSync(join(root, path), 'utf8'))

const schema = read('schema/index.schema.json') as {
  readonly $defs: Readonly<Record<string, object>>
}
const ajv = new Ajv2020({ strict: false }).addSchema(schema, 'index')

/** What a schema of the published file has against a value; nothing where it fits. */
function faultsOf(name: string, value: unknown): readonly unknown[] {
  const validate = ajv.getSchema(`index#/$defs/${name}`)
  if (!validate) throw new Error(`there is no schema of ${name}`)
  return validate(value) === true ? [] : (validate.errors ?? [{ name }])
}

const nameOf = new Map<string, string>(
  Object.entries(payloadTypes).map(([name, type]) => [type, name]),
)
const seen = new Set<string>()

function statementFaults(envelope: Uint8Array): readonly unknown[] {
  const opened = open(envelope)
  const name = opened && nameOf.get(opened.payloadType)
  if (!opened || name === undefined) return ['no statement']
  const said = JSON.parse(Buffer.from(opened.payload).toString()) as { op?: string; body?: unknown }
  seen.add(said.op ?? name)
  const body = said.op === undefined ? [] : faultsOf(`body:${said.op}`, said.body)
  return [...faultsOf(name, said), ...body]
}

function objectFaults({ head: _head, ...object }: GovernedObject): readonly unknown[] {
  return faultsOf(`object:${object.kind}`, object)
}

function indexFaults({ index: { state }, store }: GivenIndex): readonly unknown[] {
  const rows = [...state.entries.values(), ...state.scopes.values(), ...state.clusters.values()]
  const envelopes = store.records.flatMap((record) => record.envelopes)
  return [...rows.flatMap(objectFaults), ...envelopes.flatMap(statementFaults)]
}

const begun: readonly ChangeRequest[] = [
  { op: 'cluster.register', alias: 'one', cluster: clusterFacts('one') },
  { op: 'entry.create', alias: 'z/api', owner },
  { op: 'entry.create', alias: 'z/web', owner },
  { op: 'binding.add', alias: 'z/api', binding: k8s('one', 'z', 'api') },
  {
    op: 'rule.attach',
    alias: 'z/api',
    rule: { id: 'r', callers: ['z/web', { subtree: '' }], ports: [8080] },
  },
  {
    op: 'split.set',
    alias: 'z/api',
    split: { port: 8080, backendRefs: [{ entry: 'z/api', weight: 1 }] },
  },
  { op: 'envelope.set', alias: 'z/api', envelope: { maxTtl: 600, ports: [[1, 9000]] } },
  { op: 'entry.rename', alias: 'z/web', to: 'z/shop' },
]

describe('schema/index.schema.json', () => {
  it('fits every statement and object of an index, whatever is done to it', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(steps, { minLength: 20, maxLength: 60 }), async (run) => {
        const given = await givenIndex(...begun)
        for (const step of run) {
          if (step.kind === 'change') await given.codeFor(step.request)
          if (step.kind === 'wait') given.clock.advance(hours(step.count))
        }
        expect(indexFaults(given)).toEqual([])
      }),
      { numRuns: 40 },
    )
    // The rest is of groups, whose statements are in the vectors.
    expect([...seen]).toEqual(
      expect.arrayContaining(['genesis', 'vote', ...begun.map(({ op }) => op)]),
    )
  })

  it('has the body of every operation', () => {
    for (const op of Object.keys(bodySchemas)) expect(schema.$defs).toHaveProperty([`body:${op}`])
  })

  it('fits no object with another member, and none with one that is left out', async () => {
    const given = await givenIndex({ op: 'scope.create', alias: 'shop' })
    const { head: _head, ...scope } = given.scope('shop')
    expect(faultsOf('object:scope', scope)).toEqual([])
    expect(faultsOf('object:scope', { ...scope, more: 1 })).not.toEqual([])
    for (const member of Object.keys(scope)) {
      const { [member]: _left, ...rest } = scope as unknown as Record<string, unknown>
      expect(faultsOf('object:scope', rest)).not.toEqual([])
    }
  })
})
