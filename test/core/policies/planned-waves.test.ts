/**
 * The waves of a plan: that they are those in which the rollout begins, where all goes well; what is said of pairs of which
 * nobody may begin; and how long it takes.
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { ApplianceRecord, TargetRecord } from '../../../controller/core/records.ts'
import type { ExpectedOn } from '../../../controller/core/rollout/expecting.ts'
import type { PlannedWave } from '../../../controller/core/rollout/install-plan.ts'
import { planRollout } from '../../../controller/core/rollout/plan.ts'
import { inWaves, type Judged } from '../../../controller/core/rollout/planned-waves.ts'
import { type Lasting, spansOf } from '../../../controller/core/rollout/spans.ts'
import { symbolicPatch } from '../../../simulator/world/symbolic-patch.ts'
import { appliance, facts, install, NOON, target } from './rollout-facts.ts'

const { manifest } = symbolicPatch().publication
const ORDER = manifest.pair.order
const EACH = 60
const INTERRUPTED = 5
const takes = (changed: Partial<ExpectedOn> = {}) => ({
  on: () => ({
    seconds: EACH,
    interruptedSeconds: INTERRUPTED,
    aroundSeconds: 0,
    basis: 'allowance' as const,
    ...changed,
  }),
  soak: 0,
})

/** `oslo/acme/secondary waits`, or only a name for one that is ready. */
function judged(words: string): Judged {
  const [name = '', standing = 'ready'] = words.split(' ')
  const [dataCenter = '', organization = ''] = name.split('/')
  const of = appliance(name, { dataCenter, organization, group: name.split('/').slice(0, -1).join(' ') })
  const isProvider = organization === 'provider'
  const said = { has: '0.9', standing: standing as Judged['standing'], reason: standing === 'ready' ? '' : 'says why' }
  return { ...facts(of, { isProvider }), ...said }
}
const pair = (place: string, secondary = 'ready', primary = secondary): string[] => [
  `${place}/secondary ${secondary}`,
  `${place}/primary ${primary}`,
]
const waves = (...pairs: string[][]): PlannedWave[] => inWaves(pairs.flat().map(judged), ORDER, takes())
/** `2 oslo/globex/secondary, oslo/globex/primary` for each pair. */
const lines = (planned: PlannedWave[]): string[] =>
  planned.flatMap(({ wave, pairs }) =>
    pairs.map(({ members }) => `${wave} ${members.map((one) => one.appliance).join(', ')}`),
  )

describe('a plan', () => {
  test('begins with one pair of the provider, its secondary first, then widens', () => {
    assert.deepEqual(lines(waves(pair('a/acme'), pair('b/acme'), pair('b/provider'), pair('b/globex'))), [
      '1 b/provider/secondary, b/provider/primary',
      '2 b/acme/secondary, b/acme/primary',
      '2 b/globex/secondary, b/globex/primary',
      '3 a/acme/secondary, a/acme/primary',
    ])
  })

  test('begins with a pair that may begin, and names those of whom nobody may in the wave of their Data Center, or at the end', () => {
    const planned = waves(pair('a/acme', 'waits'), pair('b/acme', 'refuses'), pair('b/globex'), pair('c/acme'))
    assert.deepEqual(lines(planned), [
      '1 b/globex/secondary, b/globex/primary',
      '2 b/acme/secondary, b/acme/primary',
      '3 c/acme/secondary, c/acme/primary',
      '3 a/acme/secondary, a/acme/primary',
    ])
  })

  test('counts its waves without holes, and says how many Data Centers each goes to at once', () => {
    const counts = (...places: string[]) =>
      waves(...places.map((place) => pair(place))).map((one) => [one.wave, one.dataCentersAtOnce])
    assert.deepEqual(counts('a/acme', 'b/acme', 'c/acme', 'd/acme'), [
      [1, 1],
      [2, 2],
      [3, 4],
    ])
    assert.deepEqual(counts('a/acme', 'a/globex', 'b/acme', 'c/acme', 'd/acme'), [
      [1, 1],
      [2, 1],
      [3, 2],
      [4, 4],
    ])
  })

  test('lets the member of a pair begin that may', () => {
    assert.deepEqual(lines(waves(pair('a/acme', 'waits', 'ready'))), ['1 a/acme/primary, a/acme/secondary'])
  })

  test('is there where nobody may begin yet', () => {
    assert.deepEqual(lines(waves(pair('a/acme', 'waits'))), ['1 a/acme/secondary, a/acme/primary'])
  })

  test('says how long each pair is without a stand-in: nothing of what is at it, or interrupts nothing', () => {
    const unprotected = (planned: PlannedWave[]) =>
      planned.flatMap(({ pairs }) => pairs.map((one) => one.unprotectedSeconds))
    const both = [pair('a/acme'), pair('b/acme', 'installed', 'ready'), pair('c/acme', 'installed')]
    assert.deepEqual(unprotected(waves(...both)), [10, 5, 0])
  })

  test('takes as long as its slowest pairs, one member after the other, and nothing where all have it', () => {
    const seconds = (planned: PlannedWave[]) => planned.map(({ expectedSeconds }) => expectedSeconds)
    assert.deepEqual(
      seconds(waves(pair('a/acme'), pair('a/globex'), ['a/hooli/secondary'], pair('b/hooli'))),
      [120, 120, 120],
    )
    assert.deepEqual(seconds(waves(pair('a/acme', 'installed'), pair('b/acme', 'refuses'))), [0, 0])
  })

  test('says when each pair begins and how long it takes: after the first has stood, and never two places of one organization at once', () => {
    const begins = (soak: number, ...pairs: string[][]) =>
      inWaves(pairs.flat().map(judged), ORDER, { ...takes(), soak }).flatMap((wave) =>
        wave.pairs.map(
          (one) => `${one.dataCenter} ${one.organization} ${one.beginsAfterSeconds} ${one.expectedSeconds}`,
        ),
      )
    const pairs = [
      pair('a/acme'),
      pair('a/globex'),
      pair('b/acme'),
      pair('c/globex'),
      pair('c/acme', 'ready', 'installed'),
    ]
    assert.deepEqual(begins(0, ...pairs), [
      'a acme 0 120',
      'a globex 120 120',
      'b acme 240 120',
      'c acme 360 60',
      'c globex 240 120',
    ])
    assert.deepEqual(begins(600, pair('a/acme'), pair('b/acme')), ['a acme 0 120', 'b acme 720 120'])
    assert.deepEqual(begins(600, pair('a/acme'), pair('a/globex'), pair('b/globex'), pair('b/hooli', 'refuses')), [
      'a acme 0 120',
      'a globex 720 120',
      'b globex 1440 120',
      'b hooli null 0',
    ])
  })

  test('takes on each appliance what is expected there', () => {
    const slow = (name: string): ExpectedOn => ({
      ...takes().on(),
      ...(name === 'a/acme/primary' ? { seconds: 600, interruptedSeconds: 90 } : {}),
    })
    const [wave] = inWaves(pair('a/acme').map(judged), ORDER, { on: ({ name }) => slow(name), soak: 0 })
    assert.deepEqual([wave?.expectedSeconds, wave?.pairs[0]?.unprotectedSeconds], [660, 95])
  })
})

describe('a plan in which waves stand', () => {
  test('holds the place of each Data Center for so long', () => {
    const place = (dataCenter: string) => ({ dataCenter, organization: `of ${dataCenter}`, seconds: 60 }) as Lasting
    const spans = (soak: number) => [...spansOf(['a', 'b', 'c', 'd'].map(place), soak)]
    assert.deepEqual(
      spans(600).map(([name, { from, to }]) => `${name} ${from}-${to}`),
      ['a 0-60', 'b 660-720', 'c 660-720', 'd 1320-1380'],
    )
  })
})

describe('a Data Center in which all have it already', () => {
  test('stands no longer and holds no place', () => {
    const place = (dataCenter: string, seconds: number) =>
      ({ dataCenter, organization: `of ${dataCenter}`, seconds }) as Lasting
    const spans = [...spansOf([place('a', 0), place('b', 60), place('c', 60)], 600)]
    assert.deepEqual(
      spans.map(([name, { from, to }]) => `${name} ${from}-${to}`),
      ['a 0-0', 'b 0-60', 'c 0-60'],
    )
  })
})

describe('the waves of a plan are those in which the rollout begins, where all goes well', () => {
  for (const owner of ['one organization', 'an organization each'])
    for (const places of [1, 2, 3, 4, 7, 8, 12])
      for (const pairs of [1, 3])
        test(`${places} Data Centers with ${pairs} pairs of ${owner}`, () => {
          const names = Array.from({ length: places * pairs }, (_, index) => {
            const place = `site-${String.fromCharCode(97 + Math.floor(index / pairs))}`
            return pair(`${place}/${owner === 'one organization' ? 'acme' : `of-${place}`}/${index}`)
          })
          const members = names.flat().map(judged)
          const planned = new Map(
            inWaves(members, ORDER, takes()).flatMap(({ wave, pairs: there }) =>
              there.flatMap((one) => one.members.map(({ appliance: name }) => [name, wave] as const)),
            ),
          )
          assert.deepEqual(playedThrough(members.map((one) => one.appliance)), planned)
        })
})

/** In which wave the first member of its pair begins, where whoever begins has it before anybody looks again. */
function playedThrough(appliances: ApplianceRecord[]): Map<string, number> {
  const begun = new Map<string, number>()
  const rows = new Map<string, TargetRecord>(appliances.map((one) => [one.name, target(one)]))
  const row = (one: ApplianceRecord): TargetRecord => rows.get(one.name) ?? target(one)
  while (begun.size < appliances.length) {
    const targets = appliances.map((one) => facts(one, { target: row(one) }))
    const around = { install, manifest, targets, elsewhere: { inFlight: [], unheard: [] } }
    const { start, wave } = planRollout(around, { wallMs: NOON, monotonicMs: 0 })
    assert.notEqual(start.length, 0, 'somebody begins')
    for (const one of appliances.filter(({ peer }) => start.includes(peer))) {
      begun.set(one.name, wave)
      rows.set(one.name, target(one, { state: 'installed', wave }))
    }
  }
  return new Map([...begun].map(([name, wave]) => [name, begun.get(name.replace('primary', 'secondary')) ?? wave]))
}

describe('what is expected of Data Centers', () => {
  const rows: [title: string, pairs: string[], spans: string[]][] = [
    ['pairs of one place are at it all at once', ['a acme 60', 'a globex 30', 'a acme 90'], ['a 0-90']],
    ['the second waits for the first', ['a acme 60', 'b globex 30'], ['a 0-60', 'b 60-90']],
    ['then there are two', ['a x 60', 'b y 30', 'c z 50', 'd w 10'], ['a 0-60', 'b 60-90', 'c 60-110', 'd 90-100']],
    ['of one organization one after the other', ['a x 60', 'b y 30', 'c y 50'], ['a 0-60', 'b 60-90', 'c 60-140']],
  ]
  for (const [title, pairs, spans] of rows)
    test(title, () => {
      const lasting = pairs.map((words) => {
        const [dataCenter, organization, seconds] = words.split(' ')
        return { dataCenter, organization, seconds: Number(seconds) } as Lasting
      })
      assert.deepEqual(
        [...spansOf(lasting)].map(([place, { from, to }]) => `${place} ${from}-${to}`),
        spans,
      )
    })
})
