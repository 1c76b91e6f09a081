/**
 * `patchmesh patches list|show|withdraw`: what the pages show, on a terminal.
 */
import { shortKeyId } from '../../protocol/trust/publishers.ts'
import type { ApplianceCopy } from '../core/copies.ts'
import { CONDITIONS, matches, type PatchLine } from '../core/patch-list.ts'
import type { PatchDetail } from '../core/patch-views.ts'
import { listed, patchReference, patchTitle, timeLeft, whyWaiting } from '../page/words.ts'
import { agreedOn, YES_OPTION } from './asking.ts'
import { defineCommand, UsageError, WATCH_OPTION } from './command.ts'
import { plural, readableBytes, readableTime } from './quantities.ts'
import { connect, SERVER_OPTIONS } from './service-center-client.ts'
import { printable, table } from './terminal.ts'

export const listPatches = defineCommand({
  name: 'patches list',
  operations: ['listPatches'],
  summary: 'Lists the patches and how far they are replicated',
  usage: '[--search WORD] [--show STATE]',
  options: {
    search: { type: 'string', value: 'WORD', about: 'only with this in the name, version or SHA-256' },
    show: { type: 'string', value: 'STATE', about: 'only complete, replicating or attention (needs somebody)' },
    ...WATCH_OPTION,
    ...SERVER_OPTIONS,
  },
  example: 'patchmesh patches list --show attention',
  async run({ options, show }) {
    const { show: condition, search = '' } = options
    if (condition !== undefined && !CONDITIONS.some((known) => known === condition))
      throw new UsageError(`--show ${JSON.stringify(condition)} is none of ${CONDITIONS.join(', ')}`)
    const all = await connect(options).patches()
    const patches = all.filter((patch) => matches(patch, search) && (condition ?? patch.condition) === patch.condition)
    return show(patches, () => [...patchTable(patches), ...troubles(patches)])
  },
})

export const showPatch = defineCommand({
  name: 'patches show',
  operations: ['showPatch'],
  summary: 'Shows one patch: where its copies are, and who is not patched yet',
  operands: ['PATCH'],
  usage: 'PATCH [--data-center NAME|All]',
  options: {
    'data-center': { type: 'string', value: 'NAME', about: 'only the unpatched appliances there (default All)' },
    ...WATCH_OPTION,
    ...SERVER_OPTIONS,
  },
  remarks: ['PATCH is an id, NAME@VERSION, or NAME@VERSION:ARCHITECTURE where a version is there for several.'],
  example: 'patchmesh patches show example@1.0.0',
  async run({ options, operands: [patch = ''], show }) {
    const detail = await connect(options).patch(patch, options['data-center'])
    return show(detail, () => patchLines(detail))
  },
})

export const withdrawPatch = defineCommand({
  name: 'patches withdraw',
  operations: ['showPatch', 'withdrawPatch'],
  summary: 'Takes a wrong patch back; every appliance deletes its copy',
  operands: ['PATCH'],
  usage: 'PATCH [--reason TEXT] [--yes]',
  options: {
    reason: { type: 'string', value: 'TEXT', about: 'why, for the audit log' },
    ...YES_OPTION,
    ...SERVER_OPTIONS,
  },
  remarks: ['A patch that is installed, or being installed, stays.'],
  example: 'patchmesh patches withdraw example@1.0.0 --reason "built from the wrong branch"',
  async run({ options, operands: [patch = ''], terminal, show }) {
    const client = connect(options)
    const agreed = await agreedOn(patch, { yes: options.yes, terminal, nothing: 'Nothing was withdrawn' }, async () => {
      const found = await client.patch(patch)
      const { id, replications } = found
      const copies = `${plural(replications.complete, 'appliance')} and the Service Center delete their copies`
      return { id, question: `Withdraw ${patchReference(found)}, SHA-256 ${id.slice(0, 12)}…? ${copies}.` }
    })
    if (agreed === null) return 1
    const answer = await client.withdraw(agreed, options.reason)
    return show(answer, () => [`withdrawn ${printable(patch)}`])
  },
})

function patchTable(patches: readonly PatchLine[]): string[] {
  return table(
    ['PATCH', 'SIZE', 'REPLICATIONS', 'STATE', 'UPLOADED (UTC)', 'BY', 'SUPERSEDED BY', 'ID'],
    patches.map((patch) => [
      patchReference(patch),
      readableBytes(patch.bytes),
      `${patch.replications.complete}/${patch.replications.total}${patch.newAppliances > 0 ? `, ${patch.newAppliances} new` : ''}`,
      patch.condition,
      readableTime(patch.uploadedAt),
      patch.uploadedBy ?? '',
      patch.supersededBy === null ? '' : patchReference(patch.supersededBy),
      patch.id,
    ]),
    'There are no patches.',
  )
}

/** What needs somebody, below the table. */
function troubles(patches: readonly PatchLine[]): string[] {
  const lines = patches.filter(({ trouble }) => trouble !== '')
  return lines.length === 0
    ? []
    : ['', ...lines.map((line) => printable(`${patchReference(line)} needs attention: ${line.trouble}`))]
}

function signedLine({ publishedBy }: PatchDetail): string {
  if (publishedBy === null) return 'no publisher was listed to check when it was uploaded'
  return printable(`signed by ${publishedBy.publisher} with ${publishedBy.keys.map(shortKeyId).join(', ')}`)
}

function patchLines(patch: PatchDetail): string[] {
  const { complete, total } = patch.replications
  return [
    printable(`${patchReference(patch)}, ${patch.kind} by ${patch.publisher}, ${readableBytes(patch.bytes)}`),
    `SHA-256 ${patch.sha256}`,
    printable(
      `uploaded ${readableTime(patch.uploadedAt)} UTC${patch.uploadedBy === null ? '' : ` by ${patch.uploadedBy}`}`,
    ),
    `replicated ${complete}/${total}, restart: ${patch.restart}, about ${patch.estimateSeconds} s, revert: ${patch.revert}`,
    signedLine(patch),
    `signed by ${patch.signedBy}`,
    ...otherPatches(patch),
    '',
    ...table(
      ['SERVICE PROVIDER APPLIANCE', 'DATA CENTER', 'ROLE', 'COPY', 'BYTES', 'LAST PROVEN (UTC)', ''],
      patch.appliances.map((copy) => [
        copy.name,
        copy.dataCenter,
        copy.role,
        copy.state,
        readableBytes(copy.bytes),
        copy.provenAt === null ? 'not now' : readableTime(copy.provenAt),
        copy.state === 'transferring'
          ? `${arriving(copy)} ${whyWaiting(copy)}`.trim()
          : whyWaiting(copy) || mended(copy),
      ]),
      'There are no Service Provider appliances.',
    ),
    ownCopyLine(patch),
    '',
    ...table(
      ['UNPATCHED ORGANIZATION', 'PATCHED', 'APPLIANCE', 'DATA CENTER', 'ROLE', 'HAS', ''],
      patch.unpatched.flatMap(({ organization, patched, total, appliances }) =>
        appliances.map(({ name, dataCenter, role, installedVersion, reason }) => [
          organization,
          `${patched}/${total}`,
          name,
          dataCenter,
          role,
          installedVersion ?? 'unknown',
          reason,
        ]),
      ),
      'Every organization is patched.',
    ),
    '',
    ...table(
      ['ORGANIZATION', 'PATCHED', 'UNPATCHED', 'UNKNOWN', 'NOT APPLICABLE'],
      [...patch.matrix.organizations, { organization: 'all', ...patch.matrix.all }].map((row) => [
        row.organization,
        String(row.patched),
        String(row.unpatched),
        String(row.unknown),
        String(row.notApplicable),
      ]),
      '',
    ),
    ...(patch.patched.length === 0 ? [] : ['', `patched: ${printable(patch.patched.join(', '))}`]),
    ...(patch.notApplicableAppliances.length === 0 ? [] : ['', ...notMeant(patch)]),
    ...(patch.installs.length === 0
      ? []
      : ['', `${plural(patch.installs.length, 'install')}: patchmesh installs list`]),
  ]
}

function mended({ mended: last, state }: ApplianceCopy): string {
  return last === null || state !== 'replicated' ? '' : `mended ${readableTime(last.at)}: ${last.reason}`
}

function ownCopyLine({ ownCopy: { provenAt, wrong } }: PatchDetail): string {
  if (provenAt !== null) return `the copy at the Service Center was last proven ${readableTime(provenAt)} UTC`
  return printable(
    `the copy at the Service Center is not right: ${wrong}; upload the same file again, or wait for an appliance`,
  )
}

function notMeant({ notApplicableAppliances }: PatchDetail): string[] {
  const rows = notApplicableAppliances.flatMap(({ organization, appliances }) =>
    appliances.map(({ name, dataCenter, role, reason }) => [organization, name, dataCenter, role, reason]),
  )
  return table(['NOT APPLICABLE', 'APPLIANCE', 'DATA CENTER', 'ROLE', ''], rows, '')
}

function otherPatches({ requires, conflicts, supersedes, supersededBy }: PatchDetail): string[] {
  const newer = supersededBy === null ? [] : [patchTitle(supersededBy)]
  const relations = { requires, 'conflicts with': conflicts, supersedes, 'superseded by': newer }
  return Object.entries(relations).flatMap(([relation, others]) =>
    others.length === 0 ? [] : [printable(`${relation} ${listed(others)}`)],
  )
}

/** `2.4 MB/s from Service Center and paris-1, 66 s left.` */
function arriving({ bytesPerSecond, sources, secondsLeft }: ApplianceCopy): string {
  const from = sources.length === 0 ? '' : ` from ${listed(sources)}`
  return `${readableBytes(bytesPerSecond)}/s${from}, ${timeLeft(secondsLeft)}.`
}
