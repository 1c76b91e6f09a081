/**
 * How long an install may take, as its plan says it through the API: what an appliance has told of earlier installs counts,
 * by its own clock and over a restart of the Service Center's memory; and what the estimate rests on is said.
 */
import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, test } from 'node:test'
import type { InstallPlan } from '../../controller/core/rollout/install-plan.ts'
import type { InstallDetail } from '../../controller/core/views.ts'
import { expectedTime } from '../../controller/page/plan-words.ts'
import type { Sha256 } from '../../protocol/identifiers.ts'
import { everyoneNeeds, type Fleet, standardFleet } from '../support/fleet-fixtures.ts'
import { type ServedApp, serveApp } from '../support/http-fixtures.ts'
import { type Ask, asking } from './api-client.ts'

const ESTIMATE = 5
const AROUND = 70 + 30

let fleet: Fleet
let app: ServedApp
let ask: Ask
beforeEach(async () => {
  fleet = await standardFleet()
  app = await serveApp(fleet)
  ask = asking(app.url, await app.apiToken())
})
afterEach(async () => {
  await app.close()
  await fleet.close()
})

async function published(name: string): Promise<Sha256> {
  const patch = await fleet.publish({ name, version: '1', restart: 'service' })
  await everyoneNeeds(fleet, patch)
  for (const place of ['paris', 'tokyo'])
    for (const role of ['primary', 'secondary']) await fleet.sendReceipt(`${place}/${role}`, patch)
  return patch
}
const planned = async (patch: string, organization: string) =>
  (await ask<InstallPlan>('GET', `/patches/${patch}/install-plan?organization=${organization}`)).json

/** Checks of 70 seconds before, an installer of 400, and checks of 30 after; told when all is over. */
async function installed(patch: Sha256, organization: string): Promise<void> {
  const { json: install } = await ask<InstallDetail>('POST', '/installs', { patch, organizations: [organization] })
  for (const name of ['paris-secondary', 'paris-primary', 'tokyo-secondary', 'tokyo-primary'])
    for (const [state, seconds] of [
      ['preflight', 0],
      ['installing', 70],
      ['verifying', 470],
      ['installed', 500],
    ] as const)
      await fleet.report(`${organization}-${name}`, install.id, state, { reportedAt: 1e12 + seconds * 1000 })
}

describe('the time of a plan', () => {
  test('counts what checks and hooks took there before, and says so', async () => {
    const next = await published('next')
    const before = await planned('next@1', 'acme')
    assert.deepEqual(before.each.around, { seconds: 30, appliance: 0, kind: 0, allowance: 4 })
    assert.match(expectedTime(before)[1] ?? '', /an allowance, since nothing like it was measured yet/)
    await installed(await published('earlier'), 'acme')
    const { each, expectedSeconds, unprotectedSeconds, waves } = await planned('next@1', 'acme')
    assert.deepEqual(each, {
      ...{ seconds: ESTIMATE + AROUND, longest: ESTIMATE + AROUND, measuredOn: 0 },
      around: { seconds: AROUND, appliance: 4, kind: 0, allowance: 0 },
    })
    assert.equal(expectedSeconds, 4 * (ESTIMATE + AROUND))
    assert.equal(unprotectedSeconds.longest, 2 * (ESTIMATE + 30))
    assert.deepEqual(
      waves.flatMap(({ pairs }) => pairs.map((one) => [one.beginsAfterSeconds, one.expectedSeconds])),
      [0, 1].map((turn) => [turn * 2 * (ESTIMATE + AROUND), 2 * (ESTIMATE + AROUND)]),
    )
    const { json: install } = await ask<InstallDetail>('POST', '/installs', { patch: next, organizations: ['acme'] })
    const { json: shown } = await ask<InstallDetail>('GET', `/installs/${install.id}`)
    const [first] = shown.targets
      .filter(({ ordered }) => ordered)
      .sort((left, right) => (left.secondsLeft ?? 0) - (right.secondsLeft ?? 0))
    assert.ok((first?.secondsLeft ?? 0) > ESTIMATE + 30, 'what goes on is expected to take as long')
  })

  test('of an organization that has installed nothing yet is that of others of its kind', async () => {
    await published('next')
    await installed(await published('earlier'), 'globex')
    const plan = await planned('next@1', 'acme')
    assert.deepEqual(plan.each.around, { seconds: AROUND, appliance: 0, kind: 4, allowance: 0 })
    assert.match(expectedTime(plan)[1] ?? '', /measured on others of the same kind/)
    const both = await planned('next@1', 'acme&organization=globex')
    assert.match(
      expectedTime(both)[1] ?? '',
      /for 4 appliances measured there in earlier installs and for 4 appliances measured on others/,
    )
  })

  test('is that of the patch where three appliances have installed it', async () => {
    const patch = await published('patch')
    await installed(patch, 'globex')
    const { each } = await planned('patch@1', 'acme')
    assert.deepEqual([each.measuredOn, each.seconds], [4, 400 + AROUND])
  })
})
