import { afterEach, describe, expect, it } from '@jest/globals'
import { DependencyError } from '../../src/core/dependency-error.js'
import { minutes, seconds, unixSeconds } from '../../src/core/time.js'
import {
  Cosigning,
  defaultCosigningTerms,
  isAlarm,
  type WitnessState,
} from '../../src/tlog/cosigning.js'
import { sha256 } from '../../src/core/uid.js'
import { knownLogs } from '../../src/tlog/known-logs.js'
import { parseNote, verifyNote } from '../../src/tlog/note.js'
import { parsePolicy, type Policy } from '../../src/tlog/policy.js'
import type { KeptCosignature } from '../../src/tlog/ports.js'
import { signCheckpoint } from '../../src/tlog/sign-note.js'
import { stateLine } from '../../src/tlog/state-root.js'
import { formatVerifierKey } from '../../src/tlog/verifier-key.js'
import { verifyCheckpoint } from '../../src/tlog/verify-checkpoint.js'
import { FakeClock } from '../support/fake-clock.js'
import { MemoryLogTree } from '../support/memory-log-tree.js'
import { MemoryWitnessStore } from '../support/memory-witness-store.js'
import { logSigner, witnessSigner } from '../support/note-signers.js'
import { DirectWitnesses } from '../support/witness-clients.js'
import { numberedLeaves } from './reference-tree.js'

const leaves = numberedLeaves(600)
const log = logSigner('acme.example/index')
const names = ['w1', 'w2', 'w3'] as const
const keys = names.map((name) => witnessSigner(`${name}.example`))
const urls = names.map((name) => `http://${name}.example/`)
let stopping = new AbortController()
afterEach(() => {
  stopping.abort()
  stopping = new AbortController()
})

const policyText = [
  ...names.map((name, at) => `witness ${name} ${formatVerifierKey(keys[at]!.key)} ${urls[at]}`),
  'group g 2 w1 w2 w3',
  'quorum g',
  '',
].join('\n')
function policyOf(): Policy {
  const policy = parsePolicy(Buffer.from(policyText))
  if (!policy.ok) throw new Error(policy.refusal.found)
  return policy.value
}
const policy = policyOf()

/** A log with witnesses that it asks. */
function given() {
  const clock = new FakeClock()
  const client = new DirectWitnesses(clock)
  const stores = keys.map((signer, at) => {
    const store = new MemoryWitnessStore()
    client.add(urls[at]!, { logs: knownLogs([log.key]), store, signers: [signer] })
    return store
  })
  const changes: WitnessState[] = []
  let tree = new MemoryLogTree(() => [])
  const open = (over: MemoryLogTree = tree): Cosigning => {
    const cosigning = new Cosigning({
      ...{ log: 'index', tree: over, policy, client, clock },
      witnesses: policy.witnesses.map(({ name, key, url = '' }) => ({ name, key, url })),
      terms: { ...defaultCosigningTerms, refresh: minutes(5) },
      changed: (state) => void changes.push(state),
    })
    void cosigning.run(stopping.signal)
    return cosigning
  }
  const sign = async (over: MemoryLogTree = tree): Promise<void> => {
    const head = await over.head()
    const { size, root } = head
    const note = await signCheckpoint({ origin: log.key.name, size, root, extensions: [] }, log)
    await over.keepCheckpoint({ ...head, note })
  }
  const grow = async (to: number, cosigning: Cosigning): Promise<void> => {
    tree.append(leaves.slice(tree.size, to))
    await sign()
    cosigning.wake()
    await cosigning.settled()
    await turns()
  }
  const verified = async () => {
    const checkpoint = await tree.checkpoint()
    return verifyCheckpoint(Buffer.from(checkpoint?.note ?? ''), log.key, policy)
  }
  const putBack = (other: MemoryLogTree): void => {
    tree = other
  }
  return { clock, client, stores, changes, open, sign, grow, verified, putBack, tree: () => tree }
}

/** Everything that is under way without a clock. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve))
}

describe('the witnesses of a log', () => {
  it('cosign each checkpoint, from what each of them has', async () => {
    const world = given()
    const cosigning = world.open()
    for (const size of [1, 2, 255, 256, 600]) {
      await world.grow(size, cosigning)
      const found = await world.verified()
      expect(found.ok && [found.value.size, found.value.cosignatures.length]).toEqual([size, 3])
      expect(world.stores.map((store) => store.heads.get(log.key.name)?.size)).toEqual([
        size,
        size,
        size,
      ])
    }
    const { quorum, witnesses } = cosigning.state()
    expect(quorum).toBe(true)
    expect(witnesses.map(({ size, behindSince, fault }) => [size, behindSince, fault])).toEqual(
      Array.from({ length: 3 }, () => [600, undefined, undefined]),
    )
    // One question each: nobody is asked from a size that it does not have.
    expect(world.client.asked).toHaveLength(15)
  })

  it('are asked from where they are, wherever that is', async () => {
    const world = given()
    const first = world.open()
    await world.grow(100, first)
    world.client.remove(urls[1]!)
    const again = world.open()
    world.client.add(urls[1]!, {
      ...{ logs: knownLogs([log.key]), store: new MemoryWitnessStore(), signers: [keys[1]!] },
    })
    await world.grow(300, again)
    await world.grow(301, again)
    const found = await world.verified()
    expect(found.ok && found.value.cosignatures.length).toBe(3)
  })

  it('hold up nobody when they are gone, and are told of as behind until they are back', async () => {
    const world = given()
    const cosigning = world.open()
    await world.grow(10, cosigning)
    world.client.remove(urls[2]!)
    await world.grow(11, cosigning)
    const behind = cosigning.state().witnesses[2]
    expect(behind).toMatchObject({ size: 10, behindSince: world.clock.now() })
    expect(behind?.fault?.kind).toBe('silent')
    expect(cosigning.state().quorum).toBe(true)
    expect((await world.verified()).ok).toBe(true)
    // While it backs off it is not asked, and nobody waits for it.
    const asked = world.client.asked.length
    await world.grow(12, cosigning)
    expect(world.client.asked.length - asked).toBe(2)

    world.client.remove(urls[1]!)
    await world.grow(13, cosigning)
    expect(cosigning.state().quorum).toBe(false)
    const found = await world.verified()
    expect(!found.ok && found.refusal.code).toBe('tlog.no-quorum')

    for (const at of [1, 2]) {
      const store = world.stores[at]!
      world.client.add(urls[at]!, { logs: knownLogs([log.key]), store, signers: [keys[at]!] })
    }
    for (let round = 0; round < 4; round += 1) {
      world.clock.advance(seconds(60))
      await turns()
    }
    expect(cosigning.state().witnesses.map(({ behindSince }) => behindSince)).toEqual([
      undefined,
      undefined,
      undefined,
    ])
    expect((await world.verified()).ok).toBe(true)
    const told = world.changes.map(({ name, fault }) => `${name} ${fault?.kind ?? 'well'}`)
    expect(told.toSorted()).toEqual(['w2 silent', 'w2 well', 'w3 silent', 'w3 well'])
  })

  it('are asked again after some time, so that a checkpoint that stays has an age', async () => {
    const world = given()
    const cosigning = world.open()
    await world.grow(10, cosigning)
    const before = await world.verified()
    for (let minute = 0; minute < 6; minute += 1) {
      world.clock.advance(minutes(1))
      await turns()
    }
    const after = await world.verified()
    if (!before.ok || !after.ok) throw new Error('not verified')
    for (const [at, { time }] of after.value.cosignatures.entries()) {
      expect(time - before.value.cosignatures[at]!.time).toBe(300)
    }
    expect(world.client.asked).toHaveLength(6)
  })

  it('are asked once the store answers, where it did not at the start', async () => {
    const world = given()
    const tree = world.tree()
    const read = tree.cosignatures.bind(tree)
    tree.cosignatures = () => Promise.reject(new DependencyError('store', 'the disk is away'))
    const cosigning = world.open()
    await world.grow(10, cosigning)
    const silent = { kind: 'silent', what: 'store: the disk is away' }
    expect(cosigning.state().witnesses.map(({ fault }) => fault)).toEqual([silent, silent, silent])
    world.clock.advance(seconds(1))
    await turns()
    expect(world.client.asked).toEqual([])
    tree.cosignatures = read
    world.clock.advance(seconds(2))
    await turns()
    expect(cosigning.state().quorum).toBe(true)
    expect(world.changes.map(({ fault }) => fault?.kind).slice(3)).toEqual(Array(3).fill(undefined))
  })

  it('are known from before the start, each by its own key, and are not believed for it', async () => {
    const world = given()
    await world.grow(10, world.open())
    world.client.remove(urls[2]!)
    world.clock.advance(minutes(1))
    stopping.abort()
    stopping = new AbortController()
    const [first, ...others] = await world.tree().cosignatures()
    const older = { ...first!, size: 7, at: unixSeconds(first!.at - 60) }
    world.tree().cosignatures = () => Promise.resolve([older, ...others])
    const again = world.open()
    for (const { isCurrent, behindSince, fault } of again.state().witnesses) {
      expect({ isCurrent, behindSince, fault }).toEqual({ isCurrent: false })
    }
    await turns()
    // Who does not answer now still says what it had cosigned, and that it is not current.
    const gone = again.state().witnesses[2]
    expect(gone).toMatchObject({ size: 10, at: others[1]?.at, isCurrent: false })
    // The first was asked from what is known of it alone.
    const asked = world.client.bodies.slice(3).map((body) => body.split('\n')[0])
    expect(asked).toContain('old 7')
    expect(asked.filter((old) => old === 'old 10').length).toBeGreaterThanOrEqual(2)
  })

  it('are not asked again about a checkpoint that they have cosigned just now', async () => {
    const world = given()
    const cosigning = world.open()
    await world.grow(10, cosigning)
    const { length } = world.client.asked
    const kept = await world.tree().cosignatures()
    world.clock.advance(minutes(1))
    cosigning.wake()
    expect(cosigning.state().quorum).toBe(false)
    await turns()
    expect(world.client.asked).toHaveLength(length)
    expect(cosigning.state().quorum).toBe(true)
    expect(cosigning.state().witnesses.map(({ size, at }) => [size, at])).toEqual(
      kept.map(({ at }) => [10, at]),
    )
    // Nor before it is as old as it may get, counted from when it was made.
    world.clock.advance(seconds(239))
    await turns()
    expect(world.client.asked).toHaveLength(length)
    world.clock.advance(seconds(1))
    await turns()
    expect(world.client.asked).toHaveLength(length + 3)
  })

  it('have cosigned this head, and not another one of the same size', async () => {
    const state = sha256('a state')
    const world = given()
    const cosigning = world.open()
    await world.grow(10, cosigning)
    const [one] = await world.tree().cosignatures()
    for (const other of [{ root: sha256('another root') }, { size: 9 }, { state }]) {
      const { length } = world.client.asked
      world.tree().cosignatures = () => Promise.resolve([{ ...one!, ...other }])
      cosigning.wake()
      await turns()
      expect(world.client.asked.length - length).toBe(3)
    }
  })

  it('cosign the state that a checkpoint signs, and it is kept with what they signed', async () => {
    const world = given()
    const cosigning = world.open()
    const state = sha256('a state')
    const tree = world.tree()
    tree.append(leaves.slice(0, 5))
    const { size, root } = await tree.head()
    const extensions = [stateLine(state)]
    const note = await signCheckpoint({ origin: log.key.name, size, root, extensions }, log)
    tree.signed = { size, root, state, note }
    cosigning.wake()
    await cosigning.settled()
    await turns()
    const kept = await tree.cosignatures()
    expect(kept.map((one) => Buffer.from(one.state ?? []))).toEqual(
      kept.map(() => Buffer.from(state)),
    )
    expect(kept).toHaveLength(3)
    expect(cosigning.state().quorum).toBe(true)
    expect((await tree.checkpoint())?.note.match(/^\u2014/gm)).toHaveLength(4)
  })

  it('are asked less and less often while they fail, and once a minute at least', async () => {
    const world = given()
    for (const url of urls) world.client.remove(url)
    world.tree().append(leaves.slice(0, 5))
    await world.sign()
    const cosigning = world.open()
    await turns()
    const begun = world.clock.now()
    const times: number[] = []
    let { length } = world.client.asked
    for (let second = 1; second <= 200; second += 1) {
      world.clock.advance(seconds(1))
      await turns()
      if (world.client.asked.length > length) times.push(second)
      length = world.client.asked.length
    }
    expect(times).toEqual([1, 3, 7, 15, 31, 63, 123, 183])
    expect(cosigning.state().witnesses.map(({ behindSince }) => behindSince)).toEqual([
      ...[begun, begun, begun],
    ])
  })

  it('that cosigned what is not the latest any more are behind since the latest came', async () => {
    const world = given()
    const cosigning = world.open()
    await turns()
    let answer: () => void = () => undefined
    world.client.instead.set(urls[0]!, async (body) => {
      await new Promise<void>((resolve) => {
        answer = resolve
      })
      return world.client.answer(urls[0]!, body)
    })
    const grow = async (to: number): Promise<void> => {
      world.tree().append(leaves.slice(world.tree().size, to))
      await world.sign()
      cosigning.wake()
      await turns()
    }
    await grow(10)
    world.clock.advance(seconds(1))
    await grow(20)
    world.client.instead.set(urls[0]!, () => new Promise(() => undefined))
    const since = world.clock.now()
    world.clock.advance(seconds(1))
    answer()
    await turns()
    expect(cosigning.state().witnesses[0]).toMatchObject({
      ...{ size: 10, isCurrent: false, behindSince: since, fault: undefined },
    })
    expect(cosigning.state().witnesses[1]).toMatchObject({ size: 20, isCurrent: true })
  })

  it('are given up where the store does not answer until the end', async () => {
    const tree = new MemoryLogTree(() => [])
    tree.cosignatures = () => Promise.reject(new DependencyError('store', 'it is closed'))
    const { clock, client } = given()
    const cosigning = new Cosigning({
      ...{ log: 'index', tree, policy, client, clock, changed: () => undefined },
      witnesses: policy.witnesses.map(({ name, key, url = '' }) => ({ name, key, url })),
      terms: { ...defaultCosigningTerms, refresh: minutes(5) },
    })
    const running = cosigning.run(stopping.signal)
    await turns()
    stopping.abort()
    await running
    expect(client.asked).toEqual([])
  })

  it('that never answer hold up readers for as long as patience, and no longer', async () => {
    const world = given()
    const cosigning = world.open()
    await turns()
    world.client.instead.set(urls[0]!, () => new Promise(() => undefined))
    world.tree().append(leaves.slice(0, 10))
    await world.sign()
    cosigning.wake()
    let isSettled = false
    const settled = cosigning.settled().then(() => {
      isSettled = true
    })
    await turns()
    expect(isSettled).toBe(false)
    expect((await world.verified()).ok).toBe(true)
    world.clock.advance(defaultCosigningTerms.patience)
    await settled
  })
})

describe('a log that does not go on from what a witness has cosigned', () => {
  const restored = async (
    world: ReturnType<typeof given>,
    size: number,
    from: typeof leaves,
    kept: readonly KeptCosignature[] = [],
  ) => {
    const old = new MemoryLogTree(() => [])
    old.append(from.slice(0, size))
    await world.sign(old)
    for (const cosignature of kept) await old.keepCosignature(cosignature)
    world.putBack(old)
    return world.open(old)
  }

  it('is told of at once after an older backup was put back, and cosigned by nobody', async () => {
    const world = given()
    const before = world.open()
    await world.grow(12, before)
    // The backup has the cosignatures of its time, which are a minute old: it looks right to itself.
    const kept = await world.tree().cosignatures()
    await world.grow(20, before)
    world.changes.length = 0
    const cosigning = await restored(world, 12, leaves, kept)
    await turns()
    for (const { fault } of cosigning.state().witnesses) {
      expect(fault).toEqual({ kind: 'ahead', size: 20 })
    }
    expect(world.changes.map(({ fault }) => fault?.kind)).toEqual(['ahead', 'ahead', 'ahead'])
    expect(cosigning.state().quorum).toBe(false)
  })

  it('is told of when it goes on with other records', async () => {
    const world = given()
    await world.grow(20, world.open())
    const cosigning = await restored(world, 12, leaves)
    await turns()
    world.tree().append(leaves.slice(400, 420))
    await world.sign()
    cosigning.wake()
    for (let round = 0; round < 3; round += 1) {
      world.clock.advance(seconds(60))
      await turns()
    }
    for (const { fault } of cosigning.state().witnesses) expect(fault?.kind).toBe('forked')
    expect((await world.verified()).ok).toBe(false)
    expect(world.stores.map((store) => store.heads.get(log.key.name)?.size)).toEqual([20, 20, 20])
  })
})

describe('a fault of a witness', () => {
  it.each<[Parameters<typeof isAlarm>[0], boolean]>([
    [{ kind: 'ahead', size: 1 }, true],
    [{ kind: 'forked', size: 1 }, true],
    [{ kind: 'silent', what: 'it is away' }, false],
    [{ kind: 'refused', status: 404 }, false],
    [{ kind: 'bad-answer', what: 'nothing' }, false],
  ])('is an alarm or is not: %j', (fault, alarms) => {
    expect(isAlarm(fault)).toBe(alarms)
  })

  it('is told of each time where it is an alarm, and once where it stays', async () => {
    const world = given()
    const open = world.open()
    world.client.instead.set(urls[0]!, () => Promise.resolve({ status: 422, body: Buffer.of() }))
    world.client.instead.set(urls[1]!, () => Promise.resolve({ status: 404, body: Buffer.of() }))
    world.client.instead.set(urls[2]!, () => Promise.reject(new TypeError('no such thing')))
    await world.grow(10, open)
    for (let second = 0; second < 3; second += 1) {
      world.clock.advance(seconds(1))
      await turns()
    }
    const told = world.changes.map(({ name, fault }) => `${name} ${fault?.kind}`)
    expect(told.toSorted()).toEqual([
      ...['w1 forked', 'w1 forked', 'w1 forked', 'w2 refused', 'w3 silent'],
    ])
    expect(open.state().witnesses[2]?.fault).toEqual({ kind: 'silent', what: 'it cannot be asked' })
  })
})

describe('a witness that misbehaves', () => {
  const answer = (status: number, body: string) => () =>
    Promise.resolve({ status, body: Buffer.from(body) })

  it.each<[string, (world: ReturnType<typeof given>) => void, string, string | undefined]>([
    [
      'signs nothing',
      ({ client }) => client.instead.set(urls[0]!, answer(200, '')),
      'bad-answer',
      'no signature of its key',
    ],
    [
      'does not end its line',
      (world) =>
        world.client.instead.set(urls[0]!, async (body) => {
          const { status, body: line } = await world.client.answer(urls[0]!, body)
          return { status, body: line.subarray(0, -1) }
        }),
      'bad-answer',
      'no signature of its key',
    ],
    [
      'answers what is no text',
      ({ client }) =>
        client.instead.set(urls[0]!, () =>
          Promise.resolve({ status: 200, body: Buffer.of(0xff, 0x0a) }),
        ),
      'bad-answer',
      'no signature of its key',
    ],
    [
      'states a time long past',
      (world) => {
        const behind = new DirectWitnesses({ now: () => (world.clock.now() - 301) as never })
        const store = new MemoryWitnessStore()
        behind.add(urls[0]!, { logs: knownLogs([log.key]), store, signers: [keys[0]!] })
        world.client.instead.set(urls[0]!, (body) => behind.answer(urls[0]!, body))
      },
      'bad-answer',
      'a time long past: one of the clocks is wrong',
    ],
    [
      'has just what it was asked from, and says that it does not',
      ({ client }) => client.instead.set(urls[0]!, answer(409, '0\n')),
      'bad-answer',
      'a conflict without another size',
    ],
    [
      'says a size in two lines',
      ({ client }) => client.instead.set(urls[0]!, answer(409, '\n7')),
      'bad-answer',
      'a conflict without another size',
    ],
    [
      'signs with a key of its own choice',
      ({ client, stores }) =>
        client.add(urls[0]!, {
          ...{ logs: knownLogs([log.key]), store: stores[0]!, signers: [witnessSigner('x')] },
        }),
      'bad-answer',
      'no signature of its key',
    ],
    [
      'signs another text',
      (world) =>
        world.client.instead.set(urls[0]!, async (body) => {
          const { status, body: line } = await world.client.answer(urls[0]!, body)
          const octets = Buffer.from(line)
          octets[octets.length - 10]! ^= 1
          return { status, body: octets }
        }),
      'bad-answer',
      'a signature that does not hold',
    ],
    [
      'states a time that has not come',
      (world) => {
        const ahead = new DirectWitnesses({ now: () => (world.clock.now() + 3600) as never })
        const store = new MemoryWitnessStore()
        ahead.add(urls[0]!, { logs: knownLogs([log.key]), store, signers: [keys[0]!] })
        world.client.instead.set(urls[0]!, (body) => ahead.answer(urls[0]!, body))
      },
      'bad-answer',
      'a time that has not come: one of the clocks is wrong',
    ],
    [
      'is always elsewhere',
      ({ client }) => {
        let turn = 0
        client.instead.set(urls[0]!, () => answer(409, `${(turn = 3 - turn)}\n`)())
      },
      'bad-answer',
      'it changes its mind about what it has',
    ],
    [
      'says what is no size',
      ({ client }) => client.instead.set(urls[0]!, answer(409, '1e9\n')),
      'bad-answer',
      'a conflict without another size',
    ],
    [
      'does not know the log',
      ({ client }) => client.instead.set(urls[0]!, answer(404, '')),
      'refused',
      undefined,
    ],
    [
      'sends elsewhere',
      ({ client }) => client.instead.set(urls[0]!, answer(302, '')),
      'refused',
      undefined,
    ],
  ])('and %s gets nothing into the checkpoint', async (_, spoil, kind, what) => {
    const world = given()
    spoil(world)
    const cosigning = world.open()
    await world.grow(10, cosigning)
    await turns()
    const { fault } = cosigning.state().witnesses[0]!
    expect(fault).toMatchObject({ kind, ...(what !== undefined && { what }) })
    const note = parseNote(Buffer.from((await world.tree().checkpoint())?.note ?? ''))
    const verified = note.ok && verifyNote(note.value, [log.key, ...keys.map(({ key }) => key)])
    // Two others and the log: a line that does not hold would refuse the whole note.
    expect(verified && verified.ok && verified.value).toHaveLength(3)
    expect((await world.verified()).ok).toBe(true)
  })
})
