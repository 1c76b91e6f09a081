/**
 * `patchmesh installs start`: says what would begin and what is not ready, asks, and starts. With `--wait` it follows
 * the install to its end. What may start, and in which order, is decided by the Service Center.
 */
import { setTimeout as pause } from 'node:timers/promises'
import type { TargetState } from '../core/records.ts'
import { isFinal } from '../core/rollout.ts'
import type { InstallDetail, InstallPreview } from '../core/views.ts'
import { duration, whyWaiting } from '../page/words.ts'
import { defineCommand, UsageError } from './command.ts'
import { UnreachableError } from './exchange.ts'
import { installLines } from './installs.ts'
import { ProgressLine } from './progress-line.ts'
import { plural, readableBytes } from './quantities.ts'
import { connect, SERVER_OPTIONS, type ServiceCenterClient } from './service-center-client.ts'
import { printable, type Terminal, table } from './terminal.ts'

const POLL_MS = 500
/** A controller that restarts is back well before; the install goes on without us in any case. */
const UNREACHABLE_FOR_AT_MOST_MS = 120_000

export const startInstall = defineCommand({
  name: 'installs start',
  operations: ['previewInstall', 'startInstall'],
  summary: 'Installs a patch for organizations, pair by pair',
  operands: ['PATCH'],
  usage:
    'PATCH --organization NAME... [--data-center NAME|All] [--allow-outage] [--yes] [--wait] [--server URL] [--api-token TOKEN] [--json]',
  options: {
    organization: { type: 'string', multiple: true, value: 'NAME', about: 'for whom; may be repeated' },
    'data-center': { type: 'string', value: 'NAME', about: 'where (default All)' },
    'allow-outage': { type: 'boolean', about: 'also interrupt an appliance whose peer cannot take over' },
    yes: { type: 'boolean', about: 'do not ask' },
    wait: { type: 'boolean', about: 'follow it to its end; exit 1 unless all are installed' },
    ...SERVER_OPTIONS,
  },
  remarks: ['Appliances whose Data Center does not hold the patch yet are queued until it does, for 24 hours at most.'],
  example: 'patchmesh installs start example@1.0.0 --organization Acme --data-center Paris --wait',
  async run({ options, operands: [patch = ''], terminal }) {
    const { organization: organizations = [] } = options
    if (organizations.length === 0) throw new UsageError('--organization is missing')
    const dataCenter = options['data-center'] ?? 'All'
    const client = connect(options)
    if (options.yes !== true) {
      const preview = await client.preview(patch, organizations, dataCenter)
      const scope = printable(
        `${patch} for ${organizations.join(', ')} in ${dataCenter === 'All' ? 'all Data Centers' : dataCenter}`,
      )
      if (!(await agreed(terminal, preview, scope))) {
        terminal.tell('Nothing was started. Answer y to start, or give --yes.')
        return 1
      }
    }
    const allowOutage = options['allow-outage'] === true
    const started = await client.startInstall({ patch, organizations, dataCenter, allowOutage })
    terminal.tell(`install ${started.id} has started on ${plural(started.total, 'appliance')}`)
    const install = options.wait === true ? await follow(client, started, terminal) : started
    if (options.json === true) terminal.print(JSON.stringify(install))
    else if (options.wait === true) for (const line of installLines(install)) terminal.print(line)
    else terminal.print(install.id)
    if (options.wait !== true || install.installed === install.total) return 0
    const why = install.reason === '' ? '' : `: ${install.reason}`
    terminal.tell(
      printable(
        `patchmesh: ${install.installed} of ${install.total} appliances have the patch (${install.state}${why}). `,
      ) + `See patchmesh installs show ${install.id}`,
    )
    return 1
  },
})

async function agreed(terminal: Terminal, preview: InstallPreview, scope: string): Promise<boolean> {
  const { targets, notReplicated, queued } = preview
  if (notReplicated.length > 0) {
    terminal.tell(`Warning: the patch is not replicated to ${plural(notReplicated.length, 'appliance')} yet:`)
    const rows = notReplicated.map((copy) => [
      copy.name,
      copy.dataCenter,
      copy.state,
      readableBytes(copy.bytesLeft),
      copy.secondsLeft === null ? 'unknown' : duration(copy.secondsLeft),
      whyWaiting(copy),
    ])
    const headings = ['APPLIANCE', 'DATA CENTER', 'COPY', 'BYTES LEFT', 'TIME LEFT', '']
    for (const line of table(headings, rows, '')) terminal.tell(`  ${line}`)
  }
  if (queued.length > 0) {
    terminal.tell(`${plural(queued.length, 'target')} would be queued until replication reaches them:`)
    const rows = queued.map(({ appliance, organization, reason }) => [appliance, organization, reason])
    for (const line of table(['APPLIANCE', 'ORGANIZATION', ''], rows, '')) terminal.tell(`  ${line}`)
  }
  const answer = await terminal.ask(`Install ${scope}, on ${plural(targets, 'appliance')}? [y/N] `)
  return answer !== null && /^y(es)?$/i.test(answer.trim())
}

/** Until nothing of it moves any more. */
async function follow(client: ServiceCenterClient, started: InstallDetail, terminal: Terminal): Promise<InstallDetail> {
  const progress = new ProgressLine(terminal)
  let install = started
  let answeredAt = performance.now()
  while (!hasEnded(install)) {
    await pause(POLL_MS)
    try {
      install = await client.install(started.id)
      answeredAt = performance.now()
      progress.change(progressOf(install))
    } catch (error) {
      if (!(error instanceof UnreachableError)) throw error
      if (performance.now() - answeredAt > UNREACHABLE_FOR_AT_MOST_MS) throw error
      progress.change('the Service Center cannot be reached; trying again')
    }
  }
  progress.end()
  return install
}

/** An install that was halted or cancelled still waits for what had begun. */
function hasEnded({ state, targets }: InstallDetail): boolean {
  return state !== 'planned' && state !== 'running' && state !== 'paused' && targets.every((t) => isFinal(t.state))
}

function progressOf({ state, installed, total, targets }: InstallDetail): string {
  const busy = targets.filter((target) => !isFinal(target.state) && target.state !== ('queued' satisfies TargetState))
  const names = busy.map((target) => `${target.appliance} ${target.state}`).join(', ')
  return printable(`${state}: ${installed}/${total} installed${names === '' ? '' : `; ${names}`}`)
}
