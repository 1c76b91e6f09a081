/**
 * `patchmesh controller`: reads the command line, starts the Service Center and its HTTP side, prints where both are,
 * and runs until told to stop.
 */
import { mkdir } from 'node:fs/promises'
import { isIPv4 } from 'node:net'
import { hostname as machineName } from 'node:os'
import { resolve } from 'node:path'
import { DEFAULT_LOG_LEVEL, DEFAULT_SILENCE_SECONDS, provingSettings } from '../agent/shell/config/daemon-settings.ts'
import { reloadOnHangup } from '../agent/shell/config/reloading.ts'
import { settingsHelp } from '../agent/shell/config/showing.ts'
import { crashing, fail, failed, readConfig, readOptions, stopOnSignal } from '../agent/shell/daemon-command.ts'
import { lockDataFolder } from '../agent/shell/data-folder-lock.ts'
import { openLog, RecentLines } from '../agent/shell/log.ts'
import { RoomOnDisk } from '../agent/shell/room-on-disk.ts'
import { supervisor } from '../agent/shell/supervisor.ts'
import { createApp } from './api/app.ts'
import { serveHttp } from './api/http-server.ts'
import { ControllerConfig, DEFAULT_HTTP, DEFAULT_MESH } from './controller-config.ts'
import { certificateOf } from './shell/certificate.ts'
import { DatabaseUrl, noteDatabase, notedDatabase } from './shell/database/noted-database.ts'
import { NotedHead } from './shell/noted-head.ts'
import { openData } from './shell/open-data.ts'
import { freeBytesOn, goodUntil } from './shell/own-machine.ts'
import { PAGE_ADDRESS_SETTING } from './shell/ports.ts'
import { printedLink } from './shell/printed-link.ts'
import { startServiceCenter } from './shell/service-center.ts'
import { TrailWatch } from './shell/trail-watch.ts'
import { takeTheLead } from './taking-the-lead.ts'

const HELP = `Usage: patchmesh controller --data DIR [options]

Runs the Service Center. The first start makes its keys and its database.

  --data DIR            where keys, database and patches are kept
  --database URL        a PostgreSQL that several nodes share; one leads, the others
                        stand by (default: SQLite in DIR)
  --http HOST:PORT      where the page and the API are (default 127.0.0.1:8080)
  --tls-cert FILE       certificate and key for HTTPS; beyond loopback people sign in
  --tls-key FILE        only over HTTPS
  --behind-tls-proxy    a proxy in front does the HTTPS
  --origin URL          another address that people reach the page by, may be repeated
  --mesh MULTIADDR      where appliances connect, may be repeated
                        (default /ip4/127.0.0.1/tcp/4001)
  --announce MULTIADDR  where appliances shall dial it, if that is another address
  --config FILE         the same settings as YAML, and more; options here go before it:
${settingsHelp(ControllerConfig)}
                        SIGHUP reads FILE again, and the files of the certificate; what an
                        asterisk marks waits for the next start. "patchmesh config check
                        FILE" says whether it is right

Example: patchmesh controller --data /var/lib/patchmesh --mesh /ip4/0.0.0.0/tcp/4001
`

const OPTIONS = {
  data: { type: 'string' },
  database: { type: 'string' },
  http: { type: 'string' },
  'tls-cert': { type: 'string' },
  'tls-key': { type: 'string' },
  'behind-tls-proxy': { type: 'boolean' },
  origin: { type: 'string', multiple: true },
  mesh: { type: 'string', multiple: true },
  announce: { type: 'string', multiple: true },
  config: { type: 'string' },
  help: { type: 'boolean' },
} as const

main().catch(failed)

async function main(): Promise<void> {
  const values = readOptions('controller', process.argv.slice(3), OPTIONS)
  if (values.help) {
    process.stdout.write(HELP)
    return
  }
  const config = await readConfig(ControllerConfig, values.config)
  const data = values.data ?? config.data
  if (data === undefined) return fail('--data DIR is missing: say where the Service Center shall keep its files', 2)
  const folder = resolve(data)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  lockDataFolder(folder)
  const { hostname, port } = readHost(values.http ?? config.http ?? DEFAULT_HTTP)
  const readTls = (now: ControllerConfig) =>
    certificateOf({ certificate: values['tls-cert'] ?? now.tlsCert, key: values['tls-key'] ?? now.tlsKey })
  const tls = await readTls(config).catch((error: Error) => fail(error.message, 2))
  const behindProxy = values['behind-tls-proxy'] ?? config.behindTlsProxy ?? false
  const secure = tls !== undefined || behindProxy

  const recent = new RecentLines()
  const log = openLog('controller', config.logLevel ?? DEFAULT_LOG_LEVEL, recent)
  const watched = supervisor(log)
  const crash = crashing(log, 'controller')
  const follow = (work: Promise<void>): void => void work.catch(crash)
  const room = new RoomOnDisk(folder, log)
  const http = tls === undefined ? { hostname, port } : { hostname, port, tls }
  const database = await databaseOf(folder, readDatabase(values.database) ?? config.database)
  const node = `${machineName()}:${port}`
  const shared =
    database === null
      ? null
      : await takeTheLead({ url: database, folder, node, http, secureCookies: secure, log, watched, lost: crash })
  const { authority, repository } = await room.whenThereIsRoom(() =>
    openData(folder, { proven: true, ...(shared === null ? {} : { postgres: shared.postgres }) }),
  )
  const serviceCenter = await startServiceCenter({
    folder,
    authority,
    repository,
    room,
    mesh: values.mesh ?? config.mesh ?? [DEFAULT_MESH],
    announce: values.announce ?? config.announce ?? [],
    silenceMs: (config.silenceSeconds ?? DEFAULT_SILENCE_SECONDS) * 1000,
    proving: provingSettings(config),
    log,
    fail: crash,
  })
  const trailWatch = new TrailWatch({ repository, clock: Date.now, log })
  const notedHead = new NotedHead({ folder, repository, trailWatch, log })
  const scheme = tls === undefined ? 'http' : 'https'
  const authorityPart = hostname.includes(':') ? `[${hostname}]` : hostname
  const origins = [...(values.origin ?? config.origins ?? []), `${scheme}://${authorityPart}:${port}`]
  let inUse = { config, certificateUntil: goodUntil(tls?.cert) }
  const app = createApp({
    serviceCenter,
    repository,
    trailWatch,
    machine: {
      recentLog: () => recent.text(),
      settings: () => inUse.config,
      freeBytes: () => freeBytesOn(folder),
      certificateUntil: () => inUse.certificateUntil,
    },
    clock: Date.now,
    log,
    secureCookies: secure,
    origins,
    behindProxy,
  })
  const server = await serveHttp(app, http)
  const url = `${scheme}://${authorityPart}:${server.port}`

  const page = values.origin?.[0] ?? config.origins?.[0] ?? url
  await room.orLater(() => repository.writeSetting(PAGE_ADDRESS_SETTING, page), follow)
  if (secure || isLoopback(hostname)) {
    const isFirst = (await repository.people.accounts()).length === 0
    if (isFirst) await room.orLater(async () => tell(await printedLink(repository, page)), follow)
    else tell(`sign in at ${page}/sign-in`)
  } else {
    process.stderr.write(
      `${url} is not HTTPS and not loopback, so only API tokens work there: give --tls-cert and --tls-key, or --behind-tls-proxy\n`,
    )
  }
  process.stdout.write(`ready http=${url} mesh=${serviceCenter.meshAddresses[0]}/p2p/${authority.mesh}\n`)

  watched.ready(`serves ${url}`)

  trailWatch.start()
  notedHead.start()
  if (values.config !== undefined)
    reloadOnHangup({
      schema: ControllerConfig,
      file: values.config,
      config,
      log,
      async apply(changed) {
        const renewed = await readTls(changed)
        if ((renewed === undefined) !== (tls === undefined))
          throw new Error('whether the page is HTTPS is decided at the start')
        if (renewed !== undefined) server.renew(renewed)
        inUse = { config: changed, certificateUntil: goodUntil(renewed?.cert) }
        log.level = changed.logLevel ?? DEFAULT_LOG_LEVEL
        serviceCenter.reconfigure(provingSettings(changed))
      },
    })
  stopOnSignal(async () => {
    watched.stopping()
    await server.close(2000)
    await notedHead.stop()
    await trailWatch.stop()
    await serviceCenter.stop()
    await shared?.lead.release()
    await repository.close()
  })
}

/** Where the records are: what was asked for, or what the folder notes; null for the embedded database. */
async function databaseOf(folder: string, asked: string | undefined): Promise<string | null> {
  if (asked === undefined) return notedDatabase(folder)
  await noteDatabase(folder, asked)
  return asked
}

function readDatabase(text: string | undefined): string | undefined {
  if (text === undefined) return undefined
  const url = DatabaseUrl.safeParse(text)
  return url.success ? url.data : fail(`--database ${url.error.issues[0]?.message ?? 'is wrong'}`, 2)
}

function tell(line: string): void {
  process.stderr.write(`${line}\n`)
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '::1' || (isIPv4(hostname) && hostname.startsWith('127.'))
}

function readHost(text: string): { hostname: string; port: number } {
  const match = /^(?:\[([0-9a-fA-F:]+)\]|([^:\s]+)):(\d{1,5})$/.exec(text)
  const port = Number(match?.[3])
  if (match === null || port > 65535) return fail(`--http ${text} is not HOST:PORT`, 2)
  return { hostname: match[1] ?? match[2] ?? '', port }
}
