/**
 * Our packages and the real dpkg, on a machine without systemd: installed, upgraded, removed, purged, and cut off at each step
 * on the way. What a person has changed and what the daemon keeps is there until it is purged.
 */
import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { copyFile, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { after, before, describe, test } from 'node:test'
import { promisify } from 'node:util'
import { buildPackageOf } from '../support/built-packages.ts'
import { eventually } from '../support/eventually.ts'
import { cannotInstall, minimalDebianRoot } from '../support/real-packages.ts'
import { cannotMount, SmallDisks } from '../support/small-disk.ts'

const run = promisify(execFile)
const ENVIRONMENT = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LANG: 'C.UTF-8', DEBIAN_FRONTEND: 'noninteractive' }
const OLD = '0.1.0'
const NEW = '0.2.0'
const skip = cannotInstall()

let folder: string
let root: string
before(async () => {
  if (skip !== false) return
  folder = await mkdtemp(path.join(tmpdir(), 'patchmesh-installing-'))
  root = path.join(folder, 'root')
  await minimalDebianRoot(root, 'without-systemd')
  for (const version of [OLD, NEW]) {
    const file = await buildPackageOf('agent', { out: folder, version })
    await copyFile(file, path.join(root, `agent-${version}.deb`))
    await rm(file)
  }
  const controller = await buildPackageOf('controller', { out: folder })
  await copyFile(controller, path.join(root, 'controller.deb'))
})
after(async () => {
  if (folder !== undefined) await rm(folder, { recursive: true, force: true })
})

/** A line of shell below the root; what fails throws with what it printed. */
async function inside(line: string): Promise<string> {
  const { stdout } = await run('chroot', [root, 'sh', '-c', line], { env: ENVIRONMENT, maxBuffer: 16 * 1024 * 1024 })
  return stdout.trimEnd()
}

const at = (file: string): string => path.join(root, file)
const version = (): Promise<string> => inside("dpkg-query -W -f '${Version} ${db:Status-Status}' patchmesh-agent")
const install = (release: string): Promise<string> => inside(`dpkg -i /agent-${release}.deb`)

/** What dpkg finds missing or half done; this root leaves out manual pages and documents, and a configuration may differ. */
const audit = async (): Promise<string> => {
  const found = await inside('dpkg --audit; dpkg --verify patchmesh-agent || true')
  const left = /^missing .*\/usr\/share\/(doc|man)\/|^..5...... c /
  return found
    .split('\n')
    .filter((line) => !left.test(line))
    .join('\n')
}

async function haveData(): Promise<void> {
  await mkdir(at('var/lib/patchmesh-agent'), { recursive: true, mode: 0o700 })
  await writeFile(at('var/lib/patchmesh-agent/enrollment'), 'kept\n')
  await writeFile(at('etc/patchmesh/agent.token'), 'secret\n', { mode: 0o600 })
}

describe('without systemd', { skip }, () => {
  test('the agent is installed, its command works, and nothing needs a network', async () => {
    await install(OLD)
    assert.equal(await version(), `${OLD} installed`)
    assert.equal(await audit(), '')
    assert.match(await inside('patchmesh --help'), /Usage: patchmesh COMMAND/)
    assert.match(await inside('patchmesh config check'), /agent\.yaml: right, for the agent/)
    assert.match(
      await inside('patchmesh installs list 2>&1 || echo status $?'),
      /package patchmesh-controller\.\nstatus 2/,
    )
    assert.equal(await inside('readlink -f /usr/bin/patchmesh'), '/usr/lib/patchmesh-agent/patchmesh')
    assert.equal((await stat(at('etc/patchmesh/agent.yaml'))).mode & 0o777, 0o644)
    const wanted = '/etc/systemd/system/multi-user.target.wants/patchmesh-agent.service'
    assert.equal(await inside(`readlink -f ${wanted}`), '/usr/lib/systemd/system/patchmesh-agent.service')
    assert.match(
      await inside('patchmesh status 2>&1 || echo status $?'),
      /patchmesh-agent is no data folder .*\nstatus 1/,
    )
    assert.match(
      await inside('patchmesh agent --config /etc/patchmesh/agent.yaml 2>&1 || true'),
      /is not enrolled: start it/,
    )
  })

  test('both halves are on one machine, and the command is the one that can do more', async () => {
    await inside('dpkg -i /controller.deb')
    assert.match(await inside('patchmesh --help'), /installs start/)
    assert.match(await inside('patchmesh config check'), /agent\.yaml: right.*\n.*controller\.yaml: right/)
    assert.match(await inside('id patchmesh-controller'), /uid=\d+\(patchmesh-controller\)/)
    assert.equal(await inside('bash -n /usr/share/bash-completion/completions/patchmesh && echo right'), 'right')
    await inside('dpkg --purge patchmesh-controller')
    assert.match(await inside('patchmesh --help'), /what runs on an appliance/)
    assert.ok(!existsSync(at('etc/patchmesh/controller.yaml')) && existsSync(at('etc/patchmesh/agent.yaml')))
  })

  test('an upgrade keeps data, and a file that a person has changed', async () => {
    await haveData()
    const text = `${await readFile(at('etc/patchmesh/agent.yaml'), 'utf8')}\nlogLevel: debug\n`
    await writeFile(at('etc/patchmesh/agent.yaml'), text)
    await install(NEW)
    assert.equal(await version(), `${NEW} installed`)
    assert.equal(await readFile(at('etc/patchmesh/agent.yaml'), 'utf8'), text)
    assert.equal(await readFile(at('var/lib/patchmesh-agent/enrollment'), 'utf8'), 'kept\n')
    assert.equal(await audit(), '')
  })

  test('an older one goes over a newer one', async () => {
    await install(OLD)
    assert.equal(await version(), `${OLD} installed`)
    assert.equal(await audit(), '')
  })

  test('removed it leaves configuration and data, and comes back to them', async () => {
    await inside('dpkg --remove patchmesh-agent')
    assert.ok(!existsSync(at('usr/lib/patchmesh-agent')) && !existsSync(at('usr/bin/patchmesh')))
    for (const kept of ['etc/patchmesh/agent.yaml', 'etc/patchmesh/agent.token', 'var/lib/patchmesh-agent/enrollment'])
      assert.ok(existsSync(at(kept)), kept)
    await install(OLD)
    assert.match(await readFile(at('etc/patchmesh/agent.yaml'), 'utf8'), /^logLevel: debug$/m)
  })

  test('purged it leaves nothing', async () => {
    await inside('dpkg --purge patchmesh-agent')
    const left = await inside(
      'find / -xdev -path "*patchmesh*" -not -path "/*.deb" -not -path "/var/log/*" -not -path "/proc/*"',
    )
    assert.equal(left, '')
    assert.equal(await inside('dpkg-query -W patchmesh-agent 2>/dev/null || true'), '')
  })
})

describe('where it cannot be installed, what was there works on, and it goes in when that is mended', {
  skip: skip === false ? cannotMount() : skip,
}, () => {
  const disks = new SmallDisks()
  after(() => disks.unmount())

  async function works(release: string): Promise<void> {
    assert.match(await inside('patchmesh --help'), /Usage: patchmesh COMMAND/)
    assert.equal(await inside('cat /usr/lib/patchmesh-agent/package.json | grep -o "[0-9.]*[0-9]"'), release)
  }

  test('a file of which the end is missing', async () => {
    await install(OLD)
    const { size } = await stat(at(`agent-${NEW}.deb`))
    for (const part of [0.2, 0.999]) {
      await inside(`head -c ${Math.floor(size * part)} /agent-${NEW}.deb >/cut.deb`)
      await assert.rejects(inside('dpkg -i /cut.deb'))
      await works(OLD)
      assert.equal(await version(), `${OLD} installed`)
    }
    await rm(at('cut.deb'))
    await install(NEW)
    await works(NEW)
  })

  test('no room', async () => {
    await inside('dpkg --purge patchmesh-agent')
    const home = at('usr/lib/patchmesh-agent')
    await disks.mount(home, 150e6)
    await install(OLD)
    disks.fill(home)
    await assert.rejects(install(NEW), /No space left on device/)
    await works(OLD)
    assert.equal(await version(), `${OLD} installed`)
    await disks.free(home)
    await inside('dpkg --purge patchmesh-agent 2>&1')
    disks.unmount()
    await install(NEW)
    await works(NEW)
  })

  test('a file system that is read only', async () => {
    await install(OLD)
    await run('mount', ['--bind', at('usr'), at('usr')])
    try {
      await run('mount', ['-o', 'remount,bind,ro', at('usr')])
      await assert.rejects(install(NEW), /Read-only file system/)
      await works(OLD)
    } finally {
      await run('umount', [at('usr')])
    }
    await install(NEW)
    await works(NEW)
    assert.equal(await audit(), '')
  })
})

/** Ends dpkg and its scripts with SIGKILL when it tells its `step`th state; false where it ended before. */
async function cutAt(step: number, words: readonly string[]): Promise<boolean> {
  const child = spawn(
    'unshare',
    ['--pid', '--fork', '--kill-child', 'chroot', root, 'dpkg', '--status-fd', '1', ...words],
    {
      env: ENVIRONMENT,
      stdio: ['ignore', 'pipe', 'ignore'],
    },
  )
  const ended = once(child, 'exit')
  let told = 0
  for await (const line of createInterface({ input: child.stdout })) {
    if (!/^(status|processing): /.test(line)) continue
    told += 1
    if (told === step) {
      child.kill('SIGKILL')
      break
    }
  }
  await ended
  return told === step
}

describe('cut off at any step, what is there is mended by what dpkg says', { skip }, () => {
  for (const [what, prepare, words] of [
    ['an install', 'dpkg --purge patchmesh-agent', ['-i', `/agent-${OLD}.deb`]],
    ['an upgrade', `dpkg -i /agent-${OLD}.deb`, ['-i', `/agent-${NEW}.deb`]],
    ['a removal', `dpkg -i /agent-${OLD}.deb`, ['--remove', 'patchmesh-agent']],
  ] as const) {
    test(what, async () => {
      let steps = 0
      for (let step = 1; ; step += 1) {
        await inside(prepare)
        if (what !== 'an install') await haveData()
        const wasCut = await cutAt(step, words)
        // What was cut in the middle of its files cannot be configured: dpkg says so, and that it is to be installed again.
        const configured = await eventually('what was cut has ended', async () => {
          const said = await inside('dpkg --configure -a 2>&1 || true')
          return !said.includes('lock was locked by another process') && { said }
        })
        if (configured.said !== '')
          assert.match(configured.said, /Setting up patchmesh-agent|should\s+reinstall it/, `after step ${step}`)
        if ((await inside('dpkg --audit')) !== '' || what === 'a removal') await inside(`dpkg ${words.join(' ')}`)
        assert.equal(await inside('dpkg --audit'), '', `after step ${step}`)
        if (what !== 'an install') {
          assert.equal(await readFile(at('var/lib/patchmesh-agent/enrollment'), 'utf8'), 'kept\n', `after step ${step}`)
          assert.ok(existsSync(at('etc/patchmesh/agent.yaml')), `after step ${step}`)
        }
        if (what !== 'a removal') {
          await inside(`dpkg ${words.join(' ')}`)
          assert.match(await inside('patchmesh --help'), /Usage: patchmesh COMMAND/, `after step ${step}`)
          assert.equal(await audit(), '', `after step ${step}`)
        }
        if (!wasCut) break
        steps = step
      }
      assert.ok(steps >= 3, `dpkg tells of several steps, and it was cut at ${steps}`)
    })
  }
})
