/**
 * What a page must withstand whatever it is made to show: inline scripts, links that are programs, a clock that is wrong.
 */
import assert from 'node:assert/strict'
import type { Page } from 'playwright-core'
import { PASSWORD, person } from '../support/people-fixtures.ts'
import { pageTest } from './page-fixtures.ts'

async function signOut(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Sign out' }).click()
  await page.getByLabel('Password').waitFor()
}

pageTest(
  'P2 a script, a handler or a style that somebody managed to put into a page is not run',
  { expected: /policy: |Content Security Policy/ },
  async ({ page }) => {
    const blocked = page.evaluate(
      () =>
        new Promise<string[]>((resolve) => {
          const seen: string[] = []
          document.addEventListener('securitypolicyviolation', ({ violatedDirective }) => {
            seen.push(violatedDirective)
            if (seen.length === 4) resolve(seen.sort())
          })
          const script = document.createElement('script')
          script.textContent = 'document.body.dataset.ran = "inline"'
          const image = document.createElement('p')
          image.innerHTML = '<b style="color: red" onclick="document.body.dataset.ran = 1">x</b>'
          const foreign = document.createElement('script')
          foreign.src = 'http://127.0.0.1:9/evil.js'
          document.body.append(script, image, foreign)
          image.querySelector('b')?.click()
        }),
    )
    assert.deepEqual(await blocked, ['script-src-attr', 'script-src-elem', 'script-src-elem', 'style-src-attr'])
    assert.equal(await page.evaluate(() => document.body.dataset['ran']), undefined)
  },
)

pageTest(
  'P3 no link or form leads to a program, nor away from the Service Center',
  { expected: /401/ },
  async ({ page, app, fleet }) => {
    const evil = 'javascript:alert(1)'
    await person(fleet.repository, evil)
    await fleet.enroll({
      ...{ name: 'data:text/html,<script>1</script>', organization: evil, dataCenter: evil },
      ...{ kind: 'service-provider', role: 'primary' },
    })
    const patch = await fleet.publish({ name: 'kernel', version: '6.1' })
    const addresses = ['software-updates', `software-updates/${patch}`, '', 'enroll'].map(
      (part) => `/appliances/${part}`,
    )
    for (const address of [...addresses, '/data-centers', '/access/people', '/access/trail']) {
      await page.goto(app.url + address.replace(/\/$/, ''))
      const targets = await page.evaluate(() =>
        [...document.querySelectorAll('a, form, area, iframe, object, embed, base')].map(
          (one) => one.getAttribute('href') ?? one.getAttribute('action') ?? one.getAttribute('src') ?? '',
        ),
      )
      assert.ok(targets.length > 5)
      for (const target of targets) assert.equal(new URL(target, app.url).origin, app.url, `${address}: ${target}`)
    }
    await signOut(page)
    for (const next of [evil, '//127.0.0.2/', '/\\127.0.0.2/']) {
      await page.goto(`${app.url}/sign-in?next=${encodeURIComponent(next)}`)
      await page.getByLabel('Name').fill(evil)
      await page.getByLabel('Password').fill(PASSWORD)
      await page.getByRole('button', { name: 'Sign in' }).click()
      await page.getByRole('heading', { level: 1, name: 'System Patches' }).waitFor()
      assert.equal(new URL(page.url()).origin, app.url)
      await signOut(page)
    }
  },
)

for (const year of [1999, 2077]) {
  pageTest(`P12 a browser whose clock says ${year} shows the same, and goes on by itself`, {}, async (visit) => {
    const { page, fleet } = visit
    const patch = await fleet.publish({ name: 'kernel', version: '6.1' })
    await page.clock.install({ time: new Date(`${year}-05-05T05:05:05Z`) })
    await page.reload()
    const row = page.getByRole('row', { name: /kernel/ })
    await row.getByText('0/4').waitFor()
    assert.match((await row.locator('time').textContent()) ?? '', new RegExp(String(new Date().getFullYear())))
    await fleet.sendReceipt('paris/primary', patch)
    await row.getByText('1/4').waitFor()
    await fleet.tellProgress('paris/secondary', {
      ...{ patch, state: 'transferring', bytes: 150 * 1024 * 1024, reason: '', bytesPerSecond: 5 * 1024 * 1024 },
      ...{ sources: [], wanBytes: 0 },
    })
    await page.getByRole('button', { name: /^Copies: / }).click()
    await page.locator('[data-copy="paris/secondary"]').getByText('30 s left').waitFor()
  })
}
