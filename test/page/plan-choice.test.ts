/**
 * What may be chosen for the plan of an install on its page: nothing is started whose plan was not shown.
 */
import assert from 'node:assert/strict'
import { everyoneNeeds } from '../support/fleet-fixtures.ts'
import { pageTest } from './page-fixtures.ts'

for (const javaScript of [true, false])
  pageTest(
    `another patch goes first and waves stand, where somebody chooses that and has seen its plan${javaScript ? '' : ', also without scripts'}`,
    { javaScript, expected: /412/ },
    async ({ page, app, fleet }) => {
      const kernel = await fleet.publish({ name: 'kernel', version: '1', restart: 'service' })
      const base = await fleet.publish({ name: 'base', version: '2', restart: 'service' })
      for (const patch of [kernel, base]) {
        await everyoneNeeds(fleet, patch)
        for (const place of ['paris', 'tokyo'])
          for (const role of ['primary', 'secondary']) await fleet.sendReceipt(`${place}/${role}`, patch)
      }
      const { installs } = fleet.serviceCenter.state
      const shownWith = page.getByText('base@2 goes before kernel@1')
      await page.goto(`${app.url}/appliances/software-updates/kernel@1`)
      await page.getByLabel('acme', { exact: true }).check()
      await page.getByRole('button', { name: 'Install', exact: true }).click()
      await page.getByText('Other patches first, and time between waves').click()
      await page.getByLabel('Goes first').selectOption({ label: 'base 2' })
      await page.getByLabel('Minutes that each wave stands').fill('30')
      // Nobody has seen this plan.
      await page.locator('#install-agreed').click()
      await page.getByText('Nothing was installed').waitFor()
      await shownWith.waitFor()
      assert.equal(installs.size, 0)
      await page.getByRole('checkbox', { name: 'base 2' }).uncheck()
      await page.getByRole('button', { name: 'Show the plan with these' }).click()
      await shownWith.waitFor({ state: 'detached' })
      await page.getByText('stands with it for 30 min before more begin').waitFor()
      await page.getByLabel('Goes first').selectOption({ label: 'base 2' })
      await page.getByRole('button', { name: 'Show the plan with these' }).click()
      await shownWith.waitFor()
      await page.locator('#install-agreed').click()
      await page.locator('.pm-install').first().waitFor()
      assert.deepEqual(
        [...installs.values()].map((one) => [one.patch, one.waveSoakSeconds]),
        [
          [base, 1800],
          [kernel, 1800],
        ],
      )
    },
  )
