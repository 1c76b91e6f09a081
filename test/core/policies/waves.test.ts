/**
 * Waves and budgets as tables: how wide an install may go after what has gone well, and what ends it.
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { TargetRecord } from '../../../controller/core/records.ts'
import { overdrawn } from '../../../controller/core/rollout/budgets.ts'
import type { Placed } from '../../../controller/core/rollout/groups.ts'
import { inOrder } from '../../../controller/core/rollout/plan.ts'
import { standsInTurn } from '../../../controller/core/rollout/standing.ts'
import { forecast, waveNumber, wavesOf } from '../../../controller/core/rollout/waves.ts'
import { appliance, install, target } from './rollout-facts.ts'

/** `oslo/acme/primary installed 1`, with its wave, or only a name for one that waits; `absent` for one that is not there. */
function member(words: string): Placed & { readonly isAbsent: boolean; readonly isProvider: boolean } {
  const [name = '', state = 'queued', wave] = words.split(' ')
  const [dataCenter = '', organization = ''] = name.split('/')
  const isProvider = organization === 'provider'
  const of = appliance(name, { dataCenter, organization, kind: isProvider ? 'service-provider' : 'tenant' })
  const row: Partial<TargetRecord> = state === 'absent' ? {} : { state: state as TargetRecord['state'] }
  const ordered = wave === undefined ? row : { ...row, wave: Number(wave) }
  return { target: target(of, ordered), appliance: of, isAbsent: state === 'absent', isProvider }
}
const pair = (name: string, secondary = 'queued', primary = secondary): string[] => [
  `${name}/secondary ${secondary}`,
  `${name}/primary ${primary}`,
]
const numbered = (...words: string[][]) =>
  waveNumber(wavesOf(install, words.flat().map(member), ({ isAbsent }) => isAbsent))
const doneIn = (count: number): string[][] =>
  Array.from({ length: count }, (_, index) => pair(`site-${index}/acme`, 'installed'))
const firstOfTwo = [pair('oslo/acme', 'installed 1'), pair('oslo/globex', 'installed 2')]
const more = pair('zone/acme')

describe('the wave of an install', () => {
  const rows: [title: string, members: string[][], wave: number][] = [
    ['is 1 before anybody has it', [pair('oslo/acme'), pair('rome/acme')], 1],
    ['is 1 while the first pair is at it', [pair('oslo/acme', 'installed', 'installing'), more], 1],
    [
      'is 2 when a pair has it and its Data Center goes on',
      [pair('oslo/acme', 'installed 1'), pair('oslo/globex'), more],
      2,
    ],
    ['is 3 when one Data Center has it', [...firstOfTwo, more], 3],
    ['is 3 when two have it', [...firstOfTwo, ...doneIn(1), more], 3],
    ['is 4 when three have it', [...firstOfTwo, ...doneIn(2), more], 4],
    ['is 5 when seven have it', [...firstOfTwo, ...doneIn(6), more], 5],
    ['grows no further', [...firstOfTwo, ...doneIn(40), more], 5],
    ['is 2 after a first pair that is all of its Data Center', [pair('oslo/acme', 'installed 1'), more], 2],
    ['is 3 then when three have it', [pair('oslo/acme', 'installed 1'), ...doneIn(2), more], 3],
    ['does not wait for who is not there', [pair('oslo/acme', 'installed 1'), pair('oslo/globex', 'absent'), more], 3],
    ['does not grow by what was refused', [pair('oslo/acme', 'refused'), more], 1],
  ]
  for (const [title, members, wave] of rows) test(title, () => assert.equal(numbered(...members), wave))

  test('an absent pair holds no place, and one that has begun and can go on does', () => {
    const at = (...words: string[][]) => [
      ...wavesOf(install, words.flat().map(member), ({ isAbsent }) => isAbsent).dataCenters.keys(),
    ]
    assert.deepEqual(at(pair('oslo/acme', 'unknown', 'absent'), pair('rome/acme', 'absent')), [])
    assert.deepEqual(at(pair('oslo/acme', 'installed', 'absent'), pair('rome/acme')), [])
    assert.deepEqual(at(pair('oslo/acme', 'installed', 'queued'), pair('rome/acme')), ['oslo'])
    assert.deepEqual(at(pair('oslo/acme', 'absent', 'staging'), pair('rome/acme')), ['oslo'])
  })

  test('is told of everybody beforehand: the provider first, then its Data Center, then wider', () => {
    const sites = ['c', 'b', 'a', 'd', 'e']
    const members = sites.flatMap((site) => [
      ...pair(`${site}/acme`),
      ...(site === 'a' ? [] : pair(`${site}/provider`)),
    ])
    const told = forecast(inOrder(members.map(member), 'secondary-first'))
    const lines = [...told].map(([of, wave]) => `${wave} ${of.appliance.replace('peer of ', '')}`)
    assert.deepEqual(lines.slice(0, 5), [
      '1 b/provider/secondary',
      '1 b/provider/primary',
      '2 b/acme/secondary',
      '2 b/acme/primary',
      '3 c/provider/secondary',
    ])
    assert.deepEqual(lines.slice(-2), ['4 a/acme/secondary', '4 a/acme/primary'])
  })
})

describe('a wave that stands', () => {
  const asks = { waveSoakSeconds: 600 }
  const stoodAt = (words: string[][]) =>
    words.flat().map((word) => {
      const { target: row, ...rest } = member(word.replace(' stood', ' installed'))
      return { ...rest, target: { ...row, stoodAt: word.includes(' stood') ? row.changedAt : null } }
    })
  const rows: [title: string, members: string[][], wave: number, standing: string[]][] = [
    ['proves nothing before it has stood', [pair('oslo/acme', 'installed'), more], 1, ['oslo']],
    ['proves nothing while one member has not', [pair('oslo/acme', 'stood', 'installed'), more], 1, ['oslo']],
    ['lets its Data Center go on', [pair('oslo/acme', 'stood 1'), pair('oslo/globex'), more], 2, []],
    [
      'widens nothing before its Data Center has stood',
      [pair('oslo/acme', 'stood 1'), pair('oslo/b', 'installed'), more],
      2,
      ['oslo'],
    ],
    ['widens it then', [pair('oslo/acme', 'stood 1'), pair('oslo/b', 'stood'), more], 3, []],
    ['does not stand while a member is at it', [pair('oslo/acme', 'installed', 'installing'), more], 1, []],
  ]
  for (const [title, members, wave, standing] of rows)
    test(title, () => {
      const waves = wavesOf(asks, stoodAt(members), () => false)
      assert.deepEqual([waveNumber(waves), [...waves.standing.keys()]], [wave, standing])
    })

  test('has been so since the last member got the patch', () => {
    const [first, second] = stoodAt([pair('oslo/acme', 'installed')])
    assert.ok(first !== undefined && second !== undefined)
    const later = { ...second, target: { ...second.target, changedAt: first.target.changedAt + 60_000 } }
    assert.deepEqual([...wavesOf(asks, [first, later], () => false).standing.values()], [later.target.changedAt])
  })

  test('stands so often one after the other as the width needs rounds', () => {
    assert.deepEqual([1, 2, 3, 4, 7, 8, 23, 24].map(standsInTurn), [1, 2, 2, 3, 3, 4, 5, 6])
  })
})

describe('the budgets of an install', () => {
  const judged = (...words: string[][]) => overdrawn(words.flat().map(member), 1)?.reason ?? null
  const rows: [title: string, members: string[][], reason: string | null][] = [
    ['nothing has failed', [pair('oslo/acme', 'installed'), more], null],
    [
      'one pair that fails before anybody has it ends it',
      [pair('oslo/acme', 'reverted', 'queued'), more],
      'oslo/acme/secondary reverted: ',
    ],
    [
      'later one pair does not end it elsewhere',
      [pair('oslo/acme', 'installed'), pair('rome/acme', 'failed', 'queued'), more],
      null,
    ],
    [
      'nor while another one has been ordered elsewhere',
      [pair('oslo/acme', 'installed'), pair('rome/acme', 'failed', 'queued'), pair('lima/acme', 'preflight', 'queued')],
      null,
    ],
    [
      'where nothing else could begin, one pair ends it',
      [pair('oslo/acme', 'installed'), pair('rome/acme', 'failed', 'queued'), pair('rome/globex')],
      'rome/acme/secondary failed: ',
    ],
    [
      'a second pair ends it',
      [pair('oslo/acme', 'installed'), pair('rome/acme', 'failed'), pair('lima/acme', 'reverted'), more],
      'rome/acme/secondary failed: ; 1 more could not install it',
    ],
    [
      'both members of a pair are one failure',
      [pair('oslo/acme', 'installed'), pair('rome/acme', 'failed'), more],
      null,
    ],
    ['one first pair that is not heard of ends nothing', [pair('oslo/acme', 'unknown', 'queued'), more], null],
    [
      'a second one does',
      [pair('oslo/acme', 'unknown', 'queued'), pair('rome/acme', 'unknown', 'queued'), more],
      'nothing is heard of oslo/acme/secondary, rome/acme/secondary any more, which were ordered to install',
    ],
    [
      'later a Data Center that is cut off ends nothing, however many are there',
      [pair('oslo/acme', 'installed'), ...['a', 'b', 'c', 'd'].map((name) => pair(`rome/${name}`, 'unknown')), more],
      null,
    ],
    [
      'a third one does',
      [
        pair('oslo/acme', 'installed'),
        ...['rome', 'lima', 'bern'].map((site) => pair(`${site}/acme`, 'unknown', 'queued')),
        more,
      ],
      'nothing is heard of rome/acme/secondary, lima/acme/secondary, bern/acme/secondary any more, which were ordered to install',
    ],
  ]
  for (const [title, members, reason] of rows) test(title, () => assert.equal(judged(...members), reason))
})
