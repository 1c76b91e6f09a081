/**
 * The order of things in virtual time, and the streams of chance.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { nextWord, seededRandom } from '../../protocol/random.ts'
import { Agenda } from '../../simulator/world/agenda.ts'
import { childOf } from '../../simulator/world/child-random.ts'

test('what is due earlier happens earlier, and what is due at once in the order in which it was entered', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 200 }), (times) => {
      const agenda = new Agenda()
      const happened: [number, number][] = []
      for (const [at, timeMs] of times.entries()) agenda.enter(timeMs, () => happened.push([timeMs, at]))
      for (let next = agenda.take(); next !== undefined; next = agenda.take()) next.act()
      const expected = times.map((timeMs, at): [number, number] => [timeMs, at])
      assert.deepEqual(
        happened,
        expected.sort((left, right) => left[0] - right[0] || left[1] - right[1]),
      )
    }),
    { seed: 1 },
  )
})

test('a new consumer of chance, or one that draws more, changes nothing for the others', () => {
  const root = seededRandom(7)
  const network = childOf(root, 'network')
  const first = [nextWord(network), nextWord(network)]
  const again = seededRandom(7)
  nextWord(childOf(again, 'disk'))
  const same = childOf(again, 'network')
  assert.deepEqual([nextWord(same), nextWord(same)], first)
  assert.notDeepEqual(childOf(again, 'network 2'), childOf(again, 'network'))
  assert.notDeepEqual(childOf(seededRandom(8), 'network'), childOf(again, 'network'))
})
