/**
 * The status of an appliance as lines for a person: what it does first, then each thing with its reason.
 */
import { printableSentence } from '../protocol/printable.ts'
import type { OrderStatus } from './core/install/order-status.ts'
import type { PatchStatus } from './core/patch-status.ts'
import type { ApplianceStatus } from './core/status.ts'

const WIDTH = 10

export function statusLines(status: ApplianceStatus): string[] {
  const {
    name,
    kind,
    role,
    organization,
    dataCenter,
    running,
    order,
    inLine,
    lastEnded,
    patches,
    restartsDue,
    unheard,
  } = status
  const lines: [what: string, text: string][] = [
    ['appliance', `${name}, ${kind} ${role} of ${organization} in ${dataCenter}`],
    [
      'agent',
      running
        ? `runs, release ${status.release ?? 'unknown'}`
        : 'does not run: what follows is what its ledger knows; start it to have it go on',
    ],
    ['now', status.does],
    ['uplink', uplinkText(status)],
    ...(order === null ? [] : [['order', orderText(order)] as [string, string]]),
    ...(order === null ? [] : order.checks.map((check): [string, string] => ['check', checkText(check)])),
    ...inLine.map((waiting): [string, string] => ['in line', orderText(waiting)]),
    ...(lastEnded === null
      ? []
      : [['last', `order ${lastEnded.order} has ended: ${lastEnded.ended}`] as [string, string]]),
    ...leaseLines(status),
    ...restartsDue.map(({ since, reason }): [string, string] => ['restart', `${reason} (since ${since})`]),
    ...patches.map((patch): [string, string] => ['patch', patchText(patch)]),
    ...(unheard === 0 ? [] : [['untold', untoldText(unheard)] as [string, string]]),
  ]
  return lines.map(([what, text]) => `${what.padEnd(WIDTH)}  ${printableSentence(text)}`)
}

function leaseLines({ lease }: ApplianceStatus): [what: string, text: string][] {
  const { promisedTo, since, askedForOrder, owedTo, broken } = lease
  return [
    ...(promisedTo === null ? [] : [`serves while ${promisedTo} may be interrupted, as it has promised at ${since}`]),
    ...(askedForOrder === null
      ? []
      : [`has asked the others of its group to serve meanwhile, for order ${askedForOrder}`]),
    ...(owedTo.length === 0
      ? []
      : [`needs no promise any more, and ${owedTo.join(', ')} has not acknowledged that yet`]),
    ...(broken === '' ? [] : [broken]),
  ].map((text): [string, string] => ['lease', text])
}

function uplinkText({ uplink }: ApplianceStatus): string {
  const { state, to, since, reason } = uplink
  const when = since === null ? '' : ` since ${since}`
  switch (state) {
    case 'connected':
      return `connected to ${to}${when}`
    case 'connecting':
      return `connecting to ${to}; not connected${when}: ${reason}`
    case 'down':
      return `not connected${to === null ? '' : ` to ${to}`}${when}: ${reason}`
  }
}

function orderText({ id, install, title, phase, reason, since, until, stoppable }: OrderStatus): string {
  const when = since === null ? '' : ` since ${since}`
  const stop = stoppable ? `can be stopped: patchmesh orders stop ${id}` : 'has begun, and is finished or put back'
  return `${title}, ${phase}${when}: ${reason}; until ${until} at the latest; ${stop} (order ${id} of install ${install})`
}

function checkText({ name, before, after, output }: OrderStatus['checks'][number]): string {
  const printed = output.split('\n').map((line) => line.trim())
  const said = output.trim() === '' ? '' : `: ${printed.filter((line) => line !== '').join(' / ')}`
  return `${name}: before ${goodOrBad(before)}, after ${goodOrBad(after)}${said}`
}

function goodOrBad(result: OrderStatus['checks'][number]['before']): string {
  if (result === null) return 'not asked'
  return result.good ? 'good' : `bad (${result.reason})`
}

function patchText({
  title,
  state,
  reason,
  wrong,
  provenAt,
  found,
  installedVersion,
  foundReason,
}: PatchStatus): string {
  const proven = provenAt === null ? '' : `, read again and right at ${provenAt}`
  const copy = `${state}${reason === '' ? '' : ` (${reason})`}${proven}`
  const broken = wrong === '' ? '' : `; the copy was found not to be right: ${wrong}`
  const version = installedVersion === null ? 'no version is installed' : `version ${installedVersion} is installed`
  const why = foundReason === '' ? '' : ` (${foundReason})`
  return `${title}: ${copy}${broken}; ${found}, ${version}${why}`
}

function untoldText(count: number): string {
  return `${count === 1 ? 'one statement' : `${count} statements`} of this appliance that the Service Center has not acknowledged yet`
}
