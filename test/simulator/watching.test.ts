/**
 * What somebody who watches a run on this machine is told: something at least every two seconds, and how to come back.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { neverSilent } from '../../simulator/real/never-silent.ts'
import { wayBack } from '../../simulator/real/way-back.ts'

test('F16: a run says that it goes on where it has nothing new to say, with what it said last', (context) => {
  context.mock.timers.enable({ apis: ['setInterval'] })
  let now = 0
  context.mock.method(performance, 'now', () => now)
  const heard: { at: number; line: string }[] = []
  const watched = neverSilent((line) => void heard.push({ at: now, line }))
  const pass = (ms: number) => {
    for (let left = ms; left > 0; left -= 100) {
      now += 100
      context.mock.timers.tick(100)
    }
  }
  pass(700)
  watched.say('starting a Service Center')
  pass(20_000)
  watched.say('2 of 12 appliances enrolled')
  pass(5_000)
  watched.stop()
  const times = [0, ...heard.map(({ at }) => at), now]
  for (const [index, at] of times.entries()) assert.ok(at - (times[index - 1] ?? 0) <= 2_000, `silent until ${at}`)
  assert.match(heard[1]?.line ?? '', /^… \d s: starting a Service Center$/)
  assert.match(heard.at(-1)?.line ?? '', /^… \d s: 2 of 12 appliances enrolled$/)
  const count = heard.length
  pass(5_000)
  assert.equal(heard.length, count, 'who has stopped says nothing more')
})

test('F16: the demo prints its folder, and how to sign in again when the first link is used up', () => {
  const told = wayBack({ link: 'http://127.0.0.1:4000/sign-in?link=abc', data: '/tmp/patchmesh-x/service-center' })
  assert.match(told, /^System Patches: http:\/\/127\.0\.0\.1:4000\/sign-in\?link=abc$/m)
  assert.match(told, /sign-in-link --data \/tmp\/patchmesh-x\/service-center$/m)
  assert.match(
    told,
    /api-token --data \/tmp\/patchmesh-x\/service-center\) PATCHMESH_SERVER=http:\/\/127\.0\.0\.1:4000$/m,
  )
})
