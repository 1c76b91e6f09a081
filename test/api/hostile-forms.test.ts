/**
 * Forms as no page of ours sends them: each is refused in a sentence, and holds up nobody else.
 */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type Fleet, standardFleet } from '../support/fleet-fixtures.ts'
import { type ServedApp, serveApp } from '../support/http-fixtures.ts'

let fleet: Fleet
let app: ServedApp
let cookie: string
before(async () => {
  fleet = await standardFleet()
  app = await serveApp(fleet)
  cookie = await app.cookie()
})
after(async () => {
  await app.close()
  await fleet.close()
})

async function send(address: string, fields: string, as = cookie): Promise<{ status: number; code: string }> {
  const type = 'application/x-www-form-urlencoded'
  const answer = await fetch(`${app.url}${address}`, {
    method: 'POST',
    headers: { Cookie: as, Origin: app.url, 'Content-Type': type },
    body: fields,
    signal: AbortSignal.timeout(30_000),
  })
  return { status: answer.status, code: ((await answer.json()) as { error: { code: string } }).error.code }
}

test('A33 a form of a hundred thousand fields of one name costs no more than its bytes', async () => {
  const bad = { status: 400, code: 'bad_field' }
  assert.deepEqual(await send('/sign-in', '=x&'.repeat(20_000), ''), bad)
  assert.deepEqual(await send('/appliances/enroll/topology', '=x&'.repeat(100_000)), bad)
})
