/**
 * The forms of the pages as a browser without scripts sends them: answered with pages, once for each showing, and with
 * what the API says.
 */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type Fleet, standardFleet } from '../support/fleet-fixtures.ts'
import { type ServedApp, serveApp } from '../support/http-fixtures.ts'

const KERNEL = '/appliances/software-updates/kernel@1'

let fleet: Fleet
let app: ServedApp
let cookie: string
before(async () => {
  fleet = await standardFleet()
  app = await serveApp(fleet)
  cookie = await app.cookie()
  await fleet.publish({ name: 'kernel', version: '1' })
})
after(async () => {
  await app.close()
  await fleet.close()
})

function send(address: string, fields: Record<string, string>, headers: Record<string, string> = {}) {
  return fetch(new URL(address, app.url), {
    method: 'POST',
    headers: { Cookie: cookie, Origin: app.url, Accept: 'text/html', ...headers },
    body: new URLSearchParams(fields),
    redirect: 'manual',
  })
}

async function confirmation(): Promise<string> {
  const page = await fetch(`${app.url}${KERNEL}/install?organization=acme`, { headers: { Cookie: cookie } })
  return /action="([^"]+\/start\?once=[^"]+)"/.exec(await page.text())?.[1] ?? ''
}

test('P4 a confirmation that is sent twice starts one install, and both times leads there', async () => {
  const { installs } = fleet.serviceCenter.state
  const order = { organization: 'acme', dataCenter: 'All' }
  const action = await confirmation()
  const answers = await Promise.all([send(action, order), send(action, order)])
  assert.deepEqual(
    answers.map(({ status, headers }) => [status, headers.get('location')]),
    [0, 1].map(() => [303, '/appliances/software-updates/kernel%401']),
  )
  assert.equal(installs.size, 1)
  const again = await send(await confirmation(), order)
  assert.match(await again.text(), /is planned on /)
})

test('what is refused is a page that says why and leads back, with the request id that the log has', async () => {
  const answer = await send('/data-centers/paris/limits', {
    seen: `"${'0'.repeat(22)}"`,
    up: '1',
    quietHours: 'at night',
  })
  assert.equal(answer.status, 400)
  const page = await answer.text()
  assert.match(page, /Quiet hours 1: is not written like 22:00-06:00/)
  assert.match(page, /<a href="\/data-centers\/paris\/limits">Back<\/a>/)
})

test('A12 a form of another page is refused, and one that is sent by its name leads nowhere else', async () => {
  const foreign = await send(`${KERNEL}/withdraw`, {}, { Origin: 'http://evil.example' })
  assert.equal(foreign.status, 403)
  const climbing = await send('/access/people/..%2Fapi-tokens/remove', {})
  assert.equal(climbing.status, 404)
})

test('A24 an odd word for once is no key, and harms nobody', async () => {
  const answer = await send(`${KERNEL}/start?once=${encodeURIComponent('€\r\nX: y')}`, { organization: 'globex' })
  assert.equal(answer.status, 303)
})
