/**
 * The updater as a real process, with releases that are a few lines each: one that is seen, and some that are not. The
 * number of the process stays through all of it, one whole release runs at the end, and what is noted is true.
 */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, chown, mkdir, mkdtemp, readFile, readlink, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { identityOf, livingProcess } from '../../agent/shell/installers/process-tree.ts'
import { ReleaseSlots, type SlotName } from '../../agent/shell/updater/release-slots.ts'
import product from '../../package.json' with { type: 'json' }
import { asSha256, sha256Hex } from '../../protocol/hashing.ts'
import { DEADLINE, eventually } from '../support/eventually.ts'

const LAUNCHER = path.join(import.meta.dirname, '../../patchmesh')
const PATCH = sha256Hex(Buffer.from('a release'))
/** What a release does when it is tried; when it is not, each says who it is and stays. */
const TRIED = {
  good: "process.send({ word: 'ready' }); process.send({ word: 'seen' })",
  crashes: 'process.exit(3)',
  'crashes when it was ready': "process.send({ word: 'ready' }, () => process.exit(4))",
  'is never ready': '',
  'is never seen': "process.send({ word: 'ready' })",
  'gives up': "process.send({ word: 'gave-up', reason: 'was not seen by its peer paris-2' })",
} as const

let folder: string
before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'patchmesh-updater-'))
})
const children: ChildProcess[] = []
after(async () => {
  for (const child of children) child.kill('SIGKILL')
  await rm(folder, { recursive: true, force: true })
})

async function release(slots: ReleaseSlots, slot: SlotName, { version = '', tried = '', base = product.version }) {
  await slots.clear(slot)
  const tree = slots.unproven(slot)
  await mkdir(tree, { recursive: true })
  const program = `console.log((process.env.PATCHMESH_TRIED ? 'tried ' : 'runs ') + '${version} ' + process.pid)
    process.on('SIGTERM', () => { console.log('ends ${version}'); process.exit(0) })
    process.on('disconnect', () => process.exit(1))
    setInterval(() => undefined, 1000)
    if (process.env.PATCHMESH_TRIED) { ${tried} }`
  await writeFile(path.join(tree, 'main.mjs'), program)
  await writeFile(path.join(tree, 'patchmesh'), `#!/bin/sh\nexec "$PATCHMESH_NODE" "$(dirname "$0")/main.mjs" "$@"\n`)
  await chmod(path.join(tree, 'patchmesh'), 0o755)
  await slots.place(tree, slot, { release: version, base, before: null, patch: asSha256(Buffer.from(PATCH, 'hex')) })
}

/** 0.8 runs, and 0.9 is to be tried. */
async function twoReleases(name: string, tried: keyof typeof TRIED, seconds = 1) {
  const data = path.join(folder, name.replaceAll(' ', '-'))
  const slots = new ReleaseSlots(data)
  await release(slots, 'a', { version: '0.8' })
  await slots.switchTo('a')
  await release(slots, 'b', { version: '0.9', tried: TRIED[tried] })
  const trial = { patch: PATCH, release: '0.9', slot: 'b', seconds } as const
  await slots.note({ ...trial, updater: null, tried: null, wentBack: null })
  return { data, slots }
}

function start(data: string, command: 'agent' | 'agent-updater' | 'status') {
  const child = spawn(LAUNCHER, [command, '--data', data], { stdio: ['ignore', 'pipe', 'pipe'] })
  children.push(child)
  let printed = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      printed += text
    })
  return {
    child,
    text: () => printed,
    says: (what: RegExp) => eventually(`it prints ${what}`, async () => what.test(printed)),
  }
}

describe('the updater', DEADLINE, () => {
  test('keeps a release that was seen, and its process becomes that release', async () => {
    const { data, slots } = await twoReleases('good', 'good')
    const { child, says } = start(data, 'agent-updater')
    await says(new RegExp(`^runs 0\\.9 ${child.pid}$`, 'm'))
    assert.equal(await readlink(path.join(slots.folder, 'current')), 'b')
    assert.equal((await slots.trial())?.wentBack, null)
    child.kill('SIGTERM')
    await once(child, 'exit')
    const again = start(data, 'agent')
    await again.says(/^runs 0\.9 /m)
  })

  for (const [tried, reason] of [
    ['crashes', /^release 0\.9 ended with status 3 before it was seen$/],
    ['crashes when it was ready', /^release 0\.9 ended with status 4 before it was seen$/],
    ['is never ready', /^release 0\.9 was not ready within 1 seconds$/],
    ['is never seen', /^release 0\.9 did not say within 1 seconds that it was seen$/],
    ['gives up', /^release 0\.9 was not seen by its peer paris-2$/],
  ] as const) {
    test(`goes back from one that ${tried}, and says why`, async () => {
      const { data, slots } = await twoReleases(tried, tried)
      const { child, says, text } = start(data, 'agent-updater')
      await says(new RegExp(`^runs 0\\.8 ${child.pid}$`, 'm'))
      assert.match((await slots.trial())?.wentBack ?? '', reason)
      assert.equal(await readlink(path.join(slots.folder, 'current')), 'a')
      const pid = Number(/^tried 0\.9 (\d+)$/m.exec(text())?.[1])
      assert.equal(livingProcess(pid), null)
    })
  }

  test('one that is killed in the middle leaves nothing running, and the release before runs with the next start', async () => {
    const { data, slots } = await twoReleases('killed', 'is never ready')
    const { child, says, text } = start(data, 'agent-updater')
    await says(/^tried 0\.9 \d+$/m)
    child.kill('SIGKILL')
    await once(child, 'exit')
    const again = start(data, 'agent')
    await again.says(/^runs 0\.8 /m)
    assert.match((await slots.trial())?.wentBack ?? '', /^release 0\.9 was not kept: its trial was cut off/)
    const pid = Number(/^tried 0\.9 (\d+)$/m.exec(text())?.[1])
    await eventually('the tried release ends', async () => livingProcess(pid) === null)
  })

  test('goes back also where that cannot be noted, when the other has ended', async () => {
    const { data, slots } = await twoReleases('not-noted', 'is never seen', 5)
    const { child, says, text } = start(data, 'agent-updater')
    await says(/^tried 0\.9 \d+$/m)
    await eventually('what is tried is noted', async () => (await slots.trial())?.tried != null)
    await mkdir(path.join(slots.folder, '.trial.json.new'))
    await says(new RegExp(`^runs 0\\.8 ${child.pid}$`, 'm'))
    assert.match(text(), /the updater could not go on, and goes back[^]*^runs/m)
    assert.match(text(), /^ends 0\.9$[^]*^runs/m)
  })

  test('a second agent is refused while a release is tried, and the trial goes on', async () => {
    const { data, slots } = await twoReleases('second', 'is never seen', 20)
    const { child, says } = start(data, 'agent-updater')
    await says(/^tried 0\.9 \d+$/m)
    await eventually('the updater is noted', async () => (await slots.trial())?.updater?.pid === child.pid)
    const second = start(data, 'agent')
    await second.says(/another agent is running on the data folder: its updater tries release 0\.9/)
    await eventually('it ends', async () => second.child.exitCode === 1)
    child.kill('SIGTERM')
    await eventually('the updater ends', async () => child.exitCode === 0)
    assert.equal((await slots.trial())?.wentBack, null)
  })
})

describe('which release runs', DEADLINE, () => {
  const baseRuns = /this appliance is not enrolled/

  test('none that is not whole', async () => {
    const { data, slots } = await twoReleases('half', 'good')
    await slots.switchTo('b')
    await rm(path.join(slots.treeOf('b'), 'slot.json'))
    const { says } = start(data, 'agent')
    await says(/slots\/b holds no whole release/)
    await says(baseRuns)
  })

  test('the one that was installed by hand later', async () => {
    const data = path.join(folder, 'by-hand')
    const slots = new ReleaseSlots(data)
    await release(slots, 'a', { version: '0.8', base: '0.0.9' })
    await slots.switchTo('a')
    const { says } = start(data, 'agent')
    await says(new RegExp(`release ${product.version.replaceAll('.', '\\.')} was installed by hand`))
    await says(baseRuns)
    assert.equal(await slots.current(), null)
  })

  test('the release before, where a trial was cut off by a restart of the machine and others have its numbers now', async () => {
    const { data, slots } = await twoReleases('restarted', 'good')
    const other = identityOf(process.pid)
    const trial = { patch: PATCH, release: '0.9', slot: 'b', seconds: 1, updater: other, tried: null } as const
    await slots.note({ ...trial, wentBack: null })
    const file = path.join(slots.folder, 'trial.json')
    await writeFile(file, JSON.stringify({ ...JSON.parse(await readFile(file, 'utf8')), bootId: 'the-boot-before' }))
    const { says } = start(data, 'agent')
    await says(/^runs 0\.8 /m)
    assert.match((await slots.trial())?.wentBack ?? '', /its trial was cut off/)
  })

  test('none from a folder of somebody else, for who only asks', { skip: process.geteuid?.() !== 0 }, async () => {
    const { data } = await twoReleases('asked', 'good')
    const own = start(data, 'status')
    await own.says(/^runs 0\.8 /m)
    await chown(data, 65_534, 65_534)
    const others = start(data, 'status')
    await others.says(/is no data folder of an enrolled appliance/)
    assert.doesNotMatch(others.text(), /^runs /m)
  })

  test('some release, whatever the slots hold', async () => {
    const { data, slots } = await twoReleases('torn', 'good')
    await writeFile(path.join(slots.folder, 'trial.json'), '{')
    await rm(slots.treeOf('a'), { recursive: true })
    const { says } = start(data, 'agent')
    await says(baseRuns)
  })
})
