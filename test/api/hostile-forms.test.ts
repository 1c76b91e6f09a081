/**
 * Forms as no page of ours sends them: each is refused in a sentence, and holds up nobody else.
 */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { entityTag } from '../../controller/api/entity-tags.ts'
import { dataCenterLimits } from '../../controller/core/data-centers.ts'
import { DataCenterName } from '../../protocol/identifiers.ts'
import { PATIENCE_MS } from '../../simulator/processes/patience.ts'
import { type Fleet, standardFleet } from '../support/fleet-fixtures.ts'
import { type ServedApp, serveApp } from '../support/http-fixtures.ts'

const bad = { status: 400, code: 'bad_field' }

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
    signal: AbortSignal.timeout(PATIENCE_MS),
  })
  return { status: answer.status, code: ((await answer.json()) as { error: { code: string } }).error.code }
}

test('A33 a form of a hundred thousand fields of one name costs no more than its bytes', async () => {
  assert.deepEqual(await send('/sign-in', '=x&'.repeat(20_000), ''), bad)
  assert.deepEqual(await send('/appliances/enroll/topology', '=x&'.repeat(100_000)), bad)
})

test('A18 a tag that no form was given becomes no header', async () => {
  const publicKey = Buffer.alloc(32, 1).toString('base64')
  const publisher = { name: 'acme', keys: publicKey, threshold: '1', patches: '*', until: '2030-01-01' }
  for (const seen of ['a\r\nAuthorization: b', '\0', '€', '*']) {
    const forms = { '/data-centers/paris/limits': {}, '/service-center/limits': {}, '/access/publishers': publisher }
    for (const [address, fields] of Object.entries(forms))
      assert.deepEqual(await send(address, new URLSearchParams({ ...fields, seen }).toString()), bad, address)
  }
})

test('A24 a rate beyond all bounds is refused, and is not taken for no limit', async () => {
  const { state } = fleet.serviceCenter
  const seen = entityTag(dataCenterLimits(state, DataCenterName.parse('paris')))
  for (const up of ['1e303', '1e308', '1e400', '-1', 'NaN'])
    assert.deepEqual(await send('/data-centers/paris/limits', new URLSearchParams({ seen, up }).toString()), bad, up)
})
