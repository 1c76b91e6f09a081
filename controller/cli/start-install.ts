/**
 * `patchmesh installs start`: says what would begin and what is not ready, asks, and starts. With `--wait` it follows
 * the install to its end (install-ends.ts). What may start, and in which order, is decided by the Service Center.
 */
import type { RefusalCode } from '../../protocol/refusals.ts'
import type { InstallPlan } from '../core/rollout/install-plan.ts'
import type { InstallDetail, InstallPreview } from '../core/views.ts'
import { neededOptions, planStandings, planSummary } from '../page/plan-words.ts'
import { duration, listed, patchReference, where, whyWaiting } from '../page/words.ts'
import { type Asking, isAgreed, YES_OPTION } from './asking.ts'
import type { StartInstall } from './client-requests.ts'
import { defineCommand, UsageError } from './command.ts'
import { ServerRefusal } from './exchange.ts'
import { endingOf } from './install-ends.ts'
import { readPlan, SCOPE_OPTIONS, scopeOf } from './plan-install.ts'
import { plural, readableBytes, readableTime } from './quantities.ts'
import { connect, SERVER_OPTIONS, type ServiceCenterClient } from './service-center-client.ts'
import { printable, type Terminal, table } from './terminal.ts'
import { WAIT_USAGE, waitOptions } from './waiting.ts'

export const startInstall = defineCommand({
  name: 'installs start',
  operations: ['previewInstall', 'startInstall'],
  summary: 'Installs a patch for organizations, pair by pair',
  operands: ['[PATCH]'],
  usage:
    '(PATCH --organization NAME... [--data-center NAME|All] [--first PATCH]... [--allow-outage] [--outside-windows] [--wave-soak DURATION] | --plan FILE) [--yes] ' +
    WAIT_USAGE,
  options: {
    ...SCOPE_OPTIONS,
    plan: { type: 'string', value: 'FILE', about: 'start what is planned in it, from installs plan --json' },
    ...YES_OPTION,
    ...waitOptions('it has ended'),
    ...SERVER_OPTIONS,
  },
  remarks: [
    'Appliances whose Data Center does not hold the patch yet are queued until it does, and those with a maintenance window\n' +
      'until it opens: for 24 hours at most, or to the end of the window in which everything fits.',
    'With --plan what was planned is started, or nothing where something has changed since that matters.',
    'What is agreed to is installed and nothing else: where appliances came or went meanwhile, it asks again. With --yes\n' +
      'it is installed on whatever is there when it starts.',
  ],
  example: 'patchmesh installs start example@1.0.0 --organization Acme --data-center Paris --wait',
  async run({ options, operands: [patch], terminal, show }) {
    const asking = { yes: options.yes, terminal, nothing: 'Nothing was started' }
    const { plan: file, ...others } = options
    if (file !== undefined && (patch !== undefined || SCOPE_NAMES.some((name) => others[name] !== undefined)))
      throw new UsageError('--plan says what is installed and where, so nothing else says so beside it')
    if (file === undefined && patch === undefined) throw new UsageError('PATCH is missing')
    const client = connect(options)
    const end = endingOf(options, { client, terminal, show, wanted: 'done' })
    const started =
      file === undefined
        ? await startAgreed(client, { patch: patch ?? '', ...scopeOf(others) }, asking)
        : await startPlanned(client, await readPlan(file), asking)
    if (started === null) return 1
    terminal.tell(`install ${started.id} has started on ${plural(started.total, 'appliance')}`)
    return end(started, () => [started.id])
  },
})

const SCOPE_NAMES = Object.keys(SCOPE_OPTIONS) as (keyof typeof SCOPE_OPTIONS)[]

/** Exactly that, or nothing; null when nobody agrees. */
async function startPlanned(
  client: ServiceCenterClient,
  plan: InstallPlan,
  asking: Asking,
): Promise<InstallDetail | null> {
  const { patch, organizations, dataCenter, allowOutage, outsideWindows, waveSoakSeconds } = plan
  const first = plan.first.map(({ id }) => id)
  const named = listed([...plan.first, patch].map(patchReference))
  const what = `${named} for ${listed(organizations)} in ${where(dataCenter)}`
  asking.terminal.tell(
    printable(`planned at ${readableTime(plan.madeAt)} UTC: ${planSummary(plan)}; ${planStandings(plan)}`),
  )
  if (!(await isAgreed(asking, `Install ${what}, as it is planned?`))) return null
  const scope = { organizations, dataCenter, allowOutage, outsideWindows, waveSoakSeconds, first }
  return client.startInstall({ patch: patch.id, ...scope, plan })
}

/** Asks again where what was agreed to is not so any more; null when nobody agrees. */
async function startAgreed(
  client: ServiceCenterClient,
  wanted: Omit<StartInstall, 'confirmation'>,
  asking: Asking,
): Promise<InstallDetail | null> {
  if (asking.yes === true) return client.startInstall(wanted)
  const { patch, organizations, dataCenter, first = [] } = wanted
  const place = dataCenter === 'All' ? 'all Data Centers' : dataCenter
  for (;;) {
    const preview = await client.preview(patch, { organizations, dataCenter, first })
    // Who allows an outage lets nobody wait for one, and who goes outside of windows for none of these.
    warn(asking.terminal, {
      ...preview,
      ...(wanted.allowOutage ? { withoutPeer: [] } : {}),
      ...(wanted.outsideWindows === true ? { outsideWindows: [] } : {}),
    })
    // There is nothing to agree to; the refusal says why.
    if (preview.targets === 0) return client.startInstall(wanted)
    const what = `${listed([...first, patch])} for ${organizations.join(', ')} in ${place}`
    if (!(await isAgreed(asking, `Install ${what}, on ${plural(preview.targets, 'appliance')}?`))) return null
    try {
      return await client.startInstall({ ...wanted, confirmation: preview.confirmation })
    } catch (error) {
      if (!(error instanceof ServerRefusal) || error.code !== ('changed_meanwhile' satisfies RefusalCode)) throw error
      asking.terminal.tell(printable(error.message))
    }
  }
}

function warn(terminal: Terminal, preview: InstallPreview): void {
  const { notReplicated, queued, hindered, withoutPeer, outsideWindows, goingBack, notApplicable } = preview
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
    tellReasons(terminal, queued)
  }
  if (hindered.length > 0) {
    terminal.tell(`Warning: ${plural(hindered.length, 'target')} would refuse it or be held back as things are now:`)
    tellReasons(terminal, hindered)
  }
  for (const line of neededOptions(preview)) terminal.tell(printable(line))
  if (withoutPeer.length > 0) {
    terminal.tell(
      `Warning: ${plural(withoutPeer.length, 'target')} would wait until somebody starts with --allow-outage:`,
    )
    tellReasons(terminal, withoutPeer)
  }
  if (outsideWindows.length > 0) {
    terminal.tell(`${plural(outsideWindows.length, 'target')} would wait for a maintenance window (--outside-windows):`)
    tellReasons(terminal, outsideWindows)
  }
  if (goingBack.length > 0) {
    terminal.tell(`Warning: ${plural(goingBack.length, 'target')} would go back to an earlier version:`)
    tellReasons(terminal, goingBack)
  }
  if (notApplicable.length > 0) {
    terminal.tell(
      `${plural(notApplicable.length, 'appliance')} would be left out, since the patch is not meant for them:`,
    )
    tellReasons(terminal, notApplicable)
  }
}

function tellReasons(terminal: Terminal, reasons: InstallPreview['queued']): void {
  const rows = reasons.map(({ appliance, organization, reason }) => [appliance, organization, reason])
  for (const line of table(['APPLIANCE', 'ORGANIZATION', ''], rows, '')) terminal.tell(`  ${line}`)
}
