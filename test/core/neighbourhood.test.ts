/**
 * Which Data Centers trade with each other: bounded, symmetric, connected, and changed by little when one comes or goes.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { affectedBy, neighboursIn } from '../../controller/core/neighbourhood.ts'
import type { DataCenterName } from '../../protocol/identifiers.ts'

function fleetOf(count: number): Set<DataCenterName> {
  return new Set(Array.from({ length: count }, (_, index) => `dc-${index + 1}` as DataCenterName))
}

test('in a small fleet everybody trades with everybody', () => {
  const fleet = fleetOf(13)
  for (const name of fleet) assert.equal(neighboursIn(fleet)(name).length, 12)
})

for (const count of [14, 100, 1000]) {
  test(`of ${count} Data Centers each has between 6 and 12 neighbours, who have it too`, () => {
    const fleet = fleetOf(count)
    const neighboursOf = neighboursIn(fleet)
    for (const name of fleet) {
      const neighbours = neighboursOf(name)
      assert.ok(neighbours.length >= 6 && neighbours.length <= 12, `${name} has ${neighbours.length}`)
      assert.ok(!neighbours.includes(name))
    }
    for (const name of [...fleet].slice(0, 50))
      for (const other of neighboursOf(name)) assert.ok(neighboursOf(other).includes(name))
  })
}

test('a piece reaches each of a thousand Data Centers from any in at most five hops', () => {
  const fleet = fleetOf(1000)
  const neighboursOf = neighboursIn(fleet)
  const reached = new Set([...fleet].slice(0, 1))
  for (let hop = 0; hop < 5; hop++)
    for (const name of [...reached]) for (const other of neighboursOf(name)) reached.add(other)
  assert.equal(reached.size, 1000)
})

test('one Data Center more changes the neighbours of few others', () => {
  const fleet = fleetOf(300)
  const larger = new Set([...fleet, 'late' as DataCenterName])
  const [before, after] = [neighboursIn(fleet), neighboursIn(larger)]
  const changed = [...fleet].filter((name) => before(name).join() !== after(name).join())
  assert.ok(changed.length <= 12, `${changed.length} changed`)
})

test('whoever gets other neighbours by one Data Center more or less is among those it affects', () => {
  for (let count = 1; count <= 40; count++) {
    const fleet = fleetOf(count)
    const late = 'late' as DataCenterName
    const larger = new Set([...fleet, late])
    const affected = affectedBy(late, larger)
    const [before, after] = [neighboursIn(fleet), neighboursIn(larger)]
    for (const name of fleet) {
      const isAlike = before(name).join() === after(name).join()
      assert.ok(isAlike || affected.includes(name), `${name} of ${count}`)
    }
  }
})
