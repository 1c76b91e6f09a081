/**
 * Maintenance windows through the API: who may see and set them, what is refused, and what an install is told beforehand.
 */
import assert from 'node:assert/strict'
import { after, afterEach, before, describe, test } from 'node:test'
import type { TrailPage } from '../../controller/core/access-views.ts'
import type { InstallDetail, InstallPreview } from '../../controller/core/views.ts'
import type { WindowView } from '../../controller/core/windows/setting.ts'
import { type Fleet, standardFleet } from '../support/fleet-fixtures.ts'
import { type ServedApp, serveApp } from '../support/http-fixtures.ts'
import { type Ask, asking } from './api-client.ts'

let fleet: Fleet
let app: ServedApp
let ask: Ask
before(async () => {
  fleet = await standardFleet()
  app = await serveApp(fleet)
  ask = asking(app.url, await app.apiToken())
})
after(async () => {
  await app.close()
  await fleet.close()
})
afterEach(async () => {
  for (const name of fleet.serviceCenter.state.windows.keys()) await ask('DELETE', `/windows/${name}`)
})

/** One that opens in a year, so that it is closed whenever this runs. */
const begins = `${new Date(Date.now() + 365 * 86_400_000).toISOString().slice(0, 10)}T02:00`
const sundays = {
  ...{ name: 'sundays', kind: 'window', organization: 'acme', dataCenter: null },
  ...{ begins, zone: 'UTC', rule: 'FREQ=WEEKLY', minutes: 240 },
}
const set = (window: object = sundays, asked: Ask = ask) => asked<WindowView>('PUT', '/windows/sundays', window)

describe('maintenance windows', () => {
  test('are set, listed with their next opening, kept, and removed; the trail says who', async () => {
    const { status, json } = await set()
    assert.equal(status, 200, JSON.stringify(json))
    assert.deepEqual(json, {
      ...{ ...sundays, isOpen: false, opensAt: `${begins}:00.000Z` },
      closesAt: `${begins.slice(0, 11)}06:00:00.000Z`,
    })
    assert.deepEqual((await ask('GET', '/windows')).json, [json])
    const kept = (await fleet.repository.load()).filter(({ table }) => table === 'windows')
    assert.equal(kept.length, 1)
    assert.equal((await ask('DELETE', '/windows/sundays')).status, 200)
    assert.deepEqual((await ask('GET', '/windows')).json, [])
    const { entries } = (await ask<TrailPage>('GET', '/trail')).json
    assert.deepEqual(
      entries.slice(0, 2).map(({ action, subject, organization }) => [action, subject, organization]),
      [
        ['remove-window', 'sundays', 'acme'],
        ['set-window', 'sundays', 'acme'],
      ],
    )
  })

  const refused: [title: string, change: object, code: string, status: number][] = [
    ['that lies in the past', { begins: '2020-01-01T02:00', rule: '' }, 'bad_window', 422],
    ['that never opens', { rule: 'FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30' }, 'bad_window', 422],
    ['with a rule that is none', { rule: 'FREQ=SOMETIMES' }, 'bad_request', 400],
    ['of an organization that there is not', { organization: 'nobody' }, 'unknown_organization', 422],
    ['in a Data Center that there is not', { dataCenter: 'atlantis' }, 'unknown_data_center', 422],
    ['under another name than its address', { name: 'mondays' }, 'bad_request', 400],
    ['with a field that there is not', { latest: 1 }, 'bad_request', 400],
  ]
  for (const [title, change, code, status] of refused) {
    test(`one ${title} is refused`, async () => {
      const { status: got, json } = await ask<{ error: { code: string } }>('PUT', '/windows/sundays', {
        ...sundays,
        ...change,
      })
      assert.deepEqual([got, json.error.code], [status, code])
      assert.deepEqual((await ask('GET', '/windows')).json, [])
    })
  }

  test('are seen by whoever may read, and by those who are limited to organizations where they concern them', async () => {
    await set()
    const of = async (organizations: string[] | null) => {
      const limited = asking(
        app.url,
        await app.apiToken({ role: 'operator', ...(organizations === null ? {} : { organizations }) }),
      )
      return {
        listed: (await limited<WindowView[]>('GET', '/windows')).json.length,
        set: (await set(sundays, limited)).status,
      }
    }
    assert.deepEqual(await of(null), { listed: 1, set: 200 })
    assert.deepEqual(await of(['acme']), { listed: 1, set: 403 })
    assert.deepEqual(await of(['globex']), { listed: 0, set: 403 })
    const viewer = asking(app.url, await app.apiToken({ role: 'viewer' }))
    assert.deepEqual([(await viewer('GET', '/windows')).status, (await set(sundays, viewer)).status], [200, 403])
  })

  test('are told before an install, hold it, and hold none that may begin outside of them', async () => {
    const patch = await fleet.publish({ name: 'kernel', version: '1' })
    await set()
    const scope = 'organization=acme&dataCenter=paris'
    const preview = await ask<InstallPreview>('GET', `/patches/${patch}/install-preview?${scope}`)
    assert.equal(preview.status, 200, JSON.stringify(preview.json))
    assert.equal(preview.json.outsideWindows.length, 2)
    assert.match(
      preview.json.outsideWindows[0]?.reason ?? '',
      /^waits for the maintenance window of acme, which opens on .* at 02:00 UTC/,
    )
    const body = { patch, organizations: ['acme'], dataCenter: 'paris' }
    const { json: waits } = await ask<InstallDetail>('POST', '/installs', body)
    const record = [...fleet.serviceCenter.state.installs.values()].find(({ id }) => id === waits.id)
    assert.equal(record?.deadlineAt, Date.parse(`${begins.slice(0, 11)}06:00:00Z`))
    await ask('POST', `/installs/${waits.id}/cancel`)
    const { json: begun } = await ask<InstallDetail>('POST', '/installs', { ...body, outsideWindows: true })
    assert.ok(begun.targets.every(({ reason }) => !reason.includes('maintenance window')))
    const { entries } = (await ask<TrailPage>('GET', '/trail')).json
    assert.match(entries.find(({ action }) => action === 'install')?.outcome ?? '', /, outside of maintenance windows$/)
  })

  test('a window that somebody else has changed meanwhile is not changed', async () => {
    await set()
    const answer = await fetch(`${app.url}/api/v1/windows/sundays`, {
      method: 'PUT',
      headers: {
        authorization: `Bearer ${await app.apiToken()}`,
        'content-type': 'application/json',
        'if-none-match': '*',
      },
      body: JSON.stringify(sundays),
    })
    assert.equal(answer.status, 412)
  })
})
