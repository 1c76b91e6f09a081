/**
 * Debian packages installed by the real dpkg into roots of their own.
 */
import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { promisify } from 'node:util'
import { ifThere } from '../../agent/shell/if-there.ts'
import { debianPackage } from '../../agent/shell/installers/debian/debian-package.ts'
import type { InstallTask, Outcome } from '../../agent/shell/installers/installer.ts'
import { eventually } from '../support/eventually.ts'
import { killNow, startInstalling } from '../support/installing-process.ts'
import { debianPublication } from '../support/publications.ts'
import { buildPackage, cannotInstall, copyOf, minimalDebianRoot, realPackage } from '../support/real-packages.ts'

const run = promisify(execFile)
const { detect, install, verify, revert, settle } = debianPackage

describe('A Debian package', { skip: cannotInstall() }, () => {
  const folders: string[] = []
  after(async () => {
    for (const folder of folders) await rm(folder, { recursive: true, force: true })
  })

  async function newFolder(): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), 'patchmesh-deb-'))
    folders.push(folder)
    return folder
  }

  /** A task with an empty root, or with a Debian root where maintainer scripts run. */
  async function taskFor(packageFile: string, root: 'empty' | 'debian' = 'empty'): Promise<InstallTask> {
    const folder = await newFolder()
    const task = {
      publication: await debianPublication(packageFile),
      file: await copyOf(packageFile, join(folder, 'stored')),
      root: join(folder, 'root'),
      scratch: join(folder, 'scratch'),
    }
    await mkdir(task.scratch)
    if (root === 'debian') await minimalDebianRoot(task.root)
    else await mkdir(task.root)
    return task
  }

  /** The task of another package for the same root. */
  async function nextTask(task: InstallTask, packageFile: string): Promise<InstallTask> {
    const next = await taskFor(packageFile)
    return { ...next, root: task.root }
  }

  async function audit({ root }: InstallTask): Promise<string> {
    return (await run('dpkg', [`--root=${root}`, '--audit'])).stdout
  }

  async function knownPackages({ root }: InstallTask): Promise<string> {
    return (await run('dpkg-query', [`--admindir=${root}/var/lib/dpkg`, '--show', '--showformat=${Package} '])).stdout
  }

  test('is installed into a fresh root, and detection finds its version', async () => {
    for (const name of ['publicsuffix', 'iso-codes'] as const) {
      const task = await taskFor(await realPackage(name))
      const before = await detect(task)
      assert.equal(before.result, 'applicable')
      assert.equal(before.installedVersion, null)
      succeeds(await install(task))
      succeeds(await verify(task))
      const found = await detect(task)
      assert.equal(found.result, 'installed')
      assert.equal(found.installedVersion, task.publication.version)
    }
  })

  test('installs again without change where it is installed already', async () => {
    const task = await taskFor(await realPackage('publicsuffix'))
    succeeds(await install(task))
    succeeds(await install({ ...task, scratch: await newFolder() }))
    succeeds(await verify(task))
  })

  test('with dependencies and maintainer scripts is installed into a Debian root and taken off again', async () => {
    const task = await taskFor(await realPackage('less'), 'debian')
    succeeds(await install(task))
    succeeds(await verify(task))
    assert.match(await readFile(join(task.root, 'var/lib/dpkg/alternatives/pager'), 'utf8'), /\/usr\/bin\/less/)
    succeeds(await revert(task))
    assert.equal((await detect(task)).installedVersion, null)
    assert.equal(await audit(task), '')
    await assert.rejects(stat(join(task.root, 'usr/bin/less')))
  })

  test("whose dependencies are missing fails with dpkg's own words and leaves the root clean", async () => {
    const task = await taskFor(await realPackage('less'))
    const outcome = await install(task)
    fails(outcome, /dependency problems/)
    assert.match(outcome.output, /less depends on libc6 .*\n {2}Package libc6 is not installed/)
    fails(await verify(task), /not installed/)
    succeeds(await revert(task))
    assert.equal(await audit(task), '')
    assert.equal(await knownPackages(task), '')
  })

  test('whose dependencies are missing leaves the version before it in place', async () => {
    const folder = await newFolder()
    const first = await taskFor(await buildPackage(folder, { name: 'sample', version: '1.0' }))
    succeeds(await install(first))
    const second = await nextTask(
      first,
      await buildPackage(folder, { name: 'sample', version: '2.0', depends: 'absent' }),
    )
    fails(await install(second), /dependency problems/)
    succeeds(await verify(first))
    assert.equal(await readFile(join(first.root, 'opt/sample/version'), 'utf8'), '1.0\n')
    succeeds(await revert(second))
    assert.equal(await audit(first), '')
  })

  test('I21 whose maintainer script fails is taken off again', async () => {
    const scripts = { postinst: 'echo the postinst gives up; exit 7' }
    const task = await taskFor(
      await buildPackage(await newFolder(), { name: 'sample', version: '1', scripts }),
      'debian',
    )
    const outcome = await install(task)
    fails(outcome, /status 1/)
    assert.match(outcome.output, /the postinst gives up[^]*subprocess returned error exit status 7/)
    fails(await verify(task), /half configured \(iF\)/)
    assert.equal((await detect(task)).installedVersion, null)
    succeeds(await revert(task))
    assert.equal(await audit(task), '')
    assert.equal((await detect(task)).result, 'applicable')
  })

  test('I21 whose maintainer script hangs is killed at the timeout and taken off again', async () => {
    const scripts = { postinst: 'trap "" TERM; sleep 1000; exit 0' }
    const task = await taskFor(
      await buildPackage(await newFolder(), { name: 'sample', version: '1', scripts }),
      'debian',
    )
    fails(await install(withTimeout(task, 2)), /did not end within 2 s/)
    succeeds(await revert(task))
    assert.equal(await audit(task), '')
  })

  test('I21 that replaced a version which is not kept anywhere says so instead of pretending', async () => {
    const folder = await newFolder()
    const scripts = { postinst: 'exit 1' }
    const first = await taskFor(await buildPackage(folder, { name: 'sample', version: '1.0' }), 'debian')
    succeeds(await install(first))
    const second = await nextTask(first, await buildPackage(folder, { name: 'sample', version: '2.0', scripts }))
    fails(await install(second), /status 1/)
    fails(await revert(second), /sample 1\.0 was installed before, and its package file is not on this appliance/)
  })

  test('I21 that replaced a version which apt has kept goes back to it', async () => {
    const folder = await newFolder()
    const scripts = { postinst: 'exit 1' }
    const earlier = await buildPackage(folder, { name: 'sample', version: '1:1.0' })
    const first = await taskFor(earlier, 'debian')
    succeeds(await install(first))
    await copyOf(earlier, join(first.root, 'var/cache/apt/archives/sample_1%3a1.0_all.deb'))
    const second = await nextTask(first, await buildPackage(folder, { name: 'sample', version: '1:2.0', scripts }))
    fails(await install(second), /status 1/)
    succeeds(await revert(second))
    succeeds(await verify(first))
  })

  test('older than what is there counts as installed and is never installed over it', async () => {
    const folder = await newFolder()
    const newer = await taskFor(await buildPackage(folder, { name: 'sample', version: '1.10' }))
    succeeds(await install(newer))
    const older = await nextTask(newer, await buildPackage(folder, { name: 'sample', version: '1.9' }))
    const found = await detect(older)
    assert.equal(found.result, 'installed')
    assert.equal(found.installedVersion, '1.10')
    assert.match(found.reason, /supersedes 1\.9/)
    fails(await install(older), /would go back/)
    succeeds(await verify(newer))
  })

  test('X4 that the administrator holds counts as installed, says so, and is not verified as broken', async () => {
    const task = await taskFor(await realPackage('publicsuffix'))
    succeeds(await install(task))
    const selecting = run('dpkg', [`--root=${task.root}`, '--set-selections'])
    selecting.child.stdin?.end('publicsuffix hold\n')
    await selecting
    const found = await detect(task)
    assert.equal(found.result, 'installed')
    assert.match(found.reason, /on hold/)
    succeeds(await verify(task))
  })

  test('Y0: whose files are not all there is not installed, whatever dpkg says, and they are named', async () => {
    const scripts = { postinst: 'rm /opt/sample/version' }
    const task = await taskFor(
      await buildPackage(await newFolder(), { name: 'sample', version: '1', scripts }),
      'debian',
    )
    succeeds(await install(task))
    fails(await verify(task), /of its files \/opt\/sample\/version is not there/)
    succeeds(await revert(task))
  })

  test('whose file is diverted is looked for where it was diverted to', async () => {
    const task = await taskFor(await buildPackage(await newFolder(), { name: 'sample', version: '1' }), 'debian')
    const words = ['--divert', '/opt/elsewhere', '--no-rename', '--local', '--add', '/opt/sample/version']
    await run('dpkg-divert', [`--root=${task.root}`, ...words])
    succeeds(await install(task))
    assert.equal(await isThere(join(task.root, 'opt/elsewhere')), true)
    succeeds(await verify(task))
  })

  test('X4 that is marked to be removed is not installed, and an order has it wanted again without unpacking it', async () => {
    const scripts = { preinst: 'echo preinst >> /runs' }
    const task = await taskFor(
      await buildPackage(await newFolder(), { name: 'sample', version: '1', scripts }),
      'debian',
    )
    succeeds(await install(task))
    const selecting = run('dpkg', [`--root=${task.root}`, '--set-selections'])
    selecting.child.stdin?.end('sample deinstall\n')
    await selecting
    const found = await detect(task)
    assert.equal(found.result, 'applicable')
    assert.match(found.reason, /marked to be removed \(ri\)/)
    const again = { ...task, scratch: await newFolder() }
    succeeds(await install(again))
    succeeds(await verify(again))
    assert.equal((await detect(task)).result, 'installed')
    assert.equal(await readFile(join(task.root, 'runs'), 'utf8'), 'preinst\n')
  })

  test('for another architecture is not applicable', async () => {
    const [other] = ['amd64', 'arm64'].filter((architecture) => architecture !== nodeArchitecture())
    const task = await taskFor(
      await buildPackage(await newFolder(), { name: 'sample', version: '1', architecture: other as string }),
    )
    const found = await detect(task)
    assert.equal(found.result, 'notApplicable')
    assert.match(found.reason, new RegExp(`for ${other}`))
  })

  test('is put off while another dpkg holds the lock', async () => {
    const scripts = { postinst: 'echo now > /started; read -r go < /go' }
    const slow = await taskFor(await buildPackage(await newFolder(), { name: 'slow', version: '1', scripts }), 'debian')
    await run('mkfifo', [join(slow.root, 'go')])
    const other = spawn('dpkg', [`--root=${slow.root}`, '--install', slow.file], { stdio: 'ignore' })
    const ended = once(other, 'exit')
    await eventually('the other dpkg', () => isThere(join(slow.root, 'started')))
    const task = await nextTask(slow, await realPackage('publicsuffix'))
    const outcome = await install(task)
    fails(outcome, /another program holds the lock of dpkg/)
    assert.equal(outcome.temporary, true)
    await writeFile(join(slow.root, 'go'), 'go\n')
    await ended
    succeeds(await install(task))
  })

  test('I21 survives kill -9 of the agent in the middle of dpkg: the next agent waits for it and finds it installed', async () => {
    const scripts = { postinst: 'echo now > /started; read -r go < /go; echo of no interest to anybody' }
    const task = await taskFor(await buildPackage(await newFolder(), { name: 'slow', version: '1', scripts }), 'debian')
    await run('mkfifo', [join(task.root, 'go')])
    const agent = await startInstalling(task)
    await eventually('the postinst', () => isThere(join(task.root, 'started')))
    await killNow(agent)
    const settled = settle(task)
    assert.match((await verify(task)).reason, /not installed/)
    await writeFile(join(task.root, 'go'), 'go\n')
    await settled
    succeeds(await verify(task))
  })

  for (const then of ['another attempt installs it', 'a revert leaves the root clean'] as const) {
    test(`I21 when dpkg is killed while it unpacks, ${then}`, async () => {
      const task = await taskFor(await realPackage('openclonk-data'))
      const agent = await startInstalling(task)
      await eventually('the unpacking', () => isUnpacking(task))
      const { pid } = JSON.parse(await readFile(join(task.scratch, 'running-program.json'), 'utf8'))
      process.kill(pid, 'SIGSTOP')
      await killNow(agent)
      process.kill(-pid, 'SIGKILL')
      await settle(task)
      assert.notEqual(await audit(task), '')
      fails(await verify(task), /not installed/)
      if (then === 'another attempt installs it') {
        succeeds(await install(task))
        succeeds(await verify(task))
      }
      succeeds(await revert(task))
      assert.equal(await audit(task), '')
      assert.equal(await knownPackages(task), '')
    })
  }

  test('I20 is refused when the stored file was exchanged after its verification', async () => {
    const task = await taskFor(await realPackage('publicsuffix'))
    await writeFile(task.file, await readFile(await realPackage('iso-codes')))
    fails(await install(task), /instead of/)
    const bytes = await readFile(await realPackage('publicsuffix'))
    bytes[bytes.byteLength >> 1] = (bytes[bytes.byteLength >> 1] as number) ^ 1
    await writeFile(task.file, bytes)
    fails(await install(task), /SHA-256 is [0-9a-f]{64} instead of/)
    await rm(task.file)
    await symlink(await realPackage('publicsuffix'), task.file)
    fails(await install(task), /not a plain file/)
    await rm(task.file)
    fails(await install(task), /does not hold the patch/)
    assert.deepEqual(await readdir(task.root), [])
    assert.deepEqual(await readdir(task.scratch), [])
  })

  test('I22 runs its maintainer scripts without anything from the environment of the agent', async () => {
    const scripts = { postinst: 'env > /environment' }
    const task = await taskFor(
      await buildPackage(await newFolder(), { name: 'sample', version: '1', scripts }),
      'debian',
    )
    const agent = await startInstalling(task, { LD_BIND_NOW: '1', DPKG_FORCE: 'all', PERL5OPT: '-w', SECRET: 'x' })
    await once(agent, 'exit')
    const environment = await readFile(join(task.root, 'environment'), 'utf8')
    assert.doesNotMatch(environment, /LD_BIND_NOW|DPKG_FORCE=all|PERL5OPT|SECRET|NODE_|npm_/)
    assert.match(environment, /^PATH=\/usr\/local\/sbin:\/usr\/local\/bin:\/usr\/sbin:\/usr\/bin:\/sbin:\/bin$/m)
    assert.match(environment, /^LC_ALL=C\.UTF-8$/m)
  })
})

function withTimeout(task: InstallTask, timeoutSeconds: number): InstallTask {
  const { publication } = task
  return {
    ...task,
    publication: { ...publication, manifest: { ...publication.manifest, install: { timeoutSeconds } } },
  }
}

function succeeds(outcome: Outcome): void {
  assert.equal(outcome.ok, true, `${outcome.reason}\n${outcome.output}`)
}

function fails(outcome: Outcome, reason: RegExp): void {
  assert.equal(outcome.ok, false, `it should have failed: ${outcome.reason}`)
  assert.match(outcome.reason, reason)
}

function nodeArchitecture(): string {
  return process.arch === 'x64' ? 'amd64' : process.arch
}

/** dpkg writes every file under a name of its own first. */
async function isUnpacking({ root }: InstallTask): Promise<boolean> {
  const data = join(root, 'usr/share/games/openclonk')
  return (await isThere(data)) && (await readdir(data)).some((name) => name.endsWith('.dpkg-new'))
}

async function isThere(path: string): Promise<boolean> {
  return (await ifThere(stat(path))) !== null
}
