/**
 * What is shown of use, of bytes and of what somebody may see is true at once, and stays so across restarts.
 */
import assert from 'node:assert/strict'
import { afterEach, beforeEach, test } from 'node:test'
import type { TokenView } from '../../controller/core/access-views.ts'
import type { DataCenterView } from '../../controller/core/data-centers.ts'
import { type Fleet, standardFleet } from '../support/fleet-fixtures.ts'
import { type ServedApp, serveApp } from '../support/http-fixtures.ts'
import { person, signIn } from '../support/people-fixtures.ts'
import { asking } from './api-client.ts'

let fleet: Fleet
let app: ServedApp
let now: number
beforeEach(async () => {
  now = Date.now()
  fleet = await standardFleet()
  app = await serveApp(fleet, { clock: () => now })
})
afterEach(async () => {
  await app.close()
  await fleet.close()
})

test('F14: a token that is used right after it was made was used, and each minute of use is told', async () => {
  const owner = asking(app.url, await app.apiToken())
  const { json: made } = await owner<{ token: string }>('POST', '/api-tokens', { name: 'nightly', role: 'viewer' })
  const shown = async () => (await owner<TokenView[]>('GET', '/api-tokens')).json.find(({ name }) => name === 'nightly')
  assert.equal((await shown())?.usedAt, null)
  const nightly = asking(app.url, made.token)
  for (const _ of [1, 2, 3]) {
    await nightly('GET', '/patches')
    assert.equal((await shown())?.usedAt?.slice(0, 16), new Date(now).toISOString().slice(0, 16))
    now += 61_000
  }
  assert.match((await shown())?.origin ?? '', /^127\.0\.0\.1/)
})

test('F14: what came over the WAN before an agent was started again is not forgotten', async () => {
  const patch = await fleet.publish({ name: 'kernel', version: '1' })
  const ask = asking(app.url, await app.apiToken())
  const cameIn = async () =>
    (await ask<DataCenterView[]>('GET', '/data-centers')).json.find(({ name }) => name === 'paris')?.wanBytes
  const tells = (wanBytes: number) =>
    fleet.tellProgress('paris/primary', {
      ...{ patch, state: 'transferring', bytes: wanBytes, wanBytes, reason: '', bytesPerSecond: 0, sources: [] },
    })
  await tells(100_000)
  await tells(250_000)
  assert.equal(await cameIn(), 250_000)
  for (const [told, total] of [
    [0, 250_000],
    [40_000, 290_000],
    [90_000, 340_000],
    [10_000, 350_000],
  ] as const) {
    await tells(told)
    assert.equal(await cameIn(), total)
  }
})

test('F14: whoever is limited to one organization reads no untrue sentence above Data Centers', async () => {
  await person(fleet.repository, 'Ana')
  await person(fleet.repository, 'Bela', 'operator', ['acme'])
  const { session = '' } = await signIn(app.url, { name: 'Bela' })
  const page = await (await fetch(`${app.url}/data-centers`, { headers: { Cookie: session } })).text()
  assert.match(page, /The picture is of Service Provider appliances, and acme has none\./)
  assert.doesNotMatch(page, /No appliance is enrolled/)
  assert.match(page, /paris.*tokyo/s)
})
