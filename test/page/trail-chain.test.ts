/**
 * The page of the trail in a real browser: its head, checking it without scripts, a break, and who is shown none of that.
 */
import assert from 'node:assert/strict'
import { openWindow } from '../support/browser.ts'
import { PASSWORD, person } from '../support/people-fixtures.ts'
import { tamperTrail } from '../support/tampered-trail.ts'
import { pageTest } from './page-fixtures.ts'

pageTest(
  'the trail is checked where scripts are off, and a head noted earlier is found',
  { javaScript: false },
  async ({ page, app, fleet }) => {
    await page.goto(`${app.url}/access/trail`)
    await page.getByText('Not checked since the start.').waitFor()
    const [newest] = await fleet.repository.trail({ organizations: null, limit: 1 })
    const noted = (await page.locator('#chain-head').textContent()) ?? ''
    assert.equal(noted, newest?.hash)
    await fleet.publish({ name: 'kernel', version: '1' })
    await page.getByRole('button', { name: 'Check now' }).click()
    await page
      .locator('#chain')
      .getByText(/intact/)
      .first()
      .waitFor()
    assert.notEqual(await page.locator('#chain-head').textContent(), noted)
    await page.getByLabel('Head noted earlier').fill(` ${noted} `)
    await page.getByRole('button', { name: 'Check now' }).click()
    await page.getByText(`The noted head is that of entry ${newest?.position}.`).waitFor()
    await page.getByLabel('Head noted earlier').fill('0'.repeat(63).padEnd(64, '1'))
    await page.getByRole('button', { name: 'Check now' }).click()
    await page.getByText('The noted head is none of this trail.').waitFor()
    assert.equal(await page.locator('#broken').count(), 0)
  },
)

pageTest('what is no head is told beside the form', { expected: /400/ }, async ({ page, app }) => {
  await page.goto(`${app.url}/access/trail`)
  await page.getByLabel('Head noted earlier').fill('abc')
  await page.getByRole('button', { name: 'Check now' }).click()
  await page.locator('#chain').getByRole('alert').waitFor()
})

pageTest(
  'a trail that somebody has rewritten is told at the top of its page, and stays so',
  {},
  async ({ page, app, fleet }) => {
    await fleet.publish({ name: 'kernel', version: '1' })
    tamperTrail(fleet.folder, "update audit set actor = 'nobody' where position = 3")
    await page.goto(`${app.url}/access/trail`)
    await page.getByRole('button', { name: 'Check now' }).click()
    await page.getByText('The trail is broken at entry 3.').waitFor()
    await page.getByText('Entry 3 does not follow entry 2').waitFor()
    await page.goto(`${app.url}/access/trail?action=upload`)
    await page.getByText('The trail is broken at entry 3.').waitFor()
  },
)

pageTest('the head is copied by a button', {}, async ({ page, app }) => {
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
  await page.goto(`${app.url}/access/trail`)
  await page.getByRole('button', { name: 'Copy the head' }).click()
  const head = await page.locator('#chain-head').textContent()
  await page.waitForFunction(async (text) => (await navigator.clipboard.readText()) === text, head)
})

pageTest(
  'an Auditor who is limited to an organization sees no hash, no number and no break',
  {},
  async ({ app, fleet, browser }) => {
    await person(fleet.repository, 'Ana')
    await person(fleet.repository, 'Aud', 'auditor', ['acme'])
    tamperTrail(fleet.folder, "update audit set actor = 'nobody' where position = 3")
    const { page, close } = await openWindow(browser)
    await page.goto(`${app.url}/access/trail`)
    await page.getByLabel('Name').fill('Aud')
    await page.getByLabel('Password').fill(PASSWORD)
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByRole('heading', { name: 'Trail', level: 1 }).waitFor()
    assert.equal(await page.locator('#chain').count(), 0)
    assert.doesNotMatch(await page.content(), /[0-9a-f]{64}/)
    await close()
  },
)
