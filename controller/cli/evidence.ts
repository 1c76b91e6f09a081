/**
 * `patchmesh evidence export|verify`: what was signed about an install for one organization, as a file; and whether such a
 * file is right, which asks nobody. Exit status 1 where anything in it is wrong.
 */
import { writeFile } from 'node:fs/promises'
import { outputOptions } from '../../agent/shell/command-line/output.ts'
import { OrganizationName, PeerId } from '../../protocol/identifiers.ts'
import { isRefusal } from '../../protocol/refusals.ts'
import type { Evidence } from '../../protocol/trust/evidence.ts'
import { readEvidence } from '../../protocol/trust/evidence.ts'
import {
  type ApplianceFindings,
  type EvidenceFindings,
  type Interruption,
  judgeEvidence,
  type Seen,
} from '../../protocol/trust/judge-evidence.ts'
import { duration, where } from '../page/words.ts'
import { defineCommand, parsed, required } from './command.ts'
import { LocalFileError } from './exchange.ts'
import { plural, readableTime } from './quantities.ts'
import { readSmallFile } from './read-small-file.ts'
import { connect, SERVER_OPTIONS } from './service-center-client.ts'
import { printable, printableLines, table } from './terminal.ts'

/** Ten thousand appliances with what their installers printed. */
const MAX_EVIDENCE_BYTES = 512 * 1024 * 1024

export const exportEvidence = defineCommand({
  name: 'evidence export',
  operations: ['exportEvidence'],
  summary: 'Writes what was signed about an install for one organization into a file',
  operands: ['INSTALL'],
  usage: 'INSTALL --organization NAME --out FILE',
  options: {
    organization: { type: 'string', value: 'NAME', about: 'whose appliances it is about' },
    out: { type: 'string', value: 'FILE', about: 'where to write it' },
    ...SERVER_OPTIONS,
  },
  remarks: ['Whoever has the file checks it with evidence verify, without a Service Center.'],
  example: 'patchmesh evidence export 5f0c0e6a3c1b4d5e9f8a7b6c5d4e3f2a --organization acme --out acme.json',
  async run({ options, operands: [install = ''], show }) {
    const organization = parsed('organization', required('organization', options.organization), OrganizationName)
    const out = required('out', options.out)
    const text = `${JSON.stringify(await connect(options).evidence(install, organization))}\n`
    try {
      await writeFile(out, text)
    } catch (error) {
      throw new LocalFileError(`${out} cannot be written: ${error instanceof Error ? error.message : String(error)}`)
    }
    const bytes = Buffer.byteLength(text)
    return show({ file: out, bytes }, () => [
      printable(`${out}: ${bytes} bytes. Check it with: patchmesh evidence verify ${out}`),
    ])
  },
})

export const verifyEvidence = defineCommand({
  name: 'evidence verify',
  summary: 'Checks the evidence of an install, and tells what it proves',
  operands: ['FILE'],
  usage: 'FILE [--signing-key KEY]',
  options: {
    'signing-key': { type: 'string', value: 'KEY', about: "the Service Center's, as you know it from elsewhere" },
    ...outputOptions('JSON'),
  },
  remarks: [
    'Nobody is asked. Without --signing-key the key is believed that the file names: compare it with the one on the page\n' +
      'of any patch, or at an appliance.',
  ],
  example: 'patchmesh evidence verify acme.json',
  async run({ options, operands: [file = ''], show }) {
    const key = options['signing-key'] === undefined ? null : parsed('signing-key', options['signing-key'], PeerId)
    const findings = judgeEvidence(await evidenceIn(file), key)
    const isRight = findings.wrong.length === 0
    return show({ right: isRight, ...findings }, () => findingLines(findings, key !== null), isRight ? 0 : 1)
  },
})

async function evidenceIn(file: string): Promise<Evidence> {
  const evidence = readEvidence(new TextDecoder().decode(await readSmallFile(file, MAX_EVIDENCE_BYTES)))
  if (isRefusal(evidence)) throw new LocalFileError(`${file} cannot be checked: ${evidence.message}`)
  return evidence
}

function findingLines(findings: EvidenceFindings, isKnownKey: boolean): string[] {
  const { account, publication, signingKey, appliances, groups, wrong } = findings
  const lines: string[] = []
  const print = (line: string): void => void lines.push(printable(line))
  for (const one of wrong) print(`WRONG: ${one}`)
  if (account !== null && publication !== null) {
    const { name, version, sha256 } = publication
    const { install, organization, dataCenter, state, reason, startedBy, startedAt } = account
    print(`install ${install} of ${name}@${version} for ${organization} in ${where(dataCenter)}: ${state}`)
    if (reason !== '') print(reason)
    print(`started ${time(startedAt)}${startedBy === null ? '' : ` by ${startedBy}`}`)
    print(`patch ${sha256}`)
  }
  print(`signed by ${signingKey}${isKnownKey ? '' : ', which the file names itself: compare it'}`)
  for (const appliance of appliances) lines.push(...applianceLines(appliance))
  lines.push('')
  const headings = ['GROUP', 'DATA CENTER', 'MEMBERS', 'ONE SERVED ALONE', 'NONE SERVED']
  const rows = groups.map(({ group, dataCenter, members, unprotectedMs, outage }) => [
    ...[group, dataCenter, members.join(', ')],
    unprotectedMs === 0 ? 'never' : duration(unprotectedMs / 1000),
    outage ? 'at some moment' : 'never',
  ])
  lines.push(...table(headings, rows, 'It has no appliance.'))
  lines.push('')
  const statements = plural(account?.statements.length ?? 0, 'statement')
  if (wrong.length === 0) print(`Right: ${statements}, each signed by whom it speaks for, and none is missing.`)
  else print(`Not right: ${plural(wrong.length, 'thing')} in it ${wrong.length === 1 ? 'is' : 'are'} wrong, see above.`)
  return lines
}

function applianceLines({ name, role, peer, steps, before, after, interrupted }: ApplianceFindings): string[] {
  return [
    '',
    printable(`${name}, ${role}, ${peer}`),
    printable(`  before: ${seenThen(before)}`),
    printable(`  after: ${seenThen(after)}`),
    `  did not serve: ${interrupted.length === 0 ? 'never' : interrupted.map(interruptedThen).join('; ')}`,
    ...steps.flatMap(({ attempt, state, reason, output, reportedAt }) => [
      printable(`  ${time(reportedAt)}, attempt ${attempt}: ${state}${reason === '' ? '' : `, ${reason}`}`),
      ...(output === '' ? [] : printableLines(output.trimEnd()).map((line) => `      ${line}`)),
    ]),
  ]
}

function seenThen(seen: Seen | null): string {
  if (seen === null) return 'was not looked at'
  const what = seen.installedVersion === null ? seen.result : `${seen.result}, has ${seen.installedVersion}`
  return `${what}, looked at ${time(seen.detectedAt)}`
}

function interruptedThen({ from, until }: Interruption): string {
  return `${time(from)}, ${until === null ? 'and has not told of its end' : `for ${duration(Math.max(1, (until - from) / 1000))}`}`
}

function time(wallMs: number): string {
  return `${readableTime(new Date(wallMs).toISOString())} UTC`
}
