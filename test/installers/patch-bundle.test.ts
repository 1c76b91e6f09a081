/**
 * Patch bundles installed by their own programs, well-behaved and not.
 */
import assert from 'node:assert/strict'
import { type ChildProcess, execFile } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { promisify } from 'node:util'
import { ifThere } from '../../agent/shell/if-there.ts'
import type { InstallTask, Outcome } from '../../agent/shell/installers/installer.ts'
import { installerFor } from '../../agent/shell/installers/installer-for.ts'
import { patchBundle } from '../../agent/shell/installers/patch-bundle.ts'
import { writeExampleBundle } from '../../controller/cli/example-bundle.ts'
import { type ManifestDraft, writeBundle } from '../../controller/cli/write-bundle.ts'
import { Manifest } from '../../protocol/bundle/manifest.ts'
import { MAX_REPORTED_OUTPUT_BYTES } from '../../protocol/limits.ts'
import { eventually } from '../support/eventually.ts'
import { killNow, startInstalling } from '../support/installing-process.ts'
import { publicationOf } from '../support/publications.ts'

const run = promisify(execFile)
const { detect, install, verify, revert, settle } = patchBundle

/** What counts as installed for the bundles made here. */
const BECOME_INSTALLED = 'mkdir -p "$PATCHMESH_ROOT/opt/sample"; echo 2.0 > "$PATCHMESH_ROOT/opt/sample/version"'

type Programs = {
  readonly install: string
  readonly health?: string
  readonly revert?: string | 'none'
  readonly timeoutSeconds?: number
}

describe('A patch bundle', () => {
  const folders: string[] = []
  const leftRunning: number[] = []
  after(async () => {
    for (const pid of leftRunning) process.kill(pid, 'SIGKILL')
    for (const folder of folders) await rm(folder, { recursive: true, force: true })
  })

  async function newFolder(): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), 'patchmesh-bundle-'))
    folders.push(folder)
    return folder
  }

  async function taskAt(folder: string, file: string, manifest: Manifest): Promise<InstallTask> {
    const task = {
      publication: await publicationOf(file, 'bundle', manifest),
      file,
      root: join(folder, 'root'),
      scratch: join(folder, `scratch-${manifest.version}`),
    }
    await mkdir(task.root, { recursive: true })
    await mkdir(task.scratch)
    return task
  }

  async function exampleTask(folder: string, version: string, failing?: 'install' | 'health'): Promise<InstallTask> {
    const file = join(folder, `example-${version}.patch`)
    const manifest = await writeExampleBundle({ version, out: file, ...(failing === undefined ? {} : { failing }) })
    return taskAt(folder, file, manifest)
  }

  /** A bundle `sample` 2.0 whose programs are these shell texts. */
  async function sampleTask(programs: Programs): Promise<InstallTask> {
    const folder = await newFolder()
    const file = join(folder, 'sample-2.0.patch')
    const scripts = { install: programs.install, health: programs.health, revert: programs.revert }
    const contents = Object.entries(scripts)
      .filter(([, text]) => text !== undefined)
      .map(([path, text]) => ({ path, executable: true, content: Buffer.from(`#!/bin/sh\nset -eu\n${text}\n`) }))
    return taskAt(folder, file, await writeBundle(file, { draft: sampleDraft(programs), contents }))
  }

  test('is installed, found, healthy, and goes back to nothing', async () => {
    const task = await exampleTask(await newFolder(), '1.0')
    assert.equal(installerFor(task.publication), patchBundle)
    assert.deepEqual(await detect(task), {
      result: 'applicable',
      installedVersion: null,
      reason: 'no version is there',
    })
    succeeds(await install(task))
    succeeds(await verify(task))
    assert.deepEqual(await detect(task), {
      result: 'installed',
      installedVersion: '1.0',
      reason: 'version 1.0 is there',
    })
    succeeds(await revert(task))
    assert.equal((await detect(task)).installedVersion, null)
  })

  test('goes back to the version that was there before', async () => {
    const folder = await newFolder()
    const first = await exampleTask(folder, '1.0')
    const second = await exampleTask(folder, '2.0')
    succeeds(await install(first))
    succeeds(await install(second))
    succeeds(await verify(second))
    fails(await verify(first), /version 2\.0 is there instead of 1\.0/)
    succeeds(await revert(second))
    succeeds(await verify(first))
  })

  test('I21 whose install program fails, and one whose health program fails, end as failed and are reverted', async () => {
    const broken = await exampleTask(await newFolder(), '1.0', 'install')
    const outcome = await install(broken)
    fails(outcome, /the install program ended with status 1/)
    assert.match(outcome.output, /was made with --failing install/)
    succeeds(await revert(broken))
    const sick = await exampleTask(await newFolder(), '1.0', 'health')
    succeeds(await install(sick))
    fails(await verify(sick), /the health program ended with status 1/)
    succeeds(await revert(sick))
    assert.equal((await detect(sick)).installedVersion, null)
  })

  test('I23 whose install program does nothing and ends well is not verified', async () => {
    const task = await sampleTask({ install: 'exit 0', health: 'exit 0' })
    succeeds(await install(task))
    fails(await verify(task), /no version is there instead of 2\.0/)
  })

  test('I21 whose install program is ended by a signal says which', async () => {
    const task = await sampleTask({ install: 'echo before; kill -SEGV $$' })
    const outcome = await install(task)
    fails(outcome, /the install program was ended by the signal SIGSEGV/)
    assert.equal(outcome.output, 'before\n')
  })

  test('whose install program ends with status 75 may be tried again', async () => {
    const task = await sampleTask({ install: 'exit 75' })
    assert.equal((await install(task)).temporary, true)
  })

  test('I21 whose install program hangs is killed with everything it started', async () => {
    const leaveGroup =
      'setsid sh -c \'trap "" TERM; echo $$ > "$PATCHMESH_ROOT/daemon"; while :; do sleep 1000; done\' &'
    const ignore = 'trap "" TERM; env -i sleep 1000 & echo $! > "$PATCHMESH_ROOT/child"; while :; do wait; done'
    const task = await sampleTask({ install: `${leaveGroup}\n${ignore}`, timeoutSeconds: 1 })
    fails(await install(task), /did not end within 1 s and was killed with everything it had started/)
    for (const name of ['daemon', 'child']) assert.equal(await isRunning(await pidIn(task, name)), false, name)
  })

  test('I21 whose install program leaves a daemon that holds its output ends with the program, and the daemon lives on', async () => {
    // It prints only after the program has ended. Each beat is 4 KiB: sixteen of them fill a pipe that nobody reads.
    const beat = 'head -c 4096 /dev/zero; echo beat >> "$PATCHMESH_ROOT/beats"'
    const life = `echo $$ > "$PATCHMESH_ROOT/daemon"; read -r go < "$PATCHMESH_ROOT/go"; while :; do ${beat}; sleep 0.01; done`
    const daemon = `mkfifo "$PATCHMESH_ROOT/go"; setsid sh -c '${life}' &`
    const wait = 'while [ ! -s "$PATCHMESH_ROOT/daemon" ]; do sleep 0.01; done'
    const task = await sampleTask({ install: `${daemon}\n${BECOME_INSTALLED}; ${wait}; echo the end of the program` })
    const outcome = await install(task)
    const pid = await pidIn(task, 'daemon')
    leftRunning.push(pid)
    succeeds(outcome)
    assert.equal(outcome.output, 'the end of the program\n')
    succeeds(await verify(task))
    await writeFile(join(task.root, 'go'), 'go\n')
    await eventually('the daemon printing more than a pipe holds', async () => {
      const beats = join(task.root, 'beats')
      return (await isThere(beats)) && (await readFile(beats, 'utf8')).split('\n').length > 64
    })
    assert.equal(await isRunning(pid), true)
  })

  test('I21 whose install program prints 200 MB costs neither memory nor disk, and the end of it is kept', async () => {
    const task = await sampleTask({
      install: `${BECOME_INSTALLED}; head -c 200000000 /dev/zero; printf '\\033[31m\\r\\377 the end \\342\\202\\254' >&2`,
    })
    const before = process.memoryUsage().rss
    const outcome = await install(task)
    succeeds(outcome)
    assert.ok(process.memoryUsage().rss - before < 100_000_000, 'the output was kept in memory')
    assert.ok(Buffer.byteLength(outcome.output) <= MAX_REPORTED_OUTPUT_BYTES)
    assert.ok(outcome.output.endsWith('\uFFFD[31m\uFFFD\uFFFD the end €'))
    const { stdout } = await run('du', ['--summarize', '--bytes', task.scratch])
    assert.ok(Number.parseInt(stdout, 10) < 100_000, stdout)
  })

  test('I21 survives kill -9 of the agent in the middle of its install program, whatever that still prints', async () => {
    const task = await sampleTask({
      install: `mkfifo "$PATCHMESH_ROOT/go"; read -r go < "$PATCHMESH_ROOT/go"; head -c 20000000 /dev/zero; ${BECOME_INSTALLED}`,
    })
    const agent = await startInstalling(task)
    await eventually('the install program', () => isThere(join(task.root, 'go')))
    await killNow(agent)
    const settled = settle(task)
    // Without a health program there is nothing to run, so this does not wait.
    fails(await verify(task), /no version is there/)
    await writeFile(join(task.root, 'go'), 'go\n')
    await settled
    succeeds(await verify(task))
    await settle(task)
  })

  test('I21 that hangs after kill -9 of the agent is killed at its timeout by the next one', async () => {
    const task = await sampleTask({
      install: 'sleep 1000 & echo $! > "$PATCHMESH_ROOT/child"; wait',
      timeoutSeconds: 3,
    })
    const agent = await startInstalling(task)
    await eventually('the install program', () => isThere(join(task.root, 'child')))
    const child = await eventually('its child', async () => (await pidIn(task, 'child')) || null)
    await killNow(agent)
    await settle(task)
    assert.equal(await isRunning(child), false)
    fails(await verify(task), /no version is there/)
  })

  test('I21 whose program kills the agent finishes, and the next agent finds it installed', async () => {
    const task = await sampleTask({
      install: `while [ ! -s "$PATCHMESH_ROOT/agent" ]; do sleep 0.01; done\nkill -9 "$(cat "$PATCHMESH_ROOT/agent")"; ${BECOME_INSTALLED}`,
    })
    const agent: ChildProcess = await startInstalling(task)
    await writeFile(join(task.root, 'agent'), String(agent.pid))
    const [, signal] = await once(agent, 'exit')
    assert.equal(signal, 'SIGKILL')
    await settle(task)
    succeeds(await verify(task))
  })

  test('I22 gets nothing from the environment of the agent but what is named', async () => {
    const task = await sampleTask({
      install: `env > "$PATCHMESH_ROOT/environment"; pwd -P; umask; ${BECOME_INSTALLED}`,
    })
    const planted = join(await newFolder(), 'planted')
    await mkdir(planted)
    for (const name of ['sh', 'mkfifo', 'mkdir', 'env', 'dpkg']) {
      await writeFile(join(planted, name), `#!/bin/sh\necho planted >> ${planted}/ran\n`)
      await chmod(join(planted, name), 0o755)
    }
    const agent = await startInstalling(task, {
      PATH: `${planted}:${process.env.PATH}`,
      LD_PRELOAD: 'libm.so.6',
      NODE_OPTIONS: '--no-warnings',
      BASH_ENV: join(planted, 'sh'),
      ENV: join(planted, 'sh'),
      PATCHMESH_API_TOKEN: 'secret',
    })
    const outcome: Outcome = JSON.parse(await textOf(agent))
    succeeds(outcome)
    const payload = join(task.scratch, 'payload')
    assert.equal(outcome.output, `${payload}\n0022\n`)
    const lines = (await readFile(join(task.root, 'environment'), 'utf8')).trim().split('\n')
    const told = lines.filter((line) => !/^(PWD|PATCHMESH_RUN|_|SHLVL|OLDPWD)=/.test(line)).sort()
    assert.deepEqual(told, [
      'DEBIAN_FRONTEND=noninteractive',
      'DEBIAN_PRIORITY=critical',
      'HOME=/root',
      'LC_ALL=C.UTF-8',
      'LOGNAME=root',
      `PATCHMESH_PAYLOAD=${payload}`,
      `PATCHMESH_ROOT=${task.root}`,
      'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      'SHELL=/bin/sh',
      'TERM=dumb',
      'UCF_FORCE_CONFFOLD=1',
      'USER=root',
    ])
    assert.equal(await isThere(join(planted, 'ran')), false)
  })

  test('I20 is refused when the stored file was exchanged after its verification, and nothing of it runs', async () => {
    const task = await sampleTask({ install: BECOME_INSTALLED })
    const evil = await sampleTask({ install: `${BECOME_INSTALLED}; : other bytes of another patch` })
    await writeFile(task.file, await readFile(evil.file))
    fails(await install(task), /instead of/)
    assert.deepEqual(await readdir(task.root), [])
    assert.equal((await revert(task)).reason, 'nothing of the patch is left to put back')
  })

  test('says honestly when it has no way back', async () => {
    const task = await sampleTask({ install: `${BECOME_INSTALLED}; exit 1`, revert: 'none' })
    fails(await install(task), /status 1/)
    fails(await revert(task), /promises no way back/)
    const lying = await sampleTask({ install: BECOME_INSTALLED, revert: 'exit 0' })
    succeeds(await install(lying))
    fails(
      await revert(lying),
      /the revert program ended well, but now version 2\.0 is there, and no version was before/,
    )
  })

  test('for other versions than the one that is there is not applicable', async () => {
    const task = await sampleTask({ install: BECOME_INSTALLED })
    const manifest = Manifest.parse({
      ...task.publication.manifest,
      appliesTo: { applianceTypes: [], fromVersions: ['1.8', '1.9'] },
    })
    const found = await detect({ ...task, publication: { ...task.publication, manifest } })
    assert.equal(found.result, 'notApplicable')
    assert.equal(found.reason, 'the patch is for 1.8, 1.9, and no version is there')
  })

  test('reads its version file below the root only, whatever links lie there', async () => {
    const task = await sampleTask({ install: BECOME_INSTALLED })
    const outside = await newFolder()
    await writeFile(join(outside, 'version'), '2.0\n')
    const folder = join(task.root, 'opt/sample')
    const versionFile = join(folder, 'version')
    const found = async (prepare: () => Promise<unknown>) => {
      await rm(join(task.root, 'opt'), { recursive: true, force: true })
      await mkdir(folder, { recursive: true })
      await prepare()
      const { result, installedVersion } = await detect(task)
      return [result, installedVersion]
    }
    const absent = ['applicable', null]
    const unknown = ['unknown', null]
    assert.deepEqual(await found(() => symlink(join(outside, 'version'), versionFile)), absent)
    assert.deepEqual(await found(() => symlink(`${'../'.repeat(20)}${outside}/version`, versionFile)), absent)
    assert.deepEqual(await found(() => rm(folder, { recursive: true }).then(() => symlink(outside, folder))), absent)
    assert.deepEqual(await found(() => symlink('version', versionFile)), unknown)
    assert.deepEqual(await found(() => mkdir(versionFile)), unknown)
    assert.deepEqual(await found(() => run('mkfifo', [versionFile])), unknown)
    assert.deepEqual(await found(() => writeFile(versionFile, ' '.repeat(4096) + '2.0')), unknown)
    assert.deepEqual(await found(() => writeFile(versionFile, 'two words')), unknown)
    assert.deepEqual(await found(() => writeFile(versionFile, ' 2.0 \n')), ['installed', '2.0'])
    const inside = async () => {
      await writeFile(join(task.root, 'opt/kept'), '1.9\n')
      await symlink('/opt/kept', versionFile)
    }
    assert.deepEqual(await found(inside), ['applicable', '1.9'])
  })
})

function sampleDraft({ health, revert, timeoutSeconds = 60 }: Programs): ManifestDraft {
  const plain = revert === 'none' || revert === undefined
  return Manifest.omit({ payload: true }).parse({
    name: 'sample',
    version: '2.0',
    kind: 'update',
    publisher: 'patchmesh tests',
    created: '2026-01-01T00:00:00Z',
    appliesTo: { applianceTypes: [], fromVersions: [] },
    requires: [],
    conflicts: [],
    supersedes: [],
    impact: { restart: 'none', estimateSeconds: 1 },
    pair: { peerCompat: [], maxSkewSeconds: 86_400, order: 'secondary-first' },
    install: { program: 'install', timeoutSeconds },
    verify: {
      detect: { versionFile: '/opt/sample/version' },
      soakSeconds: 0,
      ...(health === undefined ? {} : { health: 'health' }),
    },
    revert: plain ? (revert ?? 'none') : { script: 'revert' },
    diskBytes: 0,
  })
}

function succeeds(outcome: Outcome): void {
  assert.equal(outcome.ok, true, `${outcome.reason}\n${outcome.output}`)
}

function fails(outcome: Outcome, reason: RegExp): void {
  assert.equal(outcome.ok, false, `it should have failed: ${outcome.reason}`)
  assert.match(outcome.reason, reason)
}

async function pidIn({ root }: InstallTask, name: string): Promise<number> {
  return Number(await readFile(join(root, name), 'utf8'))
}

/** A process that has ended and that nobody has asked after yet does not run. */
async function isRunning(pid: number): Promise<boolean> {
  if (!(await isThere(`/proc/${pid}/status`))) return false
  return !/^State:\s+[ZX]/m.test(await readFile(`/proc/${pid}/status`, 'utf8'))
}

async function textOf(child: ChildProcess): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of child.stdout ?? []) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

async function isThere(path: string): Promise<boolean> {
  return (await ifThere(stat(path))) !== null
}
