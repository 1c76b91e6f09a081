/**
 * How flows share links: against tables that were worked out by hand, and what must hold for any of them.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Agenda } from '../../simulator/world/agenda.ts'
import { MARGIN, type SharedFlow, type SharedLink, shareFairly } from '../../simulator/world/fair-sharing.ts'
import { Flow, Flows, Link } from '../../simulator/world/flows.ts'

type Case = { what: string; links: Record<string, number>; flows: [path: string, ceiling: number, rate: number][] }
const FREE = Number.POSITIVE_INFINITY

const CASES: Case[] = [
  { what: 'one flow has the narrowest link of its path', links: { a: 10, b: 4 }, flows: [['ab', FREE, 4]] },
  {
    what: 'equal flows share a link alike',
    links: { a: 9 },
    flows: [
      ['a', FREE, 3],
      ['a', FREE, 3],
      ['a', FREE, 3],
    ],
  },
  {
    what: 'what one cannot use the others have',
    links: { a: 9 },
    flows: [
      ['a', 1, 1],
      ['a', FREE, 4],
      ['a', FREE, 4],
    ],
  },
  {
    what: 'a slow Data Center leaves its part of the uplink to the others',
    links: { u: 100, s: 10, f: 80, g: 80 },
    flows: [
      ['us', FREE, 10],
      ['uf', FREE, 45],
      ['ug', FREE, 45],
    ],
  },
  {
    what: 'the classic chain: the long flow and the short ones share each link alike',
    links: { a: 10, b: 10 },
    flows: [
      ['ab', FREE, 5],
      ['a', FREE, 5],
      ['b', FREE, 5],
    ],
  },
  {
    what: 'three links, the example of Bertsekas and Gallager in small',
    links: { a: 6, b: 9, c: 2 },
    flows: [
      ['ab', FREE, 3],
      ['a', FREE, 3],
      ['bc', FREE, 2],
      ['b', FREE, 4],
    ],
  },
]

function build({ links, flows }: Pick<Case, 'links' | 'flows'>): SharedFlow[] {
  const made = new Map<string, SharedLink>(
    Object.entries(links).map(([name, bytesPerMs]) => [name, { bytesPerMs, flows: new Set(), levelBytesPerMs: FREE }]),
  )
  return flows.map(([path, ceilingBytesPerMs]) => {
    const flow = {
      path: [...path].map((name) => made.get(name) as SharedLink),
      ceilingBytesPerMs,
      rateBytesPerMs: 0,
      toldBytesPerMs: 0,
    }
    for (const link of flow.path) link.flows.add(flow)
    return flow
  })
}

function linksOf(flows: readonly SharedFlow[]): Set<SharedLink> {
  return new Set(flows.flatMap(({ path }) => path))
}

for (const { what, links, flows } of CASES) {
  test(what, () => {
    const made = build({ links, flows })
    shareFairly(linksOf(made))
    assert.deepEqual(
      made.map(({ rateBytesPerMs }) => Math.round(rateBytesPerMs * 1e6) / 1e6),
      flows.map(([, , rate]) => rate),
    )
  })
}

/** Whatever a level leaves unused below its margin, and what falls below it elsewhere leave unused. */
const ALMOST = 1 - 3 * MARGIN

function assertFair(flows: readonly SharedFlow[]): void {
  const load = (one: SharedLink): number => [...one.flows].reduce((sum, each) => sum + each.rateBytesPerMs, 0)
  for (const one of flows) {
    assert.ok(one.rateBytesPerMs > 0 && one.rateBytesPerMs <= one.ceilingBytesPerMs)
    for (const over of one.path) assert.ok(load(over) <= over.bytesPerMs * (1 + 1e-6))
    if (one.rateBytesPerMs >= one.ceilingBytesPerMs) continue
    const isHeld = one.path.some(
      (over) =>
        load(over) >= over.bytesPerMs * ALMOST &&
        [...over.flows].every((other) => other.rateBytesPerMs <= one.rateBytesPerMs * (1 + 1e-6)),
    )
    assert.ok(isHeld)
  }
}

test('no link carries more than it can, and whoever has less than its ceiling is among the greatest of a full link', () => {
  const names = ['a', 'b', 'c', 'd', 'e']
  const link = fc.integer({ min: 1, max: 1000 })
  const path = fc.uniqueArray(fc.constantFrom(...names), { minLength: 1, maxLength: 3 })
  const ceiling = fc.oneof(fc.constant(FREE), fc.integer({ min: 1, max: 500 }))
  const flow = fc.tuple(path, ceiling)
  fc.assert(
    fc.property(
      fc.tuple(link, link, link, link, link),
      fc.array(flow, { minLength: 1, maxLength: 30 }),
      (rates, drawn) => {
        const links = Object.fromEntries(names.map((name, at) => [name, rates[at] ?? 1]))
        const made = build({ links, flows: drawn.map(([one, most]) => [one.join(''), most, 0]) })
        shareFairly(linksOf(made))
        assertFair(made)
        // One after the other goes, and it is fair among those that stay.
        for (let gone = made.pop(); gone !== undefined; gone = made.pop()) {
          for (const over of gone.path) over.flows.delete(gone)
          shareFairly(gone.path)
          assertFair(made)
        }
      },
    ),
    { numRuns: 500, seed: 1 },
  )
})

test('parcels arrive when their shares of the links say, and every byte is counted once', () => {
  const agenda = new Agenda()
  let now = 0
  const flows = new Flows(
    () => now,
    (timeMs, act) => agenda.enter(timeMs, act),
  )
  const uplink = new Link('up', 10)
  const done: [string, number][] = []
  const send = (name: string, flow: Flow, bytes: number) =>
    flows.send(flow, { bytes, begin: () => true, end: () => done.push([name, now]) })
  const one = new Flow([uplink], FREE)
  const other = new Flow([uplink], FREE)
  send('one', one, 1000)
  agenda.enter(50, () => send('other', other, 250))
  for (let next = agenda.take(); next !== undefined; next = agenda.take()) {
    now = next.timeMs
    next.act()
  }
  // Alone 500 bytes in 50 ms; then five each: the other ends at 100, and the first has 250 bytes left, alone again.
  assert.deepEqual(done, [
    ['other', 100],
    ['one', 125],
  ])
  assert.equal(uplink.pieceBytes, 1250)
})

test('a flow follows its link when that gets another rate', () => {
  const agenda = new Agenda()
  let now = 0
  const flows = new Flows(
    () => now,
    (timeMs, act) => agenda.enter(timeMs, act),
  )
  const uplink = new Link('up', 10)
  let doneMs = 0
  const end = () => {
    doneMs = now
  }
  flows.send(new Flow([uplink], FREE), { bytes: 1000, begin: () => true, end })
  for (const [timeMs, rate] of [
    [50, 1],
    [150, 40],
  ] as const)
    agenda.enter(timeMs, () => {
      uplink.bytesPerMs = rate
    })
  for (let next = agenda.take(); next !== undefined; next = agenda.take()) {
    now = next.timeMs
    next.act()
  }
  // 500 bytes, then 100 in as many milliseconds, then the other 400 in ten.
  assert.equal(doneMs, 160)
})
