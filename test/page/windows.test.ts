/**
 * The page of maintenance windows, with scripts and without: setting one, mending what was refused, changing and removing it.
 */
import assert from 'node:assert/strict'
import { WINDOWS } from '../../controller/page/words.ts'
import { pageTest } from './page-fixtures.ts'

for (const javaScript of [true, false]) {
  pageTest(
    `an operator sets a maintenance window, mends what was refused, changes and removes it${javaScript ? '' : ', also without scripts'}`,
    { javaScript, expected: /400|422/ },
    async ({ page, fleet }) => {
      const { windows } = fleet.serviceCenter.state
      const save = () => page.getByRole('button', { name: 'Save' }).click()
      const fill = async (rule: string) => {
        await page.getByLabel('Name').fill('Sundays & more')
        await page.getByLabel('Organization').selectOption('acme')
        await page.getByLabel('First opens at').fill('2090-01-01T02:00')
        await page.getByLabel('Time zone').fill('Europe/Berlin')
        await page.getByLabel('Comes again').selectOption(rule === '' ? 'Every day' : 'By a rule')
        await page.getByLabel('Rule').fill(rule)
        await save()
      }
      await page.getByRole('link', { name: 'Maintenance windows' }).click()
      await page.getByText('No maintenance window is set.').waitFor()
      await fill('FREQ=SOMETIMES')
      await page.getByText('has a value for FREQ that is none').waitFor()
      assert.equal(windows.size, 0)
      if (!javaScript) await page.getByRole('link', { name: 'Back' }).click()
      await fill('FREQ=WEEKLY;BYDAY=SU')
      const row = page.getByRole('row').filter({ hasText: 'Sundays & more' })
      assert.match(
        (await row.textContent()) ?? '',
        /maintenance windowacme.*at 02:00 Europe\/Berlin.*after 4 hFREQ=WEEKLY;BYDAY=SU/,
      )
      assert.equal(new URL(page.url()).pathname, WINDOWS)

      await row.getByRole('link', { name: 'Change Sundays & more' }).click()
      assert.equal(await page.getByLabel('Rule').inputValue(), 'FREQ=WEEKLY;BYDAY=SU')
      await page.getByLabel('Kind').selectOption('blackout')
      await page.getByLabel('Comes again').selectOption('Every day')
      await save()
      await page.getByText('is not asked for: leave it empty').waitFor()
      if (!javaScript) {
        await page.getByRole('link', { name: 'Back' }).click()
        await row.getByRole('link', { name: 'Change Sundays & more' }).click()
        await page.getByLabel('Kind').selectOption('blackout')
        await page.getByLabel('Comes again').selectOption('Every day')
      }
      await page.getByLabel('Rule').fill('')
      await save()
      await row.getByText('blackout').waitFor()
      assert.match((await row.textContent()) ?? '', /every day/)
      assert.deepEqual(
        [...windows.values()].map(({ kind }) => kind),
        ['blackout'],
      )

      await row.getByRole('link', { name: 'Change Sundays & more' }).click()
      await page.getByText('Remove Sundays & more').first().click()
      await page.getByLabel('Remove Sundays & more').check()
      await page.getByRole('button', { name: 'Remove Sundays & more' }).click()
      await page.getByText('No maintenance window is set.').waitFor()
      assert.equal(windows.size, 0)
    },
  )
}
