/**
 * `patchmesh agent`: reads the command line, enrolls on the first start, and runs until told to stop. The line `ready …` on
 * standard output means that the appliance is a member. `check`, `status` and `orders` are other files of this program.
 */
import { mkdir } from 'node:fs/promises'
import { resolve } from 'node:path'
import { z } from 'zod'
import { ListenAddress } from '../protocol/identifiers.ts'
import { MAX_LANES, MAX_PUBLISHERS, SILENCE_MS } from '../protocol/limits.ts'
import { Publisher } from '../protocol/publishers.ts'
import { hint, isRefusal } from '../protocol/refusals.ts'
import { readToken } from '../protocol/token.ts'
import { DEFAULT_SETTINGS } from './core/state.ts'
import { startAppliance } from './shell/appliance.ts'
import { Checks } from './shell/checks/check-config.ts'
import {
  crashing,
  fail,
  failed,
  readConfig,
  readOptions,
  SilenceSeconds,
  stopOnSignal,
} from './shell/daemon-command.ts'
import { lockDataFolder } from './shell/data-folder-lock.ts'
import { enroll } from './shell/enrolling.ts'
import { type Enrollment, loadEnrollment, loadIdentity } from './shell/kept-membership.ts'
import { openLog, RecentLines } from './shell/log.ts'
import { ProvingConfig, provingSettings } from './shell/proving-settings.ts'
import { RoomOnDisk } from './shell/room-on-disk.ts'
import { Switchover } from './shell/switchover-hooks.ts'

const HELP = `Usage: patchmesh agent --data DIR [--token TOKEN] [options]

Runs the agent of one appliance. The first start needs the token that
"patchmesh enroll-token" printed; later starts do not.

  --data DIR            where the agent keeps its key, its ledger and its patches
  --token TOKEN         enrolls this appliance, once
  --listen MULTIADDR    where a Service Provider appliance accepts members, may be
                        repeated (default /ip4/0.0.0.0/tcp/0); tenants only dial
  --announce MULTIADDR  where members shall dial it, if that is another address
  --install-root DIR    the folder that installers treat as / (default /)
  --config FILE         the same settings as YAML: listen, announce, installRoot,
                        connectionsAtMost (to one source over the WAN), primaryPatienceSeconds,
                        silenceSeconds (after which a connection is dead, default 30),
                        proveEveryHours and proveBytesPerSecond (reading stored copies again),
                        publishers (whose signatures a patch must carry to be installed here),
                        checks (programs and addresses that are asked before and after an install),
                        switchover (programs that give service to the peer first, and take it back)

Example: patchmesh agent --data /var/lib/patchmesh --token pm1.…
`

const Config = z.strictObject({
  listen: z.array(ListenAddress).optional(),
  announce: z.array(ListenAddress).optional(),
  installRoot: z.string().optional(),
  /** How long a secondary waits for its primary before it pulls over the WAN itself. */
  connectionsAtMost: z.int().min(1).max(MAX_LANES).optional(),
  primaryPatienceSeconds: z.number().min(1).max(3600).optional(),
  silenceSeconds: SilenceSeconds.optional(),
  ...ProvingConfig,
  publishers: z.array(Publisher).max(MAX_PUBLISHERS).optional(),
  checks: Checks.optional(),
  switchover: Switchover.optional(),
})

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
  if (command === 'check') {
    const { check } = await import('./check.ts')
    process.exitCode = await check(args)
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
  const values = readOptions('agent', args, OPTIONS)
  if (values.help) {
    process.stdout.write(HELP)
    return
  }
  if (values.data === undefined) return fail('--data DIR is missing: say where the agent shall keep its files', 2)
  const folder = resolve(values.data)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  lockDataFolder(folder)
  const config = await readConfig(Config, values.config)
  const recent = new RecentLines()
  const log = openLog('agent', recent)
  const { seed, identity } = await new RoomOnDisk(folder, log).whenThereIsRoom(() => loadIdentity(folder))
  const enrollment = await enrolled(folder, values.token, identity, log)
  const appliance = await startAppliance({
    folder,
    seed,
    identity,
    enrollment,
    listen: values.listen ?? config.listen ?? ['/ip4/0.0.0.0/tcp/0'],
    announce: values.announce ?? config.announce ?? [],
    installRoot: resolve(values['install-root'] ?? config.installRoot ?? '/'),
    settings: {
      primaryPatienceMs: (config.primaryPatienceSeconds ?? DEFAULT_SETTINGS.primaryPatienceMs / 1000) * 1000,
      connectionsAtMost: config.connectionsAtMost ?? DEFAULT_SETTINGS.connectionsAtMost,
      silenceMs: (config.silenceSeconds ?? SILENCE_MS / 1000) * 1000,
      ...provingSettings(config),
    },
    publishers: config.publishers ?? [],
    checks: config.checks ?? [],
    switchover: config.switchover ?? null,
    log,
    recent,
    fail: crashing(log, 'agent'),
  })
  process.stdout.write(`ready name=${appliance.name} peer=${identity.peer} listen=${appliance.addresses[0] ?? '-'}\n`)
  stopOnSignal(() => appliance.stop())
}

async function enrolled(
  folder: string,
  tokenText: string | undefined,
  identity: Parameters<typeof enroll>[0]['identity'],
  log: ReturnType<typeof openLog>,
): Promise<Enrollment> {
  const known = await loadEnrollment(folder, identity.peer)
  if (known !== null) return known
  if (tokenText === undefined)
    return fail('this appliance is not enrolled: start it once with --token TOKEN (patchmesh enroll-token)', 1)
  const token = readToken(tokenText)
  if (isRefusal(token)) return fail(`${token.message}. ${hint(token.refused)}`, 1)
  const room = new RoomOnDisk(folder, log)
  const enrollment = await room.whenThereIsRoom(() => enroll({ folder, token, identity, log }))
  if (isRefusal(enrollment)) return fail(`${enrollment.message}. ${hint(enrollment.refused)}`, 1)
  return enrollment
}
