/**
 * No other page can show ours inside of itself, to make somebody press a button there that they do not see.
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { everyPage } from '../support/every-page.ts'
import { pageTest } from './page-fixtures.ts'

const REFUSED = ['/nothing', '/appliances/software-updates/nothing', '/appliances/software-updates?page=none']

pageTest('A14 every page, every refusal and the way in forbid to be framed', {}, async ({ page, app, fleet }) => {
  const [cookie] = (await page.context().cookies()).map(({ name, value }) => `${name}=${value}`)
  const pages = (await everyPage(fleet, app)).map(({ address }) => address)
  assert.ok(pages.length > 10)
  for (const Cookie of [cookie ?? '', 'patchmesh-session=wrong']) {
    for (const address of [...pages, ...REFUSED, '/sign-in', '/sign-in?link=wrong']) {
      for (const refresh of [{}, { 'Patchmesh-Refresh': '1' }]) {
        const answer = await fetch(`${app.url}${address}`, { headers: { Cookie, Accept: 'text/html', ...refresh } })
        const policy = answer.headers.get('content-security-policy')?.split('; ')
        assert.ok(policy?.includes("frame-ancestors 'none'"), `${answer.status} ${address}`)
        assert.equal(answer.headers.get('x-frame-options'), 'DENY', `${answer.status} ${address}`)
      }
    }
  }
})

const expected = /frame-ancestors|X-Frame-Options|Failed to load resource/

pageTest('A14 a page of another origin that frames ours shows nothing of it', { expected }, async ({ page, app }) => {
  const addresses = ['/appliances/software-updates', '/sign-in', '/nothing']
  const frames = addresses.map((address) => `<iframe name="ours" src="${app.url}${address}"></iframe>`)
  const other = createServer((request, answer) => {
    answer.setHeader('Content-Type', 'text/html')
    answer.end(request.url === '/' ? `${frames.join('')}<iframe name="theirs" src="/inner"></iframe>` : 'of their own')
  })
  await once(other.listen(0, '127.0.0.1'), 'listening')
  try {
    // Another port is another origin, and the same site: the session's cookie travels with what is framed.
    await page.goto(`http://127.0.0.1:${(other.address() as AddressInfo).port}/`)
    const shown = await Promise.all(
      page.frames().map(async (frame) => [frame.name(), await frame.locator('html').innerText()] as const),
    )
    assert.deepEqual(
      shown.filter(([name]) => name === 'theirs').map(([, text]) => text),
      ['of their own'],
    )
    const ours = shown.filter(([name]) => name === 'ours')
    assert.equal(ours.length, addresses.length)
    for (const [, text] of ours) assert.doesNotMatch(text, /patch|sign in|nothing at/i)
  } finally {
    other.closeAllConnections()
    other.close()
  }
})
