/**
 * What may be chosen on the page of an install, where no script runs: other patches that go first, and how long waves stand.
 * Its plan is shown with them before that can be agreed to, and a person who chooses nothing is asked nothing more.
 */
import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, test } from 'node:test'
import type { Sha256 } from '../../protocol/identifiers.ts'
import { everyoneNeeds, type Fleet, standardFleet } from '../support/fleet-fixtures.ts'
import { type ServedApp, serveApp } from '../support/http-fixtures.ts'

const PATCH = '/appliances/software-updates/openssl@3.0'

let fleet: Fleet
let app: ServedApp
let cookie: string
let patch: Sha256
let base: Sha256
beforeEach(async () => {
  fleet = await standardFleet()
  app = await serveApp(fleet)
  cookie = await app.cookie()
  patch = await fleet.publish({ name: 'openssl', version: '3.0', restart: 'service' })
  base = await fleet.publish({ name: 'base', version: '2', restart: 'service' })
  for (const one of [patch, base]) {
    await everyoneNeeds(fleet, one)
    for (const place of ['paris', 'tokyo'])
      for (const role of ['primary', 'secondary']) await fleet.sendReceipt(`${place}/${role}`, one)
  }
})
afterEach(async () => {
  await app.close()
  await fleet.close()
})

type Chosen = [name: string, value: string][]
const ACME: Chosen = [['organization', 'acme']]
const installs = () => [...fleet.serviceCenter.state.installs.values()]

async function shown(...chosen: Chosen): Promise<string> {
  const page = await fetch(`${app.url}${PATCH}/install?${new URLSearchParams([...ACME, ...chosen])}`, {
    headers: { Cookie: cookie, Accept: 'text/html' },
  })
  return page.text()
}
/** As the form that was shown sends it, with what was chosen since. */
async function sends(page: string, ...chosen: Chosen): Promise<{ status: number; page: string }> {
  const inputs = [
    ...page.matchAll(/<input type="hidden" name="(organization|dataCenter|shown|confirmation)" value="([^"]*)"/g),
  ]
  const kept = inputs.map(([, name = '', value = '']): [string, string] => [name, value])
  const ticked = [...page.matchAll(/name="first" value="([0-9a-f]{64})" checked/g)]
  const first = ticked.map(([, id = '']): [string, string] => ['first', id])
  const address = /action="([^"]+\/start\?once=[^"]+)"/.exec(page)?.[1] ?? ''
  const answer = await fetch(`${app.url}${address}`, {
    ...{ method: 'POST', redirect: 'manual' },
    headers: {
      Cookie: cookie,
      Accept: 'text/html',
      Origin: app.url,
      'content-type': 'application/x-www-form-urlencoded',
    },
    body: new URLSearchParams([...kept, ...first, ...chosen]),
  })
  return { status: answer.status, page: await answer.text() }
}
const offered = (page: string): string[] => {
  const choices = /<select id="plan-add"[\s\S]*?<\/select>/.exec(page)?.[0] ?? ''
  return [...choices.matchAll(/<option value="[^"]+">([^<]+)</g)].map(([, text = '']) => text)
}

describe('the page of an install', () => {
  test('asks nothing more of whoever chooses nothing', async () => {
    const page = await shown()
    assert.doesNotMatch(page, /id="plan-choice" open/)
    const { status } = await sends(page, ['add', ''], ['waveSoakMinutes', '0'])
    assert.equal(status, 303)
    assert.deepEqual(
      installs().map((one) => [one.patch, one.waveSoakSeconds, one.continues]),
      [[patch, 0, null]],
    )
  })

  test('offers what is here and fits: the newest of each name, which one of the chosen appliances lacks', async () => {
    await fleet.publish({ name: 'base', version: '1' })
    const everywhere = await fleet.publish({ name: 'everywhere', version: '1' })
    const elsewhere = await fleet.publish({ name: 'elsewhere', version: '1' })
    const unknown = await fleet.publish({ name: 'unknown', version: '1' })
    await fleet.publish({ name: 'openssl', version: '3.1' })
    for (const { name, organization } of fleet.serviceCenter.state.appliances.values()) {
      if (organization !== 'acme') continue
      await fleet.detect(name, everywhere, 'installed', '1')
      await fleet.detect(name, elsewhere, 'notApplicable', '0', 'it is for firewalls')
    }
    assert.ok(fleet.serviceCenter.state.patches.has(unknown))
    assert.deepEqual(offered(await shown()), ['base 2', 'unknown 1'])
    assert.deepEqual(offered(await shown(['add', base])), ['unknown 1'])
  })

  test('shows the plan with what was chosen, and starts that', async () => {
    const chosen = await shown(['add', base], ['waveSoakMinutes', '90'])
    assert.match(chosen, /base@2 goes before openssl@3\.0, in the same interruption/)
    assert.match(chosen, /stands with it for 1 h 30 min before more begin/)
    assert.match(chosen, /id="plan-choice" open/)
    assert.match(chosen, /id="plan-picture"[\s\S]*Drawn shorter than it is, where nothing happens: 1 h 30 min/)
    assert.match(chosen, /install-plan\?[^"]*waveSoakSeconds=5400/)
    const { status } = await sends(chosen, ['add', ''], ['waveSoakMinutes', '90'])
    assert.equal(status, 303)
    assert.deepEqual(
      installs().map((one) => [one.patch, one.waveSoakSeconds, one.continues === null]),
      [
        [base, 5400, true],
        [patch, 5400, false],
      ],
    )
  })

  const others: [title: string, chosen: Chosen][] = [
    ['another patch', [['add', 'base@2']]],
    ['another time', [['waveSoakMinutes', '5']]],
  ]
  for (const [title, chosen] of others)
    test(`starts nothing with ${title} than its plan was shown for, and shows that plan`, async () => {
      const again = await sends(await shown(), ...chosen)
      assert.equal(again.status, 412)
      assert.match(again.page, /Nothing was installed[\s\S]*this is the plan with them/)
      assert.deepEqual(installs(), [])
      const minutes = /name="waveSoakMinutes"[^>]*value="(\d+)"/.exec(again.page)?.[1] ?? ''
      assert.equal((await sends(again.page, ['waveSoakMinutes', minutes])).status, 303)
      assert.equal(installs().length, title === 'another patch' ? 2 : 1)
    })

  test('what was allowed stays ticked, and its plan is with it', async () => {
    await fleet.enroll({ name: 'hooli-1', organization: 'hooli', dataCenter: 'paris', kind: 'tenant', role: 'primary' })
    await fleet.detect('hooli-1', patch, 'applicable', '0.9')
    const chosen: Chosen = [
      ['organization', 'hooli'],
      ['allowOutage', 'yes'],
    ]
    assert.match(await shown(...chosen), /4 appliances|5 ready/)
    assert.match(await shown(...chosen), /name="allowOutage"[^>]*checked/)
    assert.doesNotMatch(await shown(['organization', 'hooli']), /5 ready/)
  })

  test('lets nothing be agreed to where everybody would refuse it', async () => {
    const needing = await fleet.publish({ name: 'agent', version: '2', requires: [{ name: 'missing', version: '1' }] })
    await everyoneNeeds(fleet, needing)
    const address = `${app.url}/appliances/software-updates/agent@2/install?organization=acme`
    const page = await (await fetch(address, { headers: { Cookie: cookie } })).text()
    assert.match(page, /4 would refuse it/)
    assert.doesNotMatch(page, /id="install-agreed"/)
  })
})
