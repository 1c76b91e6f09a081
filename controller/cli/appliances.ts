/**
 * `patchmesh appliances list|show|logs|rename|retire|trust`: the fleet, one appliance, and what is changed about it.
 */
import { printableJson } from '../../protocol/printable.ts'
import type { ApplianceDetail, InventoryRow } from '../core/appliance-views.ts'
import { ledgerWords, listed, patchReference, timeLeft, whatToMind, whyWaiting } from '../page/words.ts'
import { agreedOn, YES_OPTION } from './asking.ts'
import { defineCommand, WATCH_OPTION } from './command.ts'
import { readableBytes, readableTime } from './quantities.ts'
import { connect, SERVER_OPTIONS } from './service-center-client.ts'
import { printable, table } from './terminal.ts'

export const listAppliances = defineCommand({
  name: 'appliances list',
  operations: ['listAppliances'],
  summary: 'Lists the appliances of the fleet and which of them can be reached',
  usage:
    '[--search TEXT] [--organization NAME] [--data-center NAME] [--kind WORD] [--role ROLE] [--reachable yes|no]\n' +
    '       [--retired] [--sort COLUMN] [--descending]',
  options: {
    search: { type: 'string', value: 'TEXT', about: 'only those with this text in a column' },
    organization: { type: 'string', value: 'NAME', about: 'only those of this organization' },
    'data-center': { type: 'string', value: 'NAME', about: 'only those there' },
    kind: { type: 'string', value: 'WORD', about: 'only those of this kind' },
    role: { type: 'string', value: 'ROLE', about: 'only the primary or the secondary ones' },
    reachable: { type: 'string', value: 'YES', about: 'yes or no' },
    retired: { type: 'boolean', about: 'those that were members of the fleet' },
    sort: {
      type: 'string',
      value: 'COLUMN',
      about: 'dataCenter (default), name, organization, kind, role, group, lastSeen or version',
    },
    descending: { type: 'boolean', about: 'the other way round' },
    ...WATCH_OPTION,
    ...SERVER_OPTIONS,
  },
  example: 'patchmesh appliances list --reachable no --sort lastSeen',
  async run({ options, show }) {
    const { search, organization, kind, role, reachable, sort } = options
    const appliances = await connect(options).appliances({
      ...{ search, organization, kind, role, reachable, sort, dataCenter: options['data-center'] },
      members: options.retired === true ? 'retired' : undefined,
      order: options.descending === true ? 'down' : undefined,
    })
    return show(appliances, () => inventoryTable(appliances))
  },
})

export const showAppliance = defineCommand({
  name: 'appliances show',
  operations: ['showAppliance'],
  summary: 'Shows one appliance: its copies, what it has installed, its part in installs',
  operands: ['NAME'],
  usage: 'NAME',
  options: { ...WATCH_OPTION, ...SERVER_OPTIONS },
  remarks: ['NAME is a name or a peer id; by peer id also an appliance that is retired.'],
  example: 'patchmesh appliances show paris-1',
  async run({ options, operands: [name = ''], show }) {
    const appliance = await connect(options).appliance(name)
    return show(appliance, () => applianceLines(appliance))
  },
})

export const applianceLogs = defineCommand({
  name: 'appliances logs',
  operations: ['fetchLogBundle'],
  summary: 'Prints all that is known about an appliance, with the end of its log, as JSON',
  operands: ['NAME'],
  usage: 'NAME',
  options: SERVER_OPTIONS,
  remarks: ['For whoever looks for what went wrong; keys and tokens are not in it.'],
  example: 'patchmesh appliances logs paris-1 > paris-1.json',
  async run({ options, operands: [name = ''], show }) {
    const bundle = await connect(options).logBundle(name)
    return show(bundle, () => JSON.stringify(bundle, null, 2).split('\n').map(printableJson))
  },
})

export const renameAppliance = defineCommand({
  name: 'appliances rename',
  operations: ['renameAppliance'],
  summary: 'Gives an appliance another name; its key, copies and history stay',
  operands: ['NAME', 'NEW'],
  usage: 'NAME NEW',
  options: SERVER_OPTIONS,
  example: 'patchmesh appliances rename paris-1 paris-primary',
  async run({ options, operands: [name = '', wanted = ''], show }) {
    const appliance = await connect(options).renameAppliance(name, wanted)
    return show(appliance, () => [printable(`${name} is now called ${appliance.name}`)])
  },
})

export const retireAppliance = defineCommand({
  name: 'appliances retire',
  operations: ['showAppliance', 'retireAppliance'],
  summary: 'Takes an appliance out of the fleet for good; its history stays',
  operands: ['NAME'],
  usage: 'NAME [--last-member] [--yes]',
  options: {
    'last-member': { type: 'boolean', about: 'also where nobody is left to stand in for it' },
    ...YES_OPTION,
    ...SERVER_OPTIONS,
  },
  remarks: [
    'It leaves the counts and is let in nowhere any more; what it was ordered is cancelled. To come back it needs an\n' +
      'empty data folder and a new token. To put another machine in its place: patchmesh appliances replace.',
  ],
  example: 'patchmesh appliances retire paris-2',
  async run({ options, operands: [name = ''], terminal, show }) {
    const client = connect(options)
    const agreed = await agreedOn(name, { yes: options.yes, terminal, nothing: 'Nothing was retired' }, async () => {
      const { name: called, peer, organization, dataCenter, kind, role } = await client.appliance(name)
      const what = `${called}, the ${kind} ${role} of ${organization} in ${dataCenter}`
      const then = 'What it was ordered is cancelled, and it is let in nowhere any more.'
      return { id: peer, question: `Retire ${what}, for good? ${then}` }
    })
    if (agreed === null) return 1
    const appliance = await client.retireAppliance(agreed, options['last-member'] === true)
    return show(appliance, () => [printable(`retired ${appliance.name}`)])
  },
})

export const trustAppliance = defineCommand({
  name: 'appliances trust',
  operations: ['showAppliance', 'trustAppliance'],
  summary: 'Says that one machine is left with the key of an appliance that is held',
  operands: ['NAME'],
  usage: 'NAME [--yes]',
  options: { ...YES_OPTION, ...SERVER_OPTIONS },
  remarks: [
    'Two machines with one key were heard: a data folder was copied, or a machine restored beside itself. Switch one of\n' +
      'them off first. The other proves all its copies anew, and looks again at what it has installed.',
  ],
  example: 'patchmesh appliances trust paris-2',
  async run({ options, operands: [name = ''], terminal, show }) {
    const client = connect(options)
    const agreed = await agreedOn(name, { yes: options.yes, terminal, nothing: 'Nothing was changed' }, async () => {
      const { name: called, peer } = await client.appliance(name)
      const then = 'If not, both go on as one appliance, and what is told of it is wrong.'
      const question = `Is the copy of ${called} switched off, and one machine left with its key? ${then}`
      return { id: peer, question }
    })
    if (agreed === null) return 1
    const appliance = await client.trustAppliance(agreed)
    return show(appliance, () => [printable(`${appliance.name} is trusted again: it proves all that it holds anew`)])
  },
})

function inventoryTable(appliances: readonly InventoryRow[]): string[] {
  const headings = [
    'APPLIANCE',
    'ORGANIZATION',
    'DATA CENTER',
    'KIND',
    'ROLE',
    'GROUP',
    'REACHABLE',
    'AGENT',
    'STORE',
    '',
  ]
  const rows = appliances.map((appliance) => [
    appliance.name,
    appliance.organization,
    appliance.dataCenter,
    appliance.kind,
    appliance.role,
    appliance.group,
    reachability(appliance),
    appliance.account?.agentVersion ?? 'unknown',
    storeUse(appliance),
    [appliance.bytesPerSecond === 0 ? '' : arriving(appliance), ...whatToMind(appliance)]
      .filter((words) => words !== '')
      .join(' '),
  ])
  return table(headings, rows, 'There is no such appliance.')
}

function applianceLines(appliance: ApplianceDetail): string[] {
  const { name, peer, organization, dataCenter, kind, role, group, epoch, retiredAt, account, versions } = appliance
  return [
    printable(`${name}, ${role} of ${group} of ${organization} in ${dataCenter}, ${kind}`),
    `${peer}, epoch ${epoch}, enrolled ${readableTime(appliance.enrolledAt)} UTC`,
    retiredAt === null ? `reachable: ${reachability(appliance)}` : `retired ${readableTime(retiredAt)} UTC`,
    `agent ${account?.agentVersion ?? 'unknown'}, store ${storeUse(appliance)}, takes ${listed(account?.architectures ?? []) || 'unknown'}`,
    ...[...whatToMind(appliance), ...ledgerWords(appliance)].map(printable),
    printable(
      `installed: ${versions.map(({ patch, version }) => `${patch} ${version}`).join(', ') || 'nothing known'}`,
    ),
    '',
    ...table(
      ['COPY OF', 'STATE', 'BYTES', 'LAST PROVEN (UTC)', ''],
      appliance.copies.map((copy) => [
        patchReference(copy),
        copy.state,
        readableBytes(copy.bytes),
        copy.provenAt === null ? 'not now' : readableTime(copy.provenAt),
        copy.state === 'transferring' ? `${arriving(copy)}, ${timeLeft(copy.secondsLeft)}` : whyWaiting(copy),
      ]),
      'It keeps no copies beside its installs.',
    ),
    '',
    ...table(
      ['PATCH', 'DETECTED', 'HAS', 'SINCE (UTC)', 'LAST LOOKED (UTC)', ''],
      appliance.detections.map((found) => [
        patchReference(found),
        found.result,
        found.installedVersion ?? (found.result === 'unknown' ? 'unknown' : 'none'),
        readableTime(found.detectedAt),
        readableTime(found.seenAt),
        found.reason,
      ]),
      'It has told of no patch yet.',
    ),
    '',
    ...table(
      ['INSTALL', 'PATCH', 'STATE', 'SINCE (UTC)', ''],
      appliance.installs.map((part) => [
        part.install,
        patchReference(part),
        part.state,
        readableTime(part.changedAt),
        part.reason,
      ]),
      'It has had no part in an install.',
    ),
  ]
}

function reachability({ reachable, held, retiredAt, lastSeenAt }: InventoryRow): string {
  if (retiredAt !== null) return `retired ${readableTime(retiredAt)}`
  if (held !== null) return `held, since ${readableTime(lastSeenAt)}`
  return reachable ? 'yes' : `no, since ${readableTime(lastSeenAt)}`
}

function storeUse({ account }: InventoryRow): string {
  return account === null
    ? 'unknown'
    : `${readableBytes(account.storeBytes)} used, ${readableBytes(account.freeBytes)} free`
}

function arriving({ bytesPerSecond, sources }: { bytesPerSecond: number; sources: readonly string[] }): string {
  return `${readableBytes(bytesPerSecond)}/s${sources.length === 0 ? '' : ` from ${listed(sources)}`}`
}
