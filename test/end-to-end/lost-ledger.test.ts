/**
 * The ledger of an agent is removed, or an older one put in its place, while the agent stands still: it is noticed at the
 * next start, said in log, trail, page and command, and what the appliance tells from then on is heard.
 */

import assert from 'node:assert/strict'
import { copyFile, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { Browser } from 'playwright-core'
import { writeExampleBundle } from '../../controller/cli/example-bundle.ts'
import { isUnderWay } from '../../controller/core/rollout/install-states.ts'
import type { InstallDetail } from '../../controller/core/views.ts'
import { Fleet } from '../../simulator/processes/fleet.ts'
import { patchmesh } from '../command-line/run-patchmesh.ts'
import { launchBrowser, openWindow } from '../support/browser.ts'
import { DEADLINE, eventually } from '../support/eventually.ts'
import { slotOf } from '../support/fleet-slots.ts'

const TRAIL = { who: undefined, from: undefined, to: undefined, text: undefined, limit: '100' }
let fleet: Fleet
let browser: Browser

before(async () => {
  browser = await launchBrowser()
  fleet = await Fleet.start()
  const place = { organization: 'Provider', dataCenter: 'Paris', kind: 'service-provider' } as const
  await fleet.add(slotOf({ ...place, name: 'one', role: 'primary' }))
  await fleet.add(slotOf({ ...place, name: 'other', role: 'secondary' }))
  await fleet.reachable(['one', 'other'])
})
after(async () => {
  await browser.close()
  await fleet.stop()
})

async function upload(name: string): Promise<string> {
  const file = join(fleet.folder, `${name}.patch`)
  await writeExampleBundle({ name, version: '1.0.0', bytes: 1024 * 1024, out: file })
  const { id } = await fleet.api.upload(file)
  await counted(id)
  return id
}

async function counted(id: string): Promise<void> {
  await fleet.until(
    '2/2',
    () => fleet.api.patch(id),
    ({ replications }) => replications.complete === 2,
  )
}

async function removeLedger(name: string): Promise<void> {
  const files = await readdir(fleet.folderOf(name))
  for (const file of files.filter((one) => one.startsWith('ledger.sqlite'))) await rm(join(fleet.folderOf(name), file))
}

async function noticed(name: string): Promise<string> {
  return eventually(`it is noticed that ${name} has lost its ledger`, async () => {
    const { entries } = await fleet.api.trail({ ...TRAIL, action: 'notice-ledger' })
    return entries.find(({ actor }) => actor === name)?.outcome
  })
}

async function install(patch: string): Promise<InstallDetail> {
  const options = { patch, organizations: ['Provider'], dataCenter: 'All', allowOutage: true }
  const { id } = await fleet.api.startInstall(options)
  return fleet.until(
    'the install ends',
    () => fleet.api.install(id),
    ({ state }) => !isUnderWay(state),
  )
}

test(
  'R6: an agent whose ledger was removed says so in log, trail, page and command, and is heard again',
  DEADLINE,
  async () => {
    const id = await upload('before')
    assert.equal(await fleet.daemon('other').stop(), 0)
    await removeLedger('other')
    await fleet.startAgent('other')
    assert.equal(
      await noticed('other'),
      'its ledger was lost: what it has is told anew, and every copy is proven again',
    )
    assert.match(fleet.daemon('other').log, /the ledger was lost: what is here is told anew, and every copy is proven/)
    await counted(id)
    const ended = await install(id)
    assert.equal(ended.state, 'done', JSON.stringify(ended))

    const environment = { PATCHMESH_SERVER: fleet.url, PATCHMESH_API_TOKEN: fleet.authorization.replace('Bearer ', '') }
    const { stdout } = await patchmesh(['appliances', 'show', 'other'], { environment })
    assert.match(stdout, /^Its ledger was lost or put back to an older one, noticed 20\d\d-/m)
    const { page, faults, close } = await openWindow(browser)
    await page.goto(await fleet.signInLink())
    await page.getByRole('link', { name: 'Appliances', exact: true }).first().click()
    await page.getByRole('link', { name: 'other', exact: true }).first().click()
    await page.getByText('Its ledger was lost or put back to an older one').waitFor()
    assert.deepEqual(faults, [])
    await close()
  },
)

test(
  'R6: an agent whose ledger was put back to an older one says so, and all its copies count again',
  DEADLINE,
  async () => {
    const first = await upload('first')
    assert.equal(await fleet.daemon('one').stop(), 0)
    const [ledger, kept] = [join(fleet.folderOf('one'), 'ledger.sqlite'), join(fleet.folder, 'older.sqlite')]
    await copyFile(ledger, kept)
    await fleet.startAgent('one')
    await fleet.reachable(['one'])
    const second = await upload('second')
    assert.equal(await fleet.daemon('one').stop(), 0)
    await removeLedger('one')
    await copyFile(kept, ledger)
    await fleet.startAgent('one')
    assert.match(await noticed('one'), /^its ledger was put back to an older one: /)
    for (const id of [first, second]) await counted(id)
    const ended = await install(second)
    assert.equal(ended.state, 'done', JSON.stringify(ended))
  },
)
