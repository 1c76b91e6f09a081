/**
 * The admin guide, clause by clause: the page of a patch, from the organizations that are not patched to installed. Two
 * Data Centers; every test uploads a patch of its own.
 */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Locator, Page } from 'playwright-core'
import type { Fleet } from '../../simulator/processes/fleet.ts'
import {
  guideVisits,
  listedOrganizations,
  markDocument,
  openPatch,
  organization,
  sameDocument,
  screenshot,
  type Visit,
} from './guide-visits.ts'

const guide = guideVisits(2)
const STANDS_STILL = 'dc2-sp-secondary'

/** Presses Install; what is shown then. */
async function pressInstall(page: Page): Promise<Locator> {
  await page.getByRole('button', { name: 'Install', exact: true }).click()
  const dialog = page.getByRole('dialog')
  await dialog.waitFor()
  return dialog
}

/** Waits until the organization is no longer in the list: its appliances have been installed meanwhile. */
async function leavesTheList(page: Page, name: string): Promise<void> {
  await organization(page, name).waitFor({ state: 'detached' })
}

/** The appliances on whose disk the patch is installed. */
async function installedOn(fleet: Fleet, name: string): Promise<string[]> {
  const all = await fleet.api.appliances()
  return all
    .map((appliance) => appliance.name)
    .filter((appliance) => existsSync(join(fleet.folderOf(appliance), 'root/opt', name, 'version')))
    .sort()
}

/** Opens the patch while one Service Provider appliance stands still, which goes on when `act` is done. */
async function incomplete(visit: Visit, name: string, act: (goOn: () => void) => Promise<void>): Promise<void> {
  const daemon = visit.fleet.daemon(STANDS_STILL)
  daemon.kill('SIGSTOP')
  const goOn = (): void => daemon.kill('SIGCONT')
  try {
    await openPatch(visit, name, '3/4')
    await act(goOn)
  } finally {
    goOn()
  }
  await visit.fleet.until(
    '4/4',
    () => visit.fleet.api.patch(`${name}@1.0.0`),
    ({ replications }) => replications.complete === 4,
  )
}

guide('a patch page that shows the organizations with appliances that are not patched', async (visit) => {
  await openPatch(visit, 'shown')
  const { page } = visit
  await page.getByRole('heading', { name: 'Organizations not patched' }).waitFor()
  assert.deepEqual(await listedOrganizations(page), ['Acme', 'Globex', 'Provider'])
  const acme = organization(page, 'Acme')
  await acme.getByText('0 of 4 patched').waitFor()
  await acme.getByText('4 appliances not patched').click()
  for (const name of ['dc1-acme-primary', 'dc1-acme-secondary', 'dc2-acme-primary', 'dc2-acme-secondary'])
    await acme.getByText(name, { exact: true }).waitFor()
  await acme.getByText('applicable', { exact: true }).nth(3).waitFor()
  await screenshot(page, 'patch')
})

guide('a checkbox for each organization', async (visit) => {
  await openPatch(visit, 'ticked')
  const { page } = visit
  const boxes = page.locator('#organizations').getByRole('checkbox')
  assert.equal(await boxes.count(), 3)
  const install = page.getByRole('button', { name: 'Install', exact: true })
  assert.equal(await install.isDisabled(), true)
  for (const box of await boxes.all()) {
    assert.equal(await box.isChecked(), false)
    await box.check()
  }
  assert.equal(await install.isEnabled(), true)
})

guide('a Data Center drop-down, default All', async (visit) => {
  await openPatch(visit, 'narrowed')
  const { page } = visit
  const dropDown = page.getByRole('combobox', { name: 'Data Center' })
  assert.equal(await dropDown.inputValue(), 'All')
  assert.deepEqual(await dropDown.locator('option').allTextContents(), ['All', 'Data Center 1', 'Data Center 2'])
  await organization(page, 'Acme').getByText('0 of 4 patched').waitFor()
  await dropDown.selectOption('Data Center 2')
  await organization(page, 'Acme').getByText('0 of 2 patched').waitFor()
})

guide(
  'Install: the organization leaves the list when its appliances are patched, and no other is touched',
  async (visit) => {
    const { page, fleet } = visit
    await openPatch(visit, 'one-organization')
    await markDocument(page)
    await page.getByRole('checkbox', { name: 'Acme', exact: true }).check()
    const dialog = await pressInstall(page)
    await dialog.getByText('one-organization 1.0.0, for Acme: 4 appliances in all Data Centers.').waitFor()
    await screenshot(page, 'confirmation')
    await dialog.getByRole('button', { name: 'Install', exact: true }).click()
    await leavesTheList(page, 'Acme')
    await page.getByText('Patched: Acme.').waitFor()
    assert.deepEqual(await listedOrganizations(page), ['Globex', 'Provider'])
    assert.ok(await sameDocument(page), 'the list changed without a reload')
    const acme = ['dc1-acme-primary', 'dc1-acme-secondary', 'dc2-acme-primary', 'dc2-acme-secondary']
    assert.deepEqual(await installedOn(fleet, 'one-organization'), acme)
    await screenshot(page, 'installed')
  },
)

guide('Install with a Data Center chosen: only the appliances there', async (visit) => {
  const { page, fleet } = visit
  await openPatch(visit, 'one-place')
  await page.getByRole('combobox', { name: 'Data Center' }).selectOption('Data Center 2')
  await organization(page, 'Globex').getByText('0 of 2 patched').waitFor()
  await page.getByRole('checkbox', { name: 'Globex', exact: true }).check()
  await (await pressInstall(page)).getByRole('button', { name: 'Install', exact: true }).click()
  await leavesTheList(page, 'Globex')
  await page.getByRole('combobox', { name: 'Data Center' }).selectOption('All')
  await organization(page, 'Globex').getByText('2 of 4 patched').waitFor()
  assert.deepEqual(await installedOn(fleet, 'one-place'), ['dc2-globex-primary', 'dc2-globex-secondary'])
})

guide('when replication is not complete, a warning that names the appliances', async (visit) => {
  const { page, fleet } = visit
  await incomplete(visit, 'warned', async () => {
    await page.getByRole('checkbox', { name: 'Provider', exact: true }).check()
    const dialog = await pressInstall(page)
    await dialog.getByRole('heading', { name: 'Replication is not complete' }).waitFor()
    assert.deepEqual(await dialog.locator('#not-replicated strong').allTextContents(), [STANDS_STILL])
    assert.deepEqual(await dialog.locator('#queued .pm-name').allTextContents(), [STANDS_STILL])
    await screenshot(page, 'warning')
    await dialog.getByRole('button', { name: 'Cancel' }).click()
  })
  assert.deepEqual(await fleet.api.installs().then((all) => all.filter(({ name }) => name === 'warned')), [])
})

guide(
  'while installation may begin on those where it is complete, and the rest follow in the same install',
  async (visit) => {
    const { page, fleet } = visit
    await incomplete(visit, 'begun', async (goOn) => {
      for (const name of ['Acme', 'Provider']) await page.getByRole('checkbox', { name, exact: true }).check()
      await (await pressInstall(page)).getByRole('button', { name: 'Install where ready' }).click()
      await leavesTheList(page, 'Acme')
      const row = (name: string) => page.locator(`[data-target="${name}"]`)
      for (const name of ['dc1-sp-primary', 'dc1-sp-secondary', 'dc2-sp-primary'])
        await row(name).getByText('installed', { exact: true }).waitFor()
      await row(STANDS_STILL).getByText('queued', { exact: true }).waitFor()
      assert.ok(!(await installedOn(fleet, 'begun')).includes(STANDS_STILL))
      await screenshot(page, 'begun')
      await page.locator('#installs').screenshot({ path: '/tmp/patchmesh-guide-installs.png' })
      goOn()
      await row(STANDS_STILL).getByText('installed', { exact: true }).waitFor()
      await leavesTheList(page, 'Provider')
    })
    const installs = (await fleet.api.installs()).filter(({ name }) => name === 'begun')
    assert.deepEqual(
      installs.map(({ state, installed, total }) => ({ state, installed, total })),
      [{ state: 'done', installed: 8, total: 8 }],
    )
  },
)
