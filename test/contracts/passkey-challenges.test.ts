/**
 * The challenges that passkeys sign take a bounded room, and nobody pushes out those of others before all of it is used.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  CHALLENGE_LIFETIME_MS,
  MOST_CHALLENGES,
  MOST_CHALLENGES_OF_ONE,
  passkeyChallenges,
} from '../../controller/shell/passkey-challenges.ts'
import { isRefusal } from '../../protocol/refusals.ts'

const asked = { purpose: 'sign-in', origin: 'https://patches.example.com' } as const

function opened() {
  const clock = { nowMs: 0 }
  const challenges = passkeyChallenges(() => clock.nowMs)
  const counts = (challenge: string) => !isRefusal(challenges.take(challenge, 'sign-in'))
  const issue = (whose: string, times = 1) => Array.from({ length: times }, () => challenges.issue(asked, whose))
  return { clock, counts, issue }
}

test('whoever asks for too many loses their oldest, and others lose none', () => {
  const { counts, issue } = opened()
  const [others = ''] = issue('Bela')
  const mine = issue('Ana', MOST_CHALLENGES_OF_ONE + 2)
  assert.equal(counts(others), true)
  const good = mine.map(counts)
  assert.deepEqual(good.slice(0, 3), [false, false, true])
  assert.equal(good.filter((one) => one).length, MOST_CHALLENGES_OF_ONE)
})

test('when many ask for as many as fit, the oldest of all make room', () => {
  const { counts, issue } = opened()
  const [first = '', second = ''] = issue('Bela', 2)
  for (let count = 1; count < MOST_CHALLENGES; count++) issue(`stranger ${count}`)
  assert.deepEqual([counts(first), counts(second)], [false, true])
})

test('those that have ended make room by themselves', () => {
  const { clock, counts, issue } = opened()
  issue('Ana', MOST_CHALLENGES_OF_ONE)
  clock.nowMs = CHALLENGE_LIFETIME_MS
  const [old = ''] = issue('Ana')
  issue('Ana', MOST_CHALLENGES_OF_ONE - 1)
  assert.equal(counts(old), true)
})
