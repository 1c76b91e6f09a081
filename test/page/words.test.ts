/**
 * Words of the pages: how long something takes, of a plan where little or nothing would happen, and how a sentence begins.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { InstallPlan } from '../../controller/core/rollout/install-plan.ts'
import type { InstallDetail } from '../../controller/core/views.ts'
import { aboutSoLong, planSummary, whatMayFail } from '../../controller/page/plan-words.ts'
import { progressSentences } from '../../controller/page/waves-words.ts'
import { duration, sentence, whatItHas } from '../../controller/page/words.ts'

const MAY_FAIL = { pairsAtFirst: 1, pairsLater: 2, pairsOfADataCenter: 1 }
const UNHEARD = { unheardPairsAtFirst: 2, unheardDataCentersLater: 3 }

function planOf(pairs: number, expectedSeconds = 60): InstallPlan {
  const counts = { appliances: 2 * pairs, pairs, ready: 2 * pairs, waits: 0, refuses: 0, installed: 0 }
  return { counts, expectedSeconds, mayFail: { ...MAY_FAIL, ...UNHEARD } } as unknown as InstallPlan
}

test('a duration is rounded up, to tens of seconds below ten minutes and to minutes above', () => {
  const rows: [seconds: number, words: string][] = [
    [0.2, '1 s'],
    [89.5, '90 s'],
    [90, '1 min 30 s'],
    [140, '2 min 20 s'],
    [141, '2 min 30 s'],
    [180, '3 min'],
    [599, '10 min'],
    [601, '11 min'],
    [3_599, '1 h'],
    [5_460, '1 h 31 min'],
    [48 * 3_600, '2 days'],
  ]
  for (const [seconds, words] of rows) assert.equal(duration(seconds), words)
})

test('of a single pair it is said that what fails ends it, and nothing of other pairs', () => {
  const [ends, back, ...more] = whatMayFail(planOf(1))
  assert.equal(ends, 'It halts by itself when the patch fails.')
  assert.match(back ?? '', /^What fails is put back/)
  assert.deepEqual(more, [])
  assert.match(whatMayFail(planOf(2)).join(' '), /Later 1 pair that fails ends it in its Data Center, and 2 everywhere/)
})

test('no time is named where nobody would begin', () => {
  assert.equal(planSummary(planOf(1, 0)), '2 appliances in 1 pair')
  assert.equal(planSummary(planOf(1, 20)), '2 appliances in 1 pair, about 20 s where nobody has to wait')
  assert.equal(aboutSoLong(0), '')
})

test('an appliance on which no version was found has none that is unknown', () => {
  assert.equal(whatItHas(null), 'no version found there')
  assert.equal(whatItHas('1.2'), 'has 1.2')
})

test('a sentence begins with a capital, but for a name that has none', () => {
  assert.equal(sentence('no version is there'), 'No version is there.')
  assert.equal(sentence('refused'), 'Refused.')
  for (const name of ['wrapped@1.5', 'dc1-sp-primary', 'data.tar.zst', 'a2'])
    assert.equal(sentence(`${name} is there`), `${name} is there.`)
})

test('one pair has the patch, several have it; an install that has ended tells nothing of now', () => {
  const progressOf = (state: string, ...standings: string[]) =>
    progressSentences({
      ...{ state, pairs: standings.map((standing) => ({ standing })), expectedEnd: null, unprotectedSeconds: 0 },
      ...{ deadline: '2026-12-01T11:47:00.000Z', waveSoakSeconds: 0, targets: [] },
    } as unknown as InstallDetail)
  assert.equal(progressOf('running', 'done', 'waits', 'waits')[0], '3 pairs: 1 has it, 2 wait.')
  assert.equal(progressOf('running', 'done', 'done', 'waits')[0], '3 pairs: 2 have it, 1 waits.')
  assert.match(progressOf('running', 'done').join(' '), /No pair was without a stand-in until now\./)
  assert.match(progressOf('done', 'done').join(' '), /No pair was without a stand-in\./)
})
