/**
 * Lists in pages: every entry once, whatever comes and goes meanwhile, and nothing that is not a page.
 */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type Fleet, standardFleet } from '../support/fleet-fixtures.ts'
import { type ServedApp, serveApp } from '../support/http-fixtures.ts'

const LISTS = ['patches', 'installs', 'appliances', 'organizations', 'data-centers']
let fleet: Fleet
let app: ServedApp
let headers: { Authorization: string }
before(async () => {
  fleet = await standardFleet()
  app = await serveApp(fleet)
  headers = { Authorization: `Bearer ${await app.apiToken()}` }
  for (let version = 1; version <= 7; version++) await fleet.publish({ name: 'kernel', version: `${version}` })
})
after(async () => {
  await app.close()
  await fleet.close()
})

type Page = { status: number; entries: { name: string; version: string }[]; next: string | null; total: string | null }
async function get(address: string): Promise<Page> {
  const answer = await fetch(`${app.url}${address}`, { headers })
  const next = /^<([^>]+)>; rel="next"$/.exec(answer.headers.get('link') ?? '')?.[1] ?? null
  const entries = (await answer.json()) as Page['entries']
  return { status: answer.status, entries, next, total: answer.headers.get('total-count') }
}

test('a list is whole without a limit, and says how many entries it has', async () => {
  const { entries, next, total } = await get('/api/v1/patches')
  assert.deepEqual([entries.length, next, total], [7, null, '7'])
})

for (const list of LISTS) {
  test(`the pages of ${list} together are the list`, async () => {
    const whole = (await get(`/api/v1/${list}`)).entries
    const paged: unknown[] = []
    for (let address: string | null = `/api/v1/${list}?limit=2`; address !== null; ) {
      const page: Page = await get(address)
      assert.ok(page.entries.length <= 2)
      assert.equal(page.total, String(whole.length))
      paged.push(...page.entries)
      address = page.next
    }
    const byText = (entries: unknown[]) => entries.map((entry) => JSON.stringify(entry)).sort()
    assert.deepEqual(byText(paged), byText(whole))
  })
}

test('what comes and goes between two pages shifts nothing', async () => {
  const first = await get('/api/v1/patches?limit=3')
  const last = first.entries.at(-1)
  await fleet.publish({ name: 'newer', version: '1' })
  await fetch(`${app.url}/api/v1/patches/kernel@${last?.version}`, { method: 'DELETE', headers })
  const second = await get(first.next ?? '')
  const rest = (await get('/api/v1/patches')).entries.filter(({ name }) => name === 'kernel').slice(2)
  assert.deepEqual(second.entries, rest.slice(0, 3))
})

test('A26 refuses limits that are none and cursors that were altered or belong to another list', async () => {
  const cursor = new URL((await get('/api/v1/patches?limit=2')).next ?? '', app.url).searchParams.get('cursor') ?? ''
  const altered = `${cursor.slice(0, -2)}${cursor.endsWith('AA') ? 'BB' : 'AA'}`
  const wrong = [
    'limit=0',
    'limit=-1',
    'limit=1e9',
    'limit=1000000000',
    'limit=1001',
    'limit=2.5',
    'limit=',
    'limit=1&limit=2',
  ]
  for (const query of [...wrong, `limit=2&cursor=${altered}`, 'cursor=x', 'cursor=', `cursor=${'a'.repeat(3000)}`]) {
    assert.equal((await get(`/api/v1/patches?${query}`)).status, 400, query)
  }
  assert.equal((await get(`/api/v1/installs?limit=2&cursor=${cursor}`)).status, 400)
  assert.equal((await get(`/api/v1/patches?limit=2&cursor=${cursor}`)).status, 200)
})
