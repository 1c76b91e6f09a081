/**
 * What somebody confirms is done, and nothing else: what changes between the question and the answer is noticed, through
 * the API and by the forms of the pages, also where no script runs.
 */
import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, test } from 'node:test'
import type { InstallDetail, InstallPreview } from '../../controller/core/views.ts'
import type { Sha256 } from '../../protocol/identifiers.ts'
import { type Fleet, peerOf, standardFleet } from '../support/fleet-fixtures.ts'
import { type ServedApp, serveApp } from '../support/http-fixtures.ts'
import { type Ask, asking, type Refused } from './api-client.ts'

const PATCHES = '/appliances/software-updates'

let fleet: Fleet
let app: ServedApp
let ask: Ask
let cookie: string
let patch: Sha256
beforeEach(async () => {
  fleet = await standardFleet()
  app = await serveApp(fleet)
  ask = asking(app.url, await app.apiToken())
  cookie = await app.cookie()
  patch = await fleet.publish({ name: 'openssl', version: '3.0' })
})
afterEach(async () => {
  await app.close()
  await fleet.close()
})

const started = () => [...fleet.serviceCenter.state.installs.values()]
const joins = (name: string, organization: string, dataCenter: string) =>
  fleet.enroll({ name, organization, dataCenter, kind: 'tenant', role: 'secondary', group: 'other' })
const retires = (name: string) =>
  fleet.serviceCenter.carryOut({
    ...{ kind: 'retire-appliance', actor: 'ann', appliance: peerOf(fleet, name), lastMember: true },
  })
async function uploadsAnew(): Promise<void> {
  await fleet.serviceCenter.carryOut({ kind: 'withdraw', actor: 'ann', patch, reason: '' })
  await fleet.publish({ name: 'openssl', version: '3.0', content: 'another file' })
}

const SCOPE = { organizations: ['acme'], dataCenter: 'paris' }
async function preview(): Promise<InstallPreview> {
  const address = '/patches/openssl@3.0/install-preview?organization=acme&dataCenter=paris'
  return (await ask<InstallPreview>('GET', address)).json
}
const start = <Answer = Refused>(confirmation?: string) =>
  ask<Answer>('POST', '/installs', { patch: 'openssl@3.0', ...SCOPE, ...(confirmation && { confirmation }) })

describe('F2: through the API an install is started on what was confirmed and on nothing else', () => {
  const changes: [what: string, act: () => Promise<unknown>, now: RegExp][] = [
    ['an appliance is enrolled', () => joins('acme-paris-3', 'acme', 'paris'), /on 3 appliances now: .*acme-paris-3/],
    ['one is retired', () => retires('acme-paris-primary'), /on 1 appliance now: acme-paris-secondary/],
    [
      'one is replaced by another machine of its name',
      () => fleet.replace('acme-paris-primary'),
      /on 2 appliances now/,
    ],
    ['another file takes the name and version', uploadsAnew, /openssl@3\.0 \(SHA-256 [0-9a-f]{12}…\) would be/],
  ]
  for (const [what, act, now] of changes) {
    test(`${what}: it is refused with what would be installed now, and what is confirmed then is done`, async () => {
      const { confirmation } = await preview()
      await act()
      const { status, json } = await start(confirmation)
      assert.equal(status, 412)
      assert.equal(json.error.code, 'changed_meanwhile')
      assert.match(json.error.message, now)
      assert.deepEqual(started(), [])
      const again = await start<InstallDetail>((await preview()).confirmation)
      assert.equal(again.status, 201)
      assert.equal(again.json.targets.length, again.json.total)
    })
  }

  test('the patch is withdrawn: it is refused with that', async () => {
    const { confirmation } = await preview()
    await fleet.serviceCenter.carryOut({ kind: 'withdraw', actor: 'ann', patch, reason: '' })
    const { status, json } = await start(confirmation)
    assert.deepEqual([status, json.error.message], [410, 'the patch openssl@3.0 was withdrawn'])
  })

  test('everybody is retired: it is refused with that', async () => {
    const { confirmation } = await preview()
    for (const role of ['primary', 'secondary']) await retires(`acme-paris-${role}`)
    const { json } = await start(confirmation)
    assert.equal(json.error.code, 'nothing_to_install')
  })

  const indifferent: [what: string, act: () => Promise<unknown>][] = [
    ['an appliance of another organization is enrolled', () => joins('globex-paris-3', 'globex', 'paris')],
    ['an appliance of another Data Center is enrolled', () => joins('acme-tokyo-3', 'acme', 'tokyo')],
    ['one is renamed', () => ask('PATCH', '/appliances/acme-paris-primary', { name: 'acme-paris-1' })],
    ['one cannot be reached any more', () => fleet.disconnect('acme-paris-primary')],
    ['a copy arrives', () => fleet.sendReceipt('paris/primary', patch)],
  ]
  for (const [what, act] of indifferent) {
    test(`${what}: nothing of what was confirmed has changed`, async () => {
      const { confirmation } = await preview()
      await act()
      assert.equal((await start(confirmation)).status, 201)
    })
  }

  test('whoever was not asked starts it on whatever is there', async () => {
    await preview()
    await joins('acme-paris-3', 'acme', 'paris')
    const { status, json } = await start<InstallDetail>()
    assert.deepEqual([status, json.total], [201, 3])
  })

  test('what is no confirmation is told as a wrong request', async () => {
    const { status, json } = await start('yes')
    assert.deepEqual([status, json.error.code], [400, 'bad_request'])
  })
})

describe('F2: a form of a page', () => {
  const open = async (address: string) =>
    (await fetch(new URL(address, app.url), { headers: { Cookie: cookie } })).text()
  const send = (address: string, fields: Record<string, string>, accept = 'text/html') =>
    fetch(new URL(address, app.url), {
      method: 'POST',
      headers: { Cookie: cookie, Origin: app.url, Accept: accept },
      body: new URLSearchParams(fields),
      redirect: 'manual',
    })
  /** The form of a page with this id, as a browser would send it. */
  function formIn(page: string, id: string): { action: string; fields: Record<string, string> } {
    const [form = ''] = new RegExp(`<form[^>]*id="${id}".*?</form>`, 's').exec(page) ?? []
    const hidden = [...form.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)"/g)]
    return {
      action: /action="([^"]+)"/.exec(form)?.[1] ?? '',
      fields: Object.fromEntries(hidden.map(([, name = '', value = '']) => [name, value])),
    }
  }
  const confirmation = async () =>
    formIn(await open(`${PATCHES}/openssl%403.0/install?organization=acme&dataCenter=paris`), 'install-confirmation')

  for (const [title, accept] of [
    ['without scripts', 'text/html'],
    ['sent by a script', 'application/json'],
  ] as const) {
    test(`${title} asks anew, with what is so now, and then does that`, async () => {
      const asked = await confirmation()
      await joins('acme-paris-3', 'acme', 'paris')
      const answer = await send(asked.action, asked.fields, accept)
      assert.equal(answer.status, 412)
      const page = await answer.text()
      assert.match(page, /Nothing was installed: something has changed since you looked\./)
      assert.match(page, /3 appliances in Data Center paris/)
      assert.match(page, /on 3 appliances now: .*acme-paris-3/)
      assert.deepEqual(started(), [])
      const anew = formIn(page, 'install-confirmation')
      assert.notEqual(anew.action, asked.action)
      assert.ok((await send(anew.action, anew.fields, accept)).status < 400)
      assert.equal(started().length, 1)
    })
  }

  test('says that there is nothing left to install where that is so', async () => {
    const asked = await confirmation()
    for (const role of ['primary', 'secondary']) await retires(`acme-paris-${role}`)
    const page = await (await send(asked.action, asked.fields)).text()
    assert.match(page, /There is no appliance of acme in paris/)
  })

  test('installs and withdraws the file that it showed, not another that took its name', async () => {
    const asked = await confirmation()
    const withdrawal = /action="([^"]+\/withdraw)"/.exec(await open(`${PATCHES}/openssl%403.0`))?.[1] ?? ''
    await uploadsAnew()
    for (const [action, fields] of [
      [asked.action, asked.fields],
      [withdrawal, {}],
    ] as const) {
      assert.match(await (await send(action, fields)).text(), /[Tt]he patch openssl@3\.0 was withdrawn/)
    }
    assert.deepEqual(started(), [])
    assert.equal(
      [...fleet.serviceCenter.state.patches.values()].filter(({ withdrawal }) => withdrawal === null).length,
      1,
    )
  })

  test('retires nobody as the last of a group where it said that another is left', async () => {
    const retiring = async (name: string) => {
      const page = await open(`/appliances/${name}`)
      const [form = ''] = /<form[^>]*action="[^"]*\/retire".*?<\/form>/s.exec(page) ?? []
      const lastMember = form.includes('name="lastMember"') ? { lastMember: 'yes' } : {}
      return { action: /action="([^"]+)"/.exec(form)?.[1] ?? '', fields: { sure: 'yes', ...lastMember } }
    }
    const shown = await retiring('acme-paris-primary')
    await retires('acme-paris-secondary')
    const refused = await send(shown.action, shown.fields)
    assert.equal(refused.status, 409)
    assert.match(await refused.text(), /say that the last one shall go too/)
    const anew = await retiring('acme-paris-primary')
    assert.equal((await send(anew.action, anew.fields)).status, 303)
  })

  test('retires the appliance that it showed, not another that took its name', async () => {
    const action = /action="([^"]*\/retire)"/.exec(await open('/appliances/acme-paris-primary'))?.[1] ?? ''
    const former = peerOf(fleet, 'acme-paris-primary')
    await ask('PATCH', '/appliances/acme-paris-primary', { name: 'aside' })
    await ask('PATCH', '/appliances/globex-paris-primary', { name: 'acme-paris-primary' })
    await send(action, { sure: 'yes' })
    assert.deepEqual([...fleet.serviceCenter.state.retired.keys()], [former])
  })
})
