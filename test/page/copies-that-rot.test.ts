/**
 * The page of a patch while its copies rot one after the other, at real processes: the count falls and heals without a
 * reload, with the reason to read, and page and command show when each copy was last proven. Who could mend a copy stands
 * still until its reason was read.
 */
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { Browser } from 'playwright-core'
import { writeExampleBundle } from '../../controller/cli/example-bundle.ts'
import { Fleet } from '../../simulator/processes/fleet.ts'
import { LOOPBACK } from '../../simulator/processes/place.ts'
import { patchmesh } from '../command-line/run-patchmesh.ts'
import { launchBrowser, openWindow } from '../support/browser.ts'
import { DEADLINE } from '../support/eventually.ts'
import { slotOf } from '../support/fleet-slots.ts'
import { flipByte } from '../support/stored-copies.ts'

const ALL = ['paris-1', 'paris-2', 'oslo-1', 'oslo-2']
/** Every copy is read again after two seconds. */
const OFTEN = 'proveEveryHours: 0.001\nproveBytesPerSecond: 100000000\n'
const WRONG = 'piece 3 of 4 of its file is not what was signed any more'
const PROVEN_AT = /20\d\d-\d\d-\d\d \d\d:\d\d/
let folder: string
let fleet: Fleet
let browser: Browser

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'patchmesh-rot-'))
  const config = join(folder, 'often.yaml')
  await writeFile(config, OFTEN)
  browser = await launchBrowser()
  fleet = await Fleet.start(async () => {}, LOOPBACK, ['--config', config])
  for (const name of ALL) {
    const [dataCenter = '', number] = name.split('-')
    const role = number === '1' ? 'primary' : 'secondary'
    const slot = slotOf({ name, organization: 'Provider', dataCenter, kind: 'service-provider', role })
    await fleet.add(slot, ['--config', config])
  }
  await fleet.reachable(ALL)
})
after(async () => {
  await browser.close()
  await fleet.stop()
  await rm(folder, { recursive: true })
})

async function uploaded(): Promise<string> {
  const file = join(fleet.folder, 'rotting.patch')
  await writeExampleBundle({ name: 'rotting', version: '1.0.0', bytes: 1024 * 1024, out: file })
  const { id } = await fleet.api.upload(file)
  await fleet.until(
    '4/4',
    () => fleet.api.patch(id),
    ({ replications }) => replications.complete === 4,
  )
  return id
}

/** The line of `patches show` that is about this appliance. */
async function shown(name: string): Promise<string> {
  const environment = { PATCHMESH_SERVER: fleet.url, PATCHMESH_API_TOKEN: fleet.authorization.replace('Bearer ', '') }
  const { stdout } = await patchmesh(['patches', 'show', 'rotting@1.0.0'], { environment })
  return stdout.split('\n').find((line) => line.startsWith(name)) ?? ''
}

test(
  'R3: a byte that flips in one store after the other lowers the count on the open page, which says why and heals, without a reload',
  DEADLINE,
  async () => {
    const id = await uploaded()
    const { page, faults, close } = await openWindow(browser)
    await page.goto(await fleet.signInLink())
    await page.getByRole('link', { name: 'rotting' }).first().click()
    const count = page.locator('#facts .pm-replications')
    await count.getByText('4/4').waitFor()
    await page.evaluate(() => document.documentElement.setAttribute('data-never-reloaded', ''))
    for (const name of ALL) {
      const others = ALL.filter((other) => other !== name)
      for (const other of others) fleet.daemon(other).kill('SIGSTOP')
      await flipByte(join(fleet.folder, 'service-center'), id, 2)
      await flipByte(fleet.folderOf(name), id, 2)
      const copy = page.locator(`#replication [data-appliance="${name}"]`)
      await copy.getByText(WRONG).waitFor()
      await count.getByText('3/4').waitFor()
      assert.equal(await copy.getByText('last proven').count(), 0)
      await page
        .locator('[data-own-copy="wrong"]')
        .getByText(`Not right: P${WRONG.slice(1)}.`)
        .waitFor()
      assert.match(await shown(name), new RegExp(`not now .*${WRONG}`, 'i'))
      for (const other of others) fleet.daemon(other).kill('SIGCONT')
      await count.getByText('4/4').waitFor()
      await copy.getByText('last proven').waitFor()
      await page.locator('[data-own-copy="right"]').getByText('last proven').waitFor()
      assert.match(await shown(name), PROVEN_AT)
    }
    assert.equal(await page.locator('html[data-never-reloaded]').count(), 1)
    assert.deepEqual(faults, [])
    await close()
  },
)
