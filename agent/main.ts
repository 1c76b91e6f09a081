/**
 * `patchmesh agent`: reads the command line, enrolls on the first start, and runs until told to stop. The line `ready …` on
 * standard output means that the appliance is a member. `check`, `doctor`, `status`, `orders`, `import` and `config`
 * are other files of this program.
 */
import { mkdir } from 'node:fs/promises'
import { resolve } from 'node:path'
import { hint, isRefusal } from '../protocol/refusals.ts'
import { readToken } from '../protocol/token.ts'
import { AGENT_VERSION } from './shell/accounting.ts'
import { type RunningAppliance, startAppliance } from './shell/appliance.ts'
import { AgentConfig, changeableSettings } from './shell/config/agent-config.ts'
import { DEFAULT_LOG_LEVEL } from './shell/config/daemon-settings.ts'
import { reloadOnHangup } from './shell/config/reloading.ts'
import { enrollingToken } from './shell/config/secrets.ts'
import { settingsHelp } from './shell/config/showing.ts'
import { crashing, fail, failed, readConfig, readOptions, stopOnSignal } from './shell/daemon-command.ts'
import { lockDataFolder } from './shell/data-folder-lock.ts'
import { enroll } from './shell/enrolling.ts'
import { type Enrollment, loadEnrollment, loadIdentity } from './shell/kept-membership.ts'
import { type Log, openLog, RecentLines } from './shell/log.ts'
import { RoomOnDisk } from './shell/room-on-disk.ts'
import { type Supervisor, supervisor } from './shell/supervisor.ts'
import { becomeChosen, becomeRunning, dataFolderIn } from './shell/updater/choosing.ts'
import { endWithUpdater, ownRelease, tell } from './shell/updater/own-release.ts'
import { ReleaseSlots } from './shell/updater/release-slots.ts'

const HELP = `Usage: patchmesh agent --data DIR [--token TOKEN] [options]

Runs the agent of one appliance. The first start needs the token that
"patchmesh enroll-token" printed; later starts do not.

  --data DIR            where the agent keeps its key, its ledger and its patches
  --token TOKEN         enrolls this appliance, once; better in PATCHMESH_TOKEN, or as the
                        credential "token" of systemd: others see the words of a command
  --listen MULTIADDR    where a Service Provider appliance accepts members, may be
                        repeated (default /ip4/0.0.0.0/tcp/0); tenants only dial
  --announce MULTIADDR  where members shall dial it, if that is another address
  --install-root DIR    the folder that installers treat as / (default /)
  --config FILE         the same settings as YAML, and more; options here go before it:
${settingsHelp(AgentConfig)}
                        SIGHUP reads FILE again; what an asterisk marks waits for the next
                        start. "patchmesh config check FILE" says whether it is right

Example: patchmesh agent --data /var/lib/patchmesh --token pm1.…
`

const OPTIONS = {
  data: { type: 'string' },
  token: { type: 'string' },
  listen: { type: 'string', multiple: true },
  announce: { type: 'string', multiple: true },
  'install-root': { type: 'string' },
  config: { type: 'string' },
  help: { type: 'boolean' },
} as const

main().catch(failed)

async function main(): Promise<void> {
  const [command, ...args] = process.argv.slice(2)
  // What asks the agent is of its release, as far as that can be told.
  if (command === 'check' || command === 'status' || command === 'orders' || command === 'import')
    await becomeRunning([command, ...args])
  if (command === 'check') {
    const { check } = await import('./check.ts')
    process.exitCode = await check(args)
    return
  }
  if (command === 'doctor') {
    const { doctor } = await import('./doctor.ts')
    process.exitCode = await doctor(args)
    return
  }
  if (command === 'status') {
    const { status } = await import('./status.ts')
    process.exitCode = await status(args)
    return
  }
  if (command === 'orders') {
    const { orders } = await import('./orders.ts')
    process.exitCode = await orders(args)
    return
  }
  if (command === 'import') {
    const { importPatches } = await import('./import.ts')
    process.exitCode = await importPatches(args)
    return
  }
  if (command === 'config') {
    const { config } = await import('./config.ts')
    process.exitCode = await config(args)
    return
  }
  if (command !== 'agent' && command !== 'agent-updater') {
    const { otherCommand } = await import('./other-command.ts')
    process.exitCode = otherCommand(command)
    return
  }
  const values = readOptions('agent', args, OPTIONS)
  if (values.help) {
    process.stdout.write(HELP)
    return
  }
  const named = values.data ?? (await dataFolderIn(values.config))
  if (named !== null && command === 'agent-updater') return await update(resolve(named))
  // Before anything is judged: a later release may know more settings.
  if (named !== null) await becomeChosen(resolve(named), (line) => void process.stderr.write(`patchmesh: ${line}\n`))
  endWithUpdater()
  const config = await readConfig(AgentConfig, values.config)
  const data = values.data ?? config.data
  if (data === undefined) return fail('--data DIR is missing: say where the agent shall keep its files', 2)
  const folder = resolve(data)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  lockDataFolder(folder)
  const recent = new RecentLines()
  const log = openLog('agent', config.logLevel ?? DEFAULT_LOG_LEVEL, recent)
  const watched = supervisor(log)
  const { seed, identity } = await new RoomOnDisk(folder, log).whenThereIsRoom(() => loadIdentity(folder))
  const enrollment = await enrolled({ folder, token: values.token, identity, log, watched })
  const starting: Promise<RunningAppliance> = startAppliance({
    own: ownRelease({
      ...{ data: folder, release: AGENT_VERSION },
      async end() {
        await watched.leaving('another release of the agent takes its place')
        await (await starting).stop()
      },
    }),
    folder,
    seed,
    identity,
    enrollment,
    listen: values.listen ?? config.listen ?? ['/ip4/0.0.0.0/tcp/0'],
    announce: values.announce ?? config.announce ?? [],
    installRoot: resolve(values['install-root'] ?? config.installRoot ?? '/'),
    settings: changeableSettings(config),
    publishers: config.publishers ?? [],
    checks: config.checks ?? [],
    switchover: config.switchover ?? null,
    log,
    recent,
    fail: crashing(log, 'agent'),
  })
  const appliance = await starting
  process.stdout.write(`ready name=${appliance.name} peer=${identity.peer} listen=${appliance.addresses[0] ?? '-'}\n`)
  watched.ready(`enrolled as ${appliance.name}`)
  tell({ word: 'ready' })
  if (values.config !== undefined)
    reloadOnHangup({
      schema: AgentConfig,
      file: values.config,
      config,
      log,
      apply(changed) {
        log.level = changed.logLevel ?? DEFAULT_LOG_LEVEL
        appliance.reconfigure(changeableSettings(changed), changed.publishers ?? [])
      },
    })
  stopOnSignal(() => {
    watched.stopping()
    return appliance.stop()
  })
}

async function update(data: string): Promise<never> {
  const log = openLog('agent', DEFAULT_LOG_LEVEL, new RecentLines())
  const { runTrial } = await import('./shell/updater/run-trial.ts')
  return runTrial({ slots: new ReleaseSlots(data), log, watched: supervisor(log) })
}

async function enrolled(options: {
  folder: string
  token: string | undefined
  identity: Parameters<typeof enroll>[0]['identity']
  log: Log
  watched: Supervisor
}): Promise<Enrollment> {
  const { folder, identity, log, watched } = options
  const known = await loadEnrollment(folder, identity.peer)
  if (known !== null) return known
  const text = options.token ?? (await enrollingToken())
  if (text === undefined)
    return fail('this appliance is not enrolled: start it once with --token TOKEN (patchmesh enroll-token)', 1)
  const token = readToken(text)
  if (isRefusal(token)) return fail(`${token.message}. ${hint(token.refused)}`, 1)
  watched.waits(`enrolls: waits until ${token.dial[0]} answers`)
  const room = new RoomOnDisk(folder, log)
  const enrollment = await room.whenThereIsRoom(() => enroll({ folder, token, identity, log }))
  if (isRefusal(enrollment)) return fail(`${enrollment.message}. ${hint(enrollment.refused)}`, 1)
  return enrollment
}
