/**
 * Upload in a real browser: Browse and drop, several files, progress, cancelling, and going on after the network or the
 * browser went away.
 */
import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before } from 'node:test'
import type { Locator, Page } from 'playwright-core'
import { writeExampleBundle } from '../../controller/cli/example-bundle.ts'
import { eventually } from '../support/eventually.ts'
import { serveApp } from '../support/http-fixtures.ts'
import { pageTest, type Visit } from './page-fixtures.ts'

const REFUSED = /Failed to load resource.* (4\d\d|net::ERR)/
const MiB = 1024 * 1024

let folder: string
before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'patchmesh-page-'))
})
after(() => rm(folder, { recursive: true }))

async function bundle(name: string, bytes: number): Promise<string> {
  const out = path.join(folder, `${name}-1.0.patch`)
  await writeExampleBundle({ name, version: '1.0', bytes, out })
  return out
}

async function choose(page: Page, ...files: string[]): Promise<void> {
  await page.getByLabel('Patch file').setInputFiles(files)
}

function row(page: Page, name: string): Locator {
  return page.getByRole('list', { name: 'Uploads' }).getByRole('listitem').filter({ hasText: name })
}

/** The browser sends 4 MiB a second, until the function that is given is called. */
async function slowConnection(page: Page): Promise<() => Promise<void>> {
  const session = await page.context().newCDPSession(page)
  await session.send('Network.enable')
  const send = async (uploadThroughput: number) => {
    const conditions = { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput }
    await session.send('Network.emulateNetworkConditions', conditions)
  }
  await send(4 * MiB)
  return () => send(-1)
}

/** Waits until part of a slow upload has arrived; how much. */
function partArrived({ fleet }: Visit): Promise<number> {
  return eventually('part of the upload has arrived', () => {
    const [unfinished] = fleet.serviceCenter.uploads.of('admin')
    return unfinished !== undefined && unfinished.offset > 2 * MiB && unfinished.offset
  })
}

pageTest('uploads a file, shows that it progresses, and lists the patch', {}, async ({ page }) => {
  const file = await bundle('example', 24 * MiB)
  await page.evaluate(() => {
    const seen: string[] = []
    const queue = document.getElementById('upload-queue') as HTMLElement
    new MutationObserver((changes) => seen.push(...changes.map(({ target }) => target.textContent ?? ''))).observe(
      queue,
      { childList: true, subtree: true },
    )
    Object.assign(window, { seen })
  })
  await choose(page, file)
  await page.getByText('1 file chosen').waitFor()
  await row(page, 'example-1.0.patch').getByText('24.0 MiB').waitFor()
  await page.getByRole('button', { name: 'Upload' }).click()
  await page.getByText('example 1.0 is in the Service Center.').waitFor()
  await page
    .getByRole('row', { name: /example/ })
    .getByText('0/4')
    .waitFor()
  const seen = await page.evaluate(() => (window as unknown as { seen: string[] }).seen)
  assert.ok(
    seen.some((line) => /^\d+ %, [\d.]+ MiB of 24\.0 MiB, [\d.]+ [KMG]iB\/s, \d+ s left$/.test(line)),
    seen.join('\n'),
  )
  assert.ok(seen.includes('Checking…'))
  await choose(page, file)
  await page.getByRole('button', { name: 'Upload' }).click()
  await page.getByText('The same file was there already; nothing changed.').waitFor()
})

pageTest('takes files that are dropped on it, several at once', { expected: REFUSED }, async ({ page, fleet }) => {
  const files = []
  for (const name of ['one', 'two', 'three']) {
    const bytes = await readFile(await bundle(name, 100_000))
    files.push({ name: `${name}.patch`, base64: bytes.toString('base64') })
  }
  files.push({ name: 'note.txt', base64: Buffer.from('install this').toString('base64') })
  const dropped = await page.evaluateHandle((given) => {
    const transfer = new DataTransfer()
    for (const { name, base64 } of given) {
      transfer.items.add(new File([Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))], name))
    }
    return transfer
  }, files)
  const place = page.locator('#upload-drop')
  await place.dispatchEvent('dragover', { dataTransfer: dropped })
  assert.match((await place.getAttribute('class')) ?? '', /pm-over/)
  await place.dispatchEvent('drop', { dataTransfer: dropped })
  await page.getByText('4 files chosen').waitFor()
  await page.getByRole('button', { name: 'Remove two.patch' }).click()
  await page.getByText('3 files chosen').waitFor()
  await page.getByRole('button', { name: 'Upload' }).click()
  await row(page, 'one.patch').getByText('The patch one 1.0 is in the Service Center.').waitFor()
  await row(page, 'three.patch').getByText('The patch three 1.0 is in the Service Center.').waitFor()
  await row(page, 'note.txt')
    .getByText('The file is a plain text file; a patch bundle (.patch) or a Debian package (.deb) is accepted.')
    .waitFor()
  assert.deepEqual([...fleet.serviceCenter.state.patches.values()].map(({ publication }) => publication.name).sort(), [
    'one',
    'three',
  ])
})

pageTest('an upload that is cancelled leaves nothing', { expected: REFUSED }, async (visit) => {
  const { page, fleet } = visit
  await choose(page, await bundle('cancelled', 24 * MiB))
  await slowConnection(page)
  await page.getByRole('button', { name: 'Upload' }).click()
  await partArrived(visit)
  await page.getByRole('button', { name: 'Cancel cancelled-1.0.patch' }).click()
  await page.getByText('The upload was cancelled').waitFor()
  assert.deepEqual(fleet.serviceCenter.uploads.of('admin'), [])
  assert.deepEqual(fleet.serviceCenter.uploads.files(), [])
})

pageTest(
  'an upload that was cut goes on by itself when the way is there again',
  { expected: /ERR_|Failed/ },
  async (visit) => {
    const { page, fleet, app } = visit
    await slowConnection(page)
    const offsets: number[] = []
    page.on('request', (request) => {
      if (request.method() === 'PATCH') offsets.push(Number(request.headers()['upload-offset']))
    })
    await choose(page, await bundle('network', 24 * MiB))
    await page.getByRole('button', { name: 'Upload' }).click()
    const arrived = await partArrived(visit)
    await app.close()
    await row(page, 'network').getByText('The connection was lost. It goes on by itself').waitFor()
    assert.equal(await row(page, 'network').getByText(/ left/).count(), 0, 'no time is told while it waits')
    const again = await serveApp(fleet, { port: Number(new URL(app.url).port) })
    try {
      await page.getByText('The patch network 1.0 is in the Service Center.').waitFor()
      assert.equal(offsets[0], 0)
      assert.ok((offsets.at(-1) ?? 0) >= arrived, `it went on at ${offsets.join()} after ${arrived}`)
    } finally {
      await again.close()
    }
  },
)

pageTest(
  'an interrupted upload is offered again, and goes on with the same file',
  { expected: REFUSED },
  async (visit) => {
    const { page, fleet } = visit
    const hurry = await slowConnection(page)
    const file = await bundle('interrupted', 24 * MiB)
    await choose(page, file)
    await page.getByRole('button', { name: 'Upload' }).click()
    const arrived = await partArrived(visit)
    page.on('dialog', (dialog) => dialog.accept())
    await page.reload()
    await hurry()
    await page.getByRole('heading', { name: 'Interrupted uploads' }).waitFor()
    const offered = page.locator('#unfinished').getByRole('listitem').filter({ hasText: 'interrupted-1.0.patch' })
    await offered.getByText(/^\d+\.\d MiB of 24\.0 MiB, kept until/).waitFor()
    assert.equal(await page.getByRole('link', { name: 'interrupted' }).count(), 0, 'it is no patch yet')
    const offsets: number[] = []
    page.on('request', (request) => {
      if (request.method() === 'PATCH') offsets.push(Number(request.headers()['upload-offset']))
    })
    await choose(page, file)
    await page.getByRole('button', { name: 'Upload' }).click()
    await page.getByText('The patch interrupted 1.0 is in the Service Center.').waitFor()
    assert.equal(offsets.length, 1)
    assert.ok((offsets[0] ?? 0) >= arrived)
    await offered.waitFor({ state: 'detached' })
    assert.deepEqual(fleet.serviceCenter.uploads.of('admin'), [])
  },
)

pageTest('U33 another file of the same name and size does not go on with it', { expected: REFUSED }, async (visit) => {
  const { page, fleet } = visit
  const file = await bundle('swapped', MiB)
  const right = await readFile(file)
  const other = path.join(folder, 'other', 'swapped-1.0.patch')
  await rm(path.dirname(other), { recursive: true, force: true })
  await writeExampleBundle({ name: 'other', version: '1.0', bytes: MiB, out: path.join(folder, 'other.patch') })
  await writeFile(file, right)
  const { uploads } = fleet.serviceCenter
  const lastModified = await chosenTime(page, file)
  const begun = await uploads.create({
    owner: 'admin',
    filename: 'swapped-1.0.patch',
    bytes: right.byteLength,
    lastModified,
  })
  assert.ok('id' in begun)
  async function* wrong() {
    yield (await readFile(path.join(folder, 'other.patch'))).subarray(0, 100_000)
  }
  await uploads.append({ id: begun.id, owner: 'admin', offset: 0, body: wrong(), announced: undefined })
  await page.getByRole('button', { name: 'Upload' }).click()
  await page.getByText('The patch swapped 1.0 is in the Service Center.').waitFor()
  await page.getByRole('button', { name: 'Discard' }).click()
  await page.locator('#unfinished').getByRole('listitem').waitFor({ state: 'detached' })
  assert.deepEqual(uploads.of('admin'), [])
})

/** Chooses the file; the time of its last change as the browser tells it. */
async function chosenTime(page: Page, file: string): Promise<number> {
  const chosen = page.evaluate(
    () =>
      new Promise<number>((resolve) => {
        const input = document.getElementById('upload-file') as HTMLInputElement
        input.addEventListener('change', () => resolve(input.files?.[0]?.lastModified ?? 0), {
          capture: true,
          once: true,
        })
      }),
  )
  await choose(page, file)
  return chosen
}

pageTest('says in place why a file is refused, and what to do', { expected: REFUSED }, async ({ page }) => {
  const file = path.join(folder, 'holiday.patch')
  await writeFile(file, 'a picture of the sea, not a patch')
  await choose(page, file)
  await page.getByRole('button', { name: 'Upload' }).click()
  await page.getByRole('alert').getByText('Upload a patch bundle (.patch) or a Debian package (.deb).').waitFor()
  await page.getByText('No patch yet').waitFor()
})

pageTest(
  'says why a large wrong file is refused, though most of it was never read',
  { expected: REFUSED },
  async ({ page }) => {
    const file = path.join(folder, 'large.patch')
    await writeFile(file, Buffer.alloc(150 * MiB, 'x'))
    await choose(page, file)
    await page.getByRole('button', { name: 'Upload' }).click()
    await page.getByRole('alert').getByText('Upload a patch bundle (.patch) or a Debian package (.deb).').waitFor()
  },
)

pageTest('P1 shows the hostile name of a file as text', { expected: REFUSED }, async ({ page, fleet }) => {
  const name = '<img src=x onerror=hacked=1>.patch'
  await fleet.serviceCenter.uploads.create({ owner: 'admin', filename: name, bytes: 9, lastModified: null })
  await page.reload()
  await page.locator('#unfinished').getByText(name, { exact: true }).waitFor()
  await page.getByLabel('Patch file').setInputFiles({ name, mimeType: 'text/plain', buffer: Buffer.from('no patch') })
  await row(page, name).waitFor()
  await page.getByRole('button', { name: 'Upload' }).click()
  await row(page, name).getByText('The file is a plain text file').waitFor()
  assert.equal(await page.evaluate(() => 'hacked' in window), false)
})

pageTest('says so when no file is chosen', {}, async ({ page }) => {
  await page.getByRole('button', { name: 'Upload' }).click()
  await page.getByText('No file is chosen.').waitFor()
})
