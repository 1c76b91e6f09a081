/**
 * Names are parts of addresses. Whoever follows an address takes `.` and `..` in it for a way up, also where they are
 * escaped, so what has such a name could be enrolled and never be reached: it is refused wherever a name is given. Every
 * other name that is taken is reached under it.
 */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { ApplianceDetail } from '../../controller/core/appliance-views.ts'
import type { DataCenterLimits } from '../../controller/core/data-centers.ts'
import { applianceAddress } from '../../controller/page/words.ts'
import { emptyFleet, type Fleet } from '../support/fleet-fixtures.ts'
import { type ServedApp, serveApp } from '../support/http-fixtures.ts'
import { publisherFixture } from '../support/publisher-fixtures.ts'
import { type Ask, asking } from './api-client.ts'

let fleet: Fleet
let app: ServedApp
let ask: Ask
before(async () => {
  fleet = await emptyFleet()
  app = await serveApp(fleet)
  ask = asking(app.url, await app.apiToken())
})
after(async () => {
  await app.close()
  await fleet.close()
})

const SLOT = {
  ...{ name: 'paris-1', organization: 'Provider', dataCenter: 'Paris', kind: 'service-provider' },
  ...{ role: 'primary', group: 'pair' },
}
const DOTS = ['.', '..', '...', '.'.repeat(100)]
const REASON = /is dots alone, which no address can hold/

describe('F4: a name of dots alone is refused', () => {
  for (const field of ['name', 'organization', 'dataCenter', 'group'] as const) {
    test(`as the ${field} of a token`, async () => {
      for (const dots of DOTS) {
        const { status, json } = await ask('POST', '/enrollment-tokens', { ...SLOT, [field]: dots })
        assert.equal(status, 400, dots)
        assert.match(json.error.message, REASON)
      }
      assert.equal(fleet.serviceCenter.state.tokens.size, 0)
    })
  }

  test('in a topology file that is sent', async () => {
    const lines = (name: string) =>
      ['organizations: { provider: Provider }', 'serviceCenter: { down: 1 Gbit/s, up: 1 Gbit/s }', 'dataCenters:']
        .concat(`  - { name: "${name}", wan: { down: 1 Gbit/s, up: 1 Gbit/s }, serviceProvider: 1 }`)
        .join('\n')
    for (const dots of DOTS) {
      const { status, json } = await ask('POST', '/enrollment-tokens/topology', lines(dots), 'text/plain')
      assert.equal(status, 422, dots)
      assert.match(json.error.message, /line:4.* is dots alone/)
    }
    assert.equal(fleet.serviceCenter.state.tokens.size, 0)
  })

  test('on the page where appliances are enrolled, with what to do', async () => {
    const answer = await fetch(`${app.url}/appliances/enroll`, {
      method: 'POST',
      headers: { Cookie: await app.cookie(), Origin: app.url, Accept: 'text/html' },
      body: new URLSearchParams({ ...SLOT, name: '..' }),
    })
    assert.equal(answer.status, 400)
    const page = await answer.text()
    assert.match(page, REASON)
    assert.match(page, /Correct that field and send the form again\./)
  })

  test('as the new name of an appliance, of a person and of a publisher', async () => {
    await fleet.enroll({ ...SLOT, name: 'rome-1', dataCenter: 'Rome' } as Parameters<Fleet['enroll']>[0])
    const { publisher } = publisherFixture('Acme')
    for (const dots of DOTS.slice(2)) {
      const renamed = await ask('PATCH', '/appliances/rome-1', { name: dots })
      assert.match(renamed.json.error.message, REASON)
      const added = await ask('POST', '/people', { name: dots, role: 'viewer' })
      assert.match(added.json.error.message, /has no letter|is longer than 60 characters/)
      const listed = await ask('PUT', `/publishers/${dots}`, { ...publisher, name: dots })
      assert.equal(listed.status, 400, dots)
    }
  })
})

describe('F4: every other name that is taken is reached under it', () => {
  const NAMES = [
    '...a',
    '..a',
    'a..',
    '%2e%2e',
    '%2E',
    'a/../b',
    '../etc',
    '\\..\\',
    '?x=1',
    '#x',
    'a;b',
    '. .',
    '\u2026',
    '\uff0e\uff0e',
  ]
  const TAKEN = ['enroll', 'software-updates', 'limits', 'topology', 'log-bundle', 'new']

  for (const name of [...NAMES, ...TAKEN]) {
    test(JSON.stringify(name), async () => {
      await fleet.enroll({ ...SLOT, name, dataCenter: name } as Parameters<Fleet['enroll']>[0])
      const segment = encodeURIComponent(name)
      const appliance = await ask<ApplianceDetail>('GET', `/appliances/${segment}`)
      assert.deepEqual([appliance.status, appliance.json.name, appliance.json.dataCenter], [200, name, name])
      const limits = await ask<DataCenterLimits>('GET', `/data-centers/${segment}/limits`)
      assert.deepEqual([limits.status, limits.json.trades], [200, true])
      const headers = { Cookie: await app.cookie() }
      const page = await fetch(new URL(applianceAddress(appliance.json), app.url), { headers })
      assert.equal(page.status, 200)
      assert.match(await page.text(), new RegExp(`>${appliance.json.peer}<|value="${appliance.json.peer}"`))
      const ofLimits = await fetch(new URL(`/data-centers/${segment}/limits`, app.url), { headers })
      assert.equal(ofLimits.status, 200)
    })
  }
})
