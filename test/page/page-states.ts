/**
 * Every page in each state that a person meets: for whoever looks at all of them, by eye or by program.
 */
import type { Page } from 'playwright-core'
import {
  API_TOKENS,
  APPLIANCES,
  DATA_CENTERS,
  ENROLL,
  FIRST_OWNER,
  PEOPLE,
  SYSTEM_PATCHES,
  TRAIL,
  YOUR_ACCOUNT,
} from '../../controller/page/words.ts'
import type { Sha256 } from '../../protocol/identifiers.ts'
import { emptyFleet, type Fleet, standardFleet } from '../support/fleet-fixtures.ts'
import { everyoneNeeds, peerOf } from './page-fixtures.ts'

export type PageState = {
  /** Names its screenshot. */
  name: string
  fleet(): Promise<Fleet>
  /** Where a person who is signed in goes; without it nobody is signed in. */
  address: string
  isSignedOut?: boolean
  /** What the person does there. */
  act?(page: Page): Promise<void>
}

const KERNEL = `${SYSTEM_PATCHES}/kernel%406.1`
const press = (name: string) => (page: Page) => page.getByRole('button', { name, exact: true }).click()

export const PAGE_STATES: readonly PageState[] = [
  { name: 'list-empty', fleet: emptyFleet, address: SYSTEM_PATCHES },
  { name: 'list-full', fleet: busyFleet, address: SYSTEM_PATCHES },
  { name: 'list-upload-refused', fleet: busyFleet, address: SYSTEM_PATCHES, act: press('Upload') },
  { name: 'patch-without-appliances', fleet: fleetWithoutAppliances, address: KERNEL },
  { name: 'patch-waiting', fleet: waitingFleet, address: KERNEL },
  { name: 'patch-under-way', fleet: busyFleet, address: KERNEL },
  { name: 'patch-one-data-center', fleet: busyFleet, address: `${KERNEL}?dataCenter=paris` },
  { name: 'patch-organizations-open', fleet: busyFleet, address: KERNEL, act: openAll },
  { name: 'patch-warning', fleet: waitingFleet, address: KERNEL, act: chooseAndInstall },
  { name: 'patch-withdraw', fleet: busyFleet, address: KERNEL, act: press('Withdraw') },
  { name: 'patch-installed', fleet: installedFleet, address: KERNEL, act: openAll },
  { name: 'confirmation', fleet: waitingFleet, address: `${KERNEL}/install?organization=acme` },
  { name: 'data-centers-empty', fleet: emptyFleet, address: DATA_CENTERS },
  { name: 'data-centers-full', fleet: busyFleet, address: DATA_CENTERS },
  {
    ...{ name: 'data-centers-limits', fleet: busyFleet, address: DATA_CENTERS },
    act: press('Change the limits of Data Center tokyo'),
  },
  { name: 'list-opened', fleet: busyFleet, address: SYSTEM_PATCHES, act: openCopies },
  { name: 'list-narrowed', fleet: busyFleet, address: `${SYSTEM_PATCHES}?show=attention&superseded=show` },
  { name: 'appliances-empty', fleet: emptyFleet, address: APPLIANCES },
  { name: 'appliances-full', fleet: busyFleet, address: APPLIANCES },
  { name: 'appliance', fleet: busyFleet, address: `${APPLIANCES}/acme-paris-primary` },
  { name: 'appliance-depot', fleet: busyFleet, address: `${APPLIANCES}/${encodeURIComponent('paris/primary')}` },
  { name: 'enroll', fleet: emptyFleet, address: ENROLL },
  { name: 'enroll-token-shown', fleet: emptyFleet, address: ENROLL, act: makeToken },
  { name: 'people', fleet: emptyFleet, address: PEOPLE },
  { name: 'api-tokens', fleet: emptyFleet, address: API_TOKENS },
  { name: 'trail', fleet: busyFleet, address: TRAIL },
  { name: 'your-account', fleet: emptyFleet, address: YOUR_ACCOUNT },
  { name: 'first-owner', fleet: emptyFleet, address: FIRST_OWNER },
  { name: 'not-found', fleet: emptyFleet, address: `${SYSTEM_PATCHES}/nothing` },
  { name: 'signed-out', fleet: emptyFleet, address: SYSTEM_PATCHES, isSignedOut: true },
]

async function openAll(page: Page): Promise<void> {
  await page.evaluate(() => {
    for (const details of document.querySelectorAll('details')) details.open = true
  })
}

async function openCopies(page: Page): Promise<void> {
  await page.locator('[data-patch="kernel@6.1"] [aria-expanded]').first().click()
  await page.getByText('paris/secondary').waitFor()
}

async function makeToken(page: Page): Promise<void> {
  const form = page.locator('#one')
  await form.getByLabel('Name').fill('rome-1')
  await form.getByLabel('Data Center').fill('rome')
  await form.getByLabel('Organization').fill('Org 1000')
  await form.getByLabel('Kind').fill('service-provider')
  await press('Make a token')(page)
  await page.getByText('This is shown once.').waitFor()
}

async function chooseAndInstall(page: Page): Promise<void> {
  await page.getByLabel('acme', { exact: true }).check()
  await press('Install')(page)
  await page.getByRole('dialog').waitFor()
}

async function fleetWithoutAppliances(): Promise<Fleet> {
  const fleet = await emptyFleet()
  await fleet.publish({ name: 'kernel', version: '6.1' })
  return fleet
}

/** Nothing has arrived anywhere, and one appliance cannot be reached. */
async function waitingFleet(): Promise<Fleet> {
  const fleet = await standardFleet()
  const kernel = await fleet.publish({ name: 'kernel', version: '6.1', restart: 'service' })
  await everyoneNeeds(fleet, kernel)
  await fleet.disconnect('tokyo/secondary')
  return fleet
}

/** Several patches, one of them on its way, and an install that has begun where the patch is. */
async function busyFleet(): Promise<Fleet> {
  const fleet = await standardFleet()
  for (const version of ['1.2.1', '1.2.2']) await replicate(fleet, await fleet.publish({ name: 'firmware', version }))
  const kernel = await fleet.publish({ name: 'kernel', version: '6.1', restart: 'service' })
  await everyoneNeeds(fleet, kernel)
  await fleet.sendReceipt('paris/primary', kernel)
  await fleet.tellProgress('paris/secondary', {
    ...{ patch: kernel, state: 'transferring', bytes: 120_000_000, reason: '', bytesPerSecond: 5_000_000 },
    ...{ sources: [peerOf(fleet, 'paris/primary')], wanBytes: 0 },
  })
  await fleet.tellProgress('tokyo/primary', {
    ...{ patch: kernel, state: 'waiting', bytes: 0, reason: 'the store is full', bytesPerSecond: 0 },
    ...{ sources: [], wanBytes: 0 },
  })
  await install(fleet, kernel)
  return fleet
}

/** Everything is where it should be, and one install is done. */
async function installedFleet(): Promise<Fleet> {
  const fleet = await standardFleet()
  const kernel = await fleet.publish({ name: 'kernel', version: '6.1' })
  await everyoneNeeds(fleet, kernel)
  await replicate(fleet, kernel)
  await install(fleet, kernel)
  const [id] = [...fleet.serviceCenter.state.installs.keys()]
  if (id === undefined) throw new Error('no install was started')
  for (const place of ['paris', 'tokyo']) {
    for (const role of ['secondary', 'primary']) {
      await fleet.report(`acme-${place}-${role}`, id, 'installed')
      await fleet.detect(`acme-${place}-${role}`, kernel, 'installed', '6.1')
    }
  }
  return fleet
}

async function replicate(fleet: Fleet, patch: Sha256): Promise<void> {
  for (const place of ['paris', 'tokyo'])
    for (const role of ['primary', 'secondary']) await fleet.sendReceipt(`${place}/${role}`, patch)
}

async function install(fleet: Fleet, patch: Sha256): Promise<void> {
  const acme = [...fleet.serviceCenter.state.appliances.values()].find(({ organization }) => organization === 'acme')
  if (acme === undefined) throw new Error('acme has no appliance')
  const scope = { organizations: [acme.organization], dataCenter: 'All' as const, allowOutage: false }
  await fleet.serviceCenter.carryOut({ kind: 'start-install', actor: 'admin', patch, ...scope })
}
