/**
 * `npm run bench:copies`: what it costs that stored copies are read again, and how soon the open page says what is no
 * longer so: a copy that could not be read, an appliance that is silent, a connection that has died without a word. Turns
 * with and without the reading alternate in one run, so that whatever else the machine does hits both. Ends with status 1
 * when a figure is missed.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import type { Page } from 'playwright-core'
import { writeExampleBundle } from '../../controller/cli/example-bundle.ts'
import { Fleet } from '../../simulator/processes/fleet.ts'
import { LOOPBACK, type Places } from '../../simulator/processes/place.ts'
import { launchBrowser, openWindow } from '../support/browser.ts'
import { eventually } from '../support/eventually.ts'
import { slotOf } from '../support/fleet-slots.ts'
import { ForgetfulNat, freePort } from '../support/forgetful-nat.ts'
import { cutShort, removeCopy } from '../support/stored-copies.ts'

const MB = 1_000_000
const TRANSFERRED_BYTES = 150 * MB
/** Two seconds' reading at the default budget, and due after less than four. */
const HELD_BYTES = 4 * MB
/** Longer than any limit. */
const SHOWN_WITHIN_MS = 90_000
const ALL_THE_TIME = 'proveEveryHours: 0.001\n'
const NEVER = 'proveEveryHours: 8760\n'
const PLACE = { organization: 'Provider', dataCenter: 'Paris', kind: 'service-provider' } as const
const PRIMARY = slotOf({ ...PLACE, name: 'primary', role: 'primary' })
const SECONDARY = slotOf({ ...PLACE, name: 'secondary', role: 'secondary' })
/** One in each round: an install that waits for a copy holds up those that come after it. */
const TENANTS = ['acme', 'globex', 'initech'].map((name) =>
  slotOf({ ...PLACE, name, organization: name, kind: 'tenant', role: 'primary' }),
)

const { values } = parseArgs({
  options: { pairs: { type: 'string', default: '7' }, only: { type: 'string', default: 'reading,page,silence' } },
})
const folder = await mkdtemp(join(tmpdir(), 'patchmesh-bench-'))
let missed = false
try {
  process.stdout.write('| what | measured | at most | each |\n| --- | --- | --- | --- |\n')
  if (values.only.includes('reading')) await readingFigures(Number(values.pairs))
  if (values.only.includes('page')) await failedReadFigure()
  if (values.only.includes('silence')) await silenceFigures()
} finally {
  await rm(folder, { recursive: true, force: true })
}
process.exit(missed ? 1 : 0)

type Cost = { readonly seconds: number; readonly processorSeconds: number }

async function readingFigures(pairs: number): Promise<void> {
  const config = join(folder, 'proving.yaml')
  await writeFile(config, NEVER)
  await withFleet(LOOPBACK, ['--config', config], async (fleet) => {
    await fleet.add(PRIMARY, ['--config', config])
    await transferred(fleet, await example('held', HELD_BYTES))
    const ratios: { seconds: number; processorSeconds: number }[] = []
    for (let pair = -1; pair < pairs; pair++) {
      const turn = async (proving: string): Promise<Cost> => {
        await restarted(fleet, config, proving)
        return transferCost(
          fleet,
          await example(`${proving === NEVER ? 'without' : 'with'}-${pair + 1}`, TRANSFERRED_BYTES),
        )
      }
      // Who is first alternates too.
      const early = pair % 2 === 0 ? await turn(NEVER) : null
      const read = await turn(ALL_THE_TIME)
      const bare = early ?? (await turn(NEVER))
      say(`without ${inWords(bare)}, with ${inWords(read)}`)
      // The first pair warms everything up.
      if (pair < 0) continue
      const ratio = (of: keyof Cost): number => read[of] / bare[of]
      ratios.push({ seconds: ratio('seconds'), processorSeconds: ratio('processorSeconds') })
    }
    const what = `a transfer of ${TRANSFERRED_BYTES / MB} MB while both ends read their copies again at the default budget, over without`
    figure(
      `${what}: time`,
      ratios.map(({ seconds }) => seconds),
      1.05,
      '',
    )
    figure(
      `${what}: processor time`,
      ratios.map(({ processorSeconds }) => processorSeconds),
      Number.POSITIVE_INFINITY,
      '',
    )
  })
}

async function restarted(fleet: Fleet, config: string, proving: string): Promise<void> {
  await writeFile(config, proving)
  await fleet.daemon('primary').stop()
  await fleet.restartServiceCenter()
  await fleet.startAgent('primary', ['--config', config])
  await fleet.reachable(['primary'])
  await pause(2_000)
}

async function transferCost(fleet: Fleet, file: string): Promise<Cost> {
  const pids = [fleet.serviceCenter.pid, fleet.daemon('primary').pid]
  const spent = async (): Promise<number> => {
    const seconds = await Promise.all(pids.map(processorSeconds))
    return seconds.reduce((sum, one) => sum + one, 0)
  }
  const before = await spent()
  const began = performance.now()
  await transferred(fleet, file)
  const seconds = (performance.now() - began) / 1000
  const processor = (await spent()) - before
  await rm(file)
  return { seconds, processorSeconds: processor }
}

async function transferred(fleet: Fleet, file: string): Promise<string> {
  const { id } = await fleet.api.upload(file)
  await fleet.until(
    'every copy is there',
    () => fleet.api.patch(id),
    ({ replications: { complete, total } }) => complete === total,
  )
  return id
}

/** The copies of a depot cannot be read when a tenant appliance asks for them, and nobody has another. */
async function failedReadFigure(): Promise<void> {
  const browser = await launchBrowser()
  try {
    await withFleet(LOOPBACK, [], async (fleet) => {
      await fleet.addAll([PRIMARY, SECONDARY, ...TENANTS])
      const took: number[] = []
      for (const { organization } of TENANTS) {
        const title = `unreadable-by-${organization}`
        const id = await transferred(fleet, await example(title, MB))
        const { page, close } = await openWindow(browser)
        await page.goto(await fleet.signInLink())
        await page.getByRole('link', { name: title }).first().click()
        await page.locator('#facts .pm-replications').getByText('2/2').waitFor()
        const fallen = seen(page, '#facts .pm-replications', ['0/2', '1/2'])
        const depot = ['primary', 'secondary']
        for (const name of depot) await cutShort(fleet.folderOf(name), id)
        await removeCopy(join(fleet.folder, 'service-center'), id)
        const install = { patch: id, organizations: [organization], dataCenter: 'All', allowOutage: true }
        await fleet.api.startInstall(install)
        const shownAt = await fallen
        const failedAt = depot.flatMap((name) => timesOf(fleet, name, id, 'cannot read a piece that was asked'))
        took.push((shownAt - Math.min(...failedAt)) / 1000)
        await close()
      }
      figure('from a read that failed to the fallen count on the open page', took, 2, ' s')
    })
  } finally {
    await browser.close()
  }
}

/** By the settings that everybody has. */
async function silenceFigures(): Promise<void> {
  const port = await freePort()
  const nat = await ForgetfulNat.before(port)
  const listen = `/ip4/127.0.0.1/tcp/${port}`
  const announce = `/ip4/127.0.0.1/tcp/${nat.port}`
  const browser = await launchBrowser()
  try {
    const places = { ...LOOPBACK, serviceCenter: { ...LOOPBACK.serviceCenter, listen, announce } }
    await withFleet(places, [], async (fleet) => {
      await fleet.add(PRIMARY)
      await fleet.reachable(['primary'])
      const { page } = await openWindow(browser)
      await page.goto(await fleet.signInLink())
      await page.goto(`${fleet.url}/appliances`)
      const row = '[data-appliance="primary"]'
      const back = async (): Promise<void> => {
        await fleet.reachable(['primary'])
        await page.locator(row).getByText('not reachable').waitFor({ state: 'detached' })
      }
      const stopped: number[] = []
      const forgotten: number[] = []
      for (let round = 1; round <= 2; round++) {
        const away = seen(page, row, ['not reachable'])
        const stoppedAt = Date.now()
        fleet.daemon('primary').kill('SIGSTOP')
        stopped.push(((await away) - stoppedAt) / 1000)
        fleet.daemon('primary').kill('SIGCONT')
        await back()
        const { made } = nat
        const forgottenAt = Date.now()
        const told = seen(page, row, ['not reachable'])
        nat.forget()
        const dialled = eventually('another connection is made', () => nat.made > made && Date.now())
        forgotten.push(((await Promise.any([told, dialled])) - forgottenAt) / 1000)
        await back()
      }
      figure('from an appliance that stands still to "not reachable" on the open page', stopped, 40, ' s')
      figure(
        'from a connection that dies without a word to another one, or "not reachable" on the page',
        forgotten,
        40,
        ' s',
      )
    })
  } finally {
    await browser.close()
    nat.close()
  }
}

/** When, by the clock of the page, what is shown there first had these words. */
async function seen(page: Page, selector: string, words: readonly string[]): Promise<number> {
  const told = page.evaluate(
    ([where, wanted, withinMs]) =>
      new Promise<number | null>((resolve) => {
        // Without names of its own: what is sent to the page is what the compiler makes of it.
        new MutationObserver(() => {
          const text = document.querySelector(where)?.textContent ?? ''
          if (wanted.some((one) => text.includes(one))) resolve(Date.now())
        }).observe(document, { subtree: true, childList: true, characterData: true, attributes: true })
        setTimeout(() => resolve(null), withinMs)
      }),
    [selector, words, SHOWN_WITHIN_MS] as const,
  )
  return (await told) ?? Promise.reject(new Error(`${selector} has not become ${words.join(' or ')}`))
}

function timesOf(fleet: Fleet, name: string, patch: string, words: string): number[] {
  const lines = fleet.daemon(name).log.split('\n')
  return lines
    .filter((line) => line.includes(words) && line.includes(patch))
    .map((line) => Number(new Date((JSON.parse(line) as { time: number | string }).time)))
}

async function withFleet(
  places: Places,
  options: readonly string[],
  use: (fleet: Fleet) => Promise<void>,
): Promise<void> {
  const fleet = await Fleet.start(async () => {}, places, options)
  try {
    await use(fleet)
  } finally {
    await fleet.stop()
  }
}

async function example(name: string, bytes: number): Promise<string> {
  const out = join(folder, `${name}.patch`)
  await writeExampleBundle({ name, version: '1.0.0', bytes, out })
  return out
}

async function processorSeconds(pid: number | undefined): Promise<number> {
  const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).split(' ')
  return (Number(fields[13]) + Number(fields[14])) / 100
}

/** The middle one of a ratio's values counts, the worst one of times. */
function figure(what: string, each: readonly number[], limit: number, unit: string): void {
  const sorted = each.toSorted((one, other) => one - other)
  const measured = (unit === '' ? sorted[Math.floor(sorted.length / 2)] : sorted.at(-1)) ?? Number.NaN
  const most = Number.isFinite(limit) ? `${limit}${unit}` : ''
  process.stdout.write(
    `| ${what} | ${measured.toFixed(3)}${unit} | ${most} | ${each.map((one) => one.toFixed(3)).join(', ')} |\n`,
  )
  if (!(measured <= limit)) missed = true
}

function inWords({ seconds, processorSeconds: processor }: Cost): string {
  return `${seconds.toFixed(2)} s (${processor.toFixed(2)} s of a processor)`
}

function say(line: string): void {
  process.stderr.write(`${line}\n`)
}
