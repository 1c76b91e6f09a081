/**
 * Our packages under a real systemd: they serve and enroll by themselves, are confined, are reloaded and restarted, and what an
 * installer does outlives a restart of the agent, and an upgrade of it.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { promisify } from 'node:util'
import { BootedMachine } from '../support/booted-machine.ts'
import { buildPackageOf } from '../support/built-packages.ts'
import { DEADLINE, eventually } from '../support/eventually.ts'
import { provide } from '../support/machine.ts'
import { buildPackage, cannotInstall, minimalDebianRoot } from '../support/real-packages.ts'

const run = promisify(execFile)
const CONTROLLER = 'patchmesh-controller'
const AGENT = 'patchmesh-agent'
const ROOT = path.join(import.meta.dirname, '../..')
const PLACE = '--data-center Paris --organization Provider --kind service-provider --role primary'
const skip = cannotInstall()

let folder: string
let machine: BootedMachine
before(async () => {
  if (skip !== false) return
  folder = await mkdtemp(path.join(tmpdir(), 'patchmesh-units-'))
  const root = path.join(folder, 'root')
  await minimalDebianRoot(root, 'with-systemd')
  for (const [daemon, version] of [
    ['controller', '0.1.0'],
    ['agent', '0.1.0'],
    ['agent', '0.2.0'],
  ] as const) {
    const file = await buildPackageOf(daemon, { out: folder, version })
    await copyFile(file, path.join(root, `${daemon}-${version}.deb`))
    await rm(file)
  }
  machine = await BootedMachine.boot(root)
})
after(async () => {
  await machine?.stop()
  if (folder !== undefined) await rm(folder, { recursive: true, force: true })
})

async function active(unit: string): Promise<void> {
  await eventually(`${unit} is active`, async () => (await machine.property(unit, 'ActiveState')) === 'active')
}

/** The numbers of the processes whose command line has this; the pattern must not match itself. */
async function running(pattern: string): Promise<string> {
  const files = await machine.say(`grep -slaE '${pattern}' /proc/[0-9]*/cmdline || true`)
  return files.replaceAll(/\/proc\/|\/cmdline/g, '')
}

/** As the Owner of the Service Center. */
async function client(words: string): Promise<string> {
  ownersToken ??= machine.say('patchmesh api-token --name test --role owner')
  return machine.say(
    `PATCHMESH_SERVER=http://127.0.0.1:8080 PATCHMESH_API_TOKEN=${await ownersToken} patchmesh ${words}`,
  )
}
let ownersToken: Promise<string> | undefined

async function upload(file: string, total: number): Promise<void> {
  await client(`patches upload ${file}`)
  await eventually('it is replicated', async () => {
    const listed = JSON.parse(await client('patches list --json')) as { replications: { complete: number } }[]
    return listed.length === total && listed.every(({ replications }) => replications.complete === 1)
  })
}

async function done(total: number): Promise<void> {
  await eventually('the install is done', async () => {
    const listed = JSON.parse(await client('installs list --json')) as { state: string }[]
    return listed.length === total && listed.every(({ state }) => state === 'done')
  })
}

describe('under systemd', { skip, ...DEADLINE }, () => {
  test('the controller serves when it is installed, and says so to systemd', async () => {
    await machine.run('dpkg -i /controller-0.1.0.deb')
    await active(CONTROLLER)
    assert.match(await machine.property(CONTROLLER, 'StatusText'), /^serves http:\/\/127\.0\.0\.1:8080$/)
    assert.match(await machine.journal(CONTROLLER), /^sign in once, within 15 minutes: http/m)
    const levels = await machine.say(
      `journalctl --no-pager --output=json --unit=${CONTROLLER} | grep '"the trail is intact'`,
    )
    const { PRIORITY, MESSAGE, SYSLOG_IDENTIFIER } = JSON.parse(levels.split('\n')[0] ?? '')
    assert.deepEqual([PRIORITY, SYSLOG_IDENTIFIER], ['6', CONTROLLER])
    assert.match(MESSAGE, /^the trail is intact \{"entries":/)
  })

  test('its pages are there with their style sheets and scripts', async () => {
    const look = `const page = await (await fetch('http://127.0.0.1:8080/sign-in')).text()
      const files = [...page.matchAll(/(?:href|src)="(\\/assets\\/[^"]+)"/g)].map(([, file]) => file)
      const sizes = await Promise.all(files.map(async (file) => (await (await fetch('http://127.0.0.1:8080' + file)).text()).length))
      console.log(JSON.stringify({ title: /<title>(.*)<\\/title>/.exec(page)?.[1], sizes }))`
    await writeFile(path.join(machine.root, 'look.mjs'), look)
    const { title, sizes } = JSON.parse(await machine.say(`/usr/lib/${CONTROLLER}/bin/node /look.mjs`))
    assert.match(title, /Sign in/)
    assert.ok(sizes.length >= 3 && sizes.every((size: number) => size > 100), JSON.stringify(sizes))
  })

  test('it has a user, a folder and no privileges of its own', async () => {
    const pid = await machine.property(CONTROLLER, 'MainPID')
    const status = await machine.say(`cat /proc/${pid}/status`)
    assert.match(status, /^CapEff:\t0+$/m)
    assert.match(status, /^NoNewPrivs:\t1$/m)
    assert.match(status, /^Seccomp:\t2$/m)
    assert.equal(await machine.say(`stat -c %U:%a /var/lib/${CONTROLLER}`), `${CONTROLLER}:700`)
  })

  test('an agent without a token waits, and has not failed', async () => {
    await machine.run('dpkg -i /agent-0.1.0.deb')
    assert.equal(await machine.property(AGENT, 'ActiveState'), 'inactive')
    assert.equal(await machine.property(AGENT, 'ConditionResult'), 'no')
    await machine.run(`dpkg --purge ${AGENT}`)
  })

  test('an agent with one enrolls as soon as somebody answers, and the token is nowhere to be read', async () => {
    await machine.run(`systemctl stop ${CONTROLLER}`)
    await machine.run(`umask 077 && patchmesh enroll-token ${PLACE} --name paris-1 >/etc/patchmesh/agent.token`)
    const ofOthers = `find /var/lib/${CONTROLLER} -not -user ${CONTROLLER}`
    assert.equal(
      await machine.say(ofOthers),
      '',
      'what root did there, beside a controller that is stopped, is not root’s',
    )
    await machine.run('dpkg -i /agent-0.1.0.deb')
    await eventually('it says whom it waits for', async () => {
      return /^enrolls: waits until .*\/tcp\/4001\/.* answers$/.test(await machine.property(AGENT, 'StatusText'))
    })
    await machine.run(`systemctl start ${CONTROLLER}`)
    await active(AGENT)
    assert.equal(await machine.property(AGENT, 'StatusText'), 'enrolled as paris-1')
    const token = (await readFile(path.join(machine.root, 'etc/patchmesh/agent.token'), 'utf8')).trim()
    const pid = await machine.property(AGENT, 'MainPID')
    assert.ok(!(await machine.say(`cat /proc/${pid}/cmdline /proc/${pid}/environ | tr '\\0' ' '`)).includes(token))
    assert.ok(!(await machine.journal(AGENT)).includes(token))
    assert.match(await machine.say('patchmesh status'), /^uplink +connected to the Service Center/m)
    await machine.run(
      'patchmesh enroll-token --data-center Paris --organization Provider --kind service-provider --role secondary --name paris-2',
    )
    assert.equal(await machine.say(ofOthers), '', 'nor beside one that runs')
  })

  test('the agent sees the mounts of the system', async () => {
    const pid = await machine.property(AGENT, 'MainPID')
    assert.equal(await machine.say(`readlink /proc/${pid}/ns/mnt`), await machine.say('readlink /proc/1/ns/mnt'))
  })

  test('a reload is taken, and a wrong one leaves all as it is', async () => {
    const pid = await machine.property(AGENT, 'MainPID')
    const file = path.join(machine.root, 'etc/patchmesh/agent.yaml')
    const text = await readFile(file, 'utf8')
    await writeFile(file, `${text}silenceSecond: 60\n`)
    await machine.run(`systemctl reload ${AGENT}`)
    await eventually('the refusal', async () => /did you mean silenceSeconds\?/.test(await machine.journal(AGENT)))
    await writeFile(file, `${text}silenceSeconds: 60\n`)
    await machine.run(`systemctl reload ${AGENT}`)
    await eventually('the reload', async () => /the configuration was read again/.test(await machine.journal(AGENT)))
    assert.equal(await machine.property(AGENT, 'MainPID'), pid)
    const refused = `journalctl --no-pager --output=cat --priority=err --unit=${AGENT}`
    assert.match(await machine.say(refused), /^the configuration stays as it was/m)
  })

  test('a wrong configuration ends a start for good, until a person has mended it', async () => {
    const file = path.join(machine.root, 'etc/patchmesh/controller.yaml')
    const text = await readFile(file, 'utf8')
    await writeFile(file, `${text}htpp: x\n`)
    await assert.rejects(machine.run(`systemctl restart ${CONTROLLER}`))
    assert.equal(await machine.property(CONTROLLER, 'ActiveState'), 'failed')
    assert.match(await machine.journal(CONTROLLER), /controller\.yaml:\d+: .*did you mean http\?/)
    await writeFile(file, text)
    await machine.run(`systemctl restart ${CONTROLLER}`)
    await active(CONTROLLER)
  })

  test('one that stands still is ended by the watchdog and comes back', async () => {
    await machine.run(`mkdir -p /run/systemd/system/${CONTROLLER}.service.d`)
    await machine.run(`printf '[Service]\\nWatchdogSec=6\\n' >/run/systemd/system/${CONTROLLER}.service.d/shorter.conf`)
    await machine.run(`systemctl daemon-reload && systemctl restart ${CONTROLLER}`)
    await active(CONTROLLER)
    const pid = await machine.property(CONTROLLER, 'MainPID')
    const told = await machine.property(CONTROLLER, 'WatchdogTimestampMonotonic')
    await eventually(
      'it says that it lives',
      async () => (await machine.property(CONTROLLER, 'WatchdogTimestampMonotonic')) !== told,
    )
    await machine.run(`kill -STOP ${pid}`)
    await eventually('another process serves', async () => {
      const now = await machine.property(CONTROLLER, 'MainPID')
      return now !== pid && now !== '0' && (await machine.property(CONTROLLER, 'ActiveState')) === 'active'
    })
    assert.match(await machine.journal(CONTROLLER), /Watchdog timeout/)
  })

  test('an installer outlives a restart of the agent and an upgrade of it, and the install ends well', async () => {
    const scripts = { postinst: 'touch /run/begun\nwhile [ ! -e /run/go ]; do sleep 0.1; done' }
    const patch = await buildPackage(folder, { name: 'slow-patch', version: '1.0', scripts })
    await copyFile(patch, path.join(machine.root, 'slow-patch.deb'))
    await upload('/slow-patch.deb', 1)
    const start = 'installs start slow-patch@1.0 --organization Provider --allow-outage --yes'
    const started = client(start)
    await eventually('the script of the package has begun', () => machine.run('test -e /run/begun'))
    const installer = await running('slow-patch[.]postinst')
    assert.match(installer, /^\d+$/)
    const before = await machine.property(AGENT, 'MainPID')
    await machine.run(`systemctl restart ${AGENT}`)
    await active(AGENT)
    assert.notEqual(await machine.property(AGENT, 'MainPID'), before)
    assert.equal(await running('slow-patch[.]postinst'), installer)
    await machine.run('touch /run/go')
    await started
    await done(1)
    assert.equal(await machine.say("dpkg-query -W -f '${Version}' slow-patch"), '1.0')
  })

  test('an agent installs its own successor as a patch, and goes on as that', async () => {
    const before = await machine.property(AGENT, 'MainPID')
    await upload('/agent-0.2.0.deb', 2)
    await client(`installs start ${AGENT}@0.2.0 --organization Provider --allow-outage --yes`)
    await done(2)
    assert.equal(
      await machine.property(AGENT, 'MainPID'),
      before,
      'the process has become the updater, and its successor',
    )
    assert.equal(await machine.property(AGENT, 'NRestarts'), '0')
    await eventually('it is enrolled', async () => {
      return (await machine.property(AGENT, 'StatusText')) === 'enrolled as paris-1'
    })
    assert.match(await machine.say('patchmesh status'), /^agent +runs, release 0\.2\.0$/m)
    assert.equal(await machine.say(`dpkg-query -W -f '\${Version}' ${AGENT}`), '0.1.0', 'what was installed by hand')
    await machine.run(`systemctl restart ${AGENT}`)
    await active(AGENT)
    assert.match(await machine.say('patchmesh status'), /^agent +runs, release 0\.2\.0$/m)
  })

  test('a package that is installed by hand runs in its place', async () => {
    await machine.run('dpkg -i /agent-0.1.0.deb')
    await eventually('release 0.1.0 runs', async () => {
      return /^agent +runs, release 0\.1\.0$/m.test(await machine.say('patchmesh status'))
    })
  })

  test('removed it runs no more, and purged nothing of it is there', async () => {
    await machine.run(`dpkg --purge ${AGENT} ${CONTROLLER}`)
    assert.equal(await running('/usr/lib/patchmesh[-]'), '')
    assert.equal(
      await machine.say("systemctl list-units --all --no-legend 'patchmesh*' | grep -v not-found || true"),
      '',
    )
    assert.equal(
      await machine.say('ls -d /var/lib/patchmesh* /etc/patchmesh /usr/lib/patchmesh* 2>/dev/null || true'),
      '',
    )
  })
})

describe('how far the units are confined', () => {
  /** The figure of systemd-analyze: 0 for everything taken away, 10 for nothing. */
  async function exposure(unit: string): Promise<number> {
    await provide('systemd-analyze')
    const { stdout } = await run('systemd-analyze', ['security', '--offline=yes', '--no-pager', path.join(ROOT, unit)])
    return Number(/Overall exposure level for .*: ([\d.]+)/.exec(stdout)?.[1] ?? 'NaN')
  }

  test('the controller at 2.0 or less', async () => {
    const found = await exposure('controller/package/patchmesh-controller.service')
    assert.ok(found <= 2.0, `${found}`)
  })

  test('the agent, which is root and installs packages, not less than before', async () => {
    const found = await exposure('agent/package/patchmesh-agent.service')
    assert.ok(found <= 9.0, `${found}`)
  })
})
