/**
 * `patchmesh policy init|add|sign`: a policy as a file, made and signed where its owners are. None of them speaks to the
 * Service Center.
 */
import { rename } from 'node:fs/promises'
import { z } from 'zod'
import { outputOptions } from '../../agent/shell/command-line/output.ts'
import { ApplianceName, OrganizationName, PatchName, PatchVersion, PeerId } from '../../protocol/identifiers.ts'
import { MAX_DOCUMENT_BYTES } from '../../protocol/limits.ts'
import { isRefusal, RefusedError, refuse } from '../../protocol/refusals.ts'
import { parseStrictJson } from '../../protocol/strict-json.ts'
import { ApprovalKey } from '../../protocol/trust/approval-keys.ts'
import { POLICY_DOCUMENT, Policy, type PolicyDocument } from '../../protocol/trust/policy.ts'
import {
  newDocument,
  printDocument,
  readDocument,
  signatureOver,
  signersOf,
  withSignature,
} from '../../protocol/trust/signed-document.ts'
import { isAgreed, YES_OPTION } from './asking.ts'
import { defineCommand, parsed, required, UsageError } from './command.ts'
import { readPersonalKey } from './personal-keys.ts'
import { policyLines } from './policy-lines.ts'
import { readSmallFile } from './read-small-file.ts'
import { printable } from './terminal.ts'
import { writeNewFile } from './write-new-file.ts'

const PublicFile = ApprovalKey.safeExtend({ name: ApplianceName })
const Needed = z.string().regex(/^\d+$/, 'is not a whole number').transform(Number).pipe(Policy.shape.approvalsNeeded)
const Day = z.iso.date('is not a day such as 2027-12-31')

const LASTS_DAYS = 365
const DAY_MS = 24 * 3600 * 1000

const CHANGES = {
  owner: {
    type: 'string',
    multiple: true,
    value: 'FILE',
    about: 'a FILE.pub of somebody who signs policies; repeatable',
  },
  'owners-needed': { type: 'string', value: 'N', about: 'so many owners sign the next policy together' },
  approver: {
    type: 'string',
    multiple: true,
    value: 'FILE',
    about: 'a FILE.pub of somebody who approves installs; repeatable',
  },
  for: {
    type: 'string',
    multiple: true,
    value: 'NAME',
    about: 'those approvers have a say for this organization only; repeatable',
  },
  needed: {
    type: 'string',
    value: 'N',
    about: 'so many approve each install: 0, 1 or 2; with --organization for that one',
  },
  organization: {
    type: 'string',
    value: 'NAME',
    about: 'for which --needed is meant (default: all that are not named)',
  },
  floor: {
    type: 'string',
    multiple: true,
    value: 'NAME@VERSION',
    about: 'nothing of that name is installed below it; repeatable',
  },
  until: {
    type: 'string',
    value: 'DAY',
    about: `after it nothing new is installed (default: ${LASTS_DAYS} days from now)`,
  },
} as const
/** Of a policy that is there already. */
const REMOVAL = {
  remove: {
    type: 'string',
    multiple: true,
    value: 'NAME',
    about: 'an owner or approver who has no say any more; repeatable',
  },
} as const
const CHANGES_USAGE =
  '[--owner FILE]... [--owners-needed N] [--approver FILE]... [--for NAME]... [--needed N [--organization NAME]] [--floor NAME@VERSION]... [--until DAY]'

type Changes = { readonly [Name in keyof (typeof CHANGES & typeof REMOVAL)]?: string | string[] | undefined }

export const initPolicy = defineCommand({
  name: 'policy init',
  summary: 'Begins the policy of a fleet: who approves installs, and who signs the policy',
  usage: `--fleet ID --out FILE ${CHANGES_USAGE}`,
  options: {
    fleet: { type: 'string', value: 'ID', about: 'the key of the Service Center, from patchmesh policy show' },
    out: { type: 'string', value: 'FILE', about: 'where to write it; a file that is there is never replaced' },
    ...CHANGES,
    ...outputOptions('the policy'),
  },
  remarks: [
    'It counts when its owners have signed it (policy sign) and it was handed to the Service Center (policy set).',
  ],
  example:
    'patchmesh policy init --fleet 12D3Koo… --owner o.key.pub --approver maria.key.pub --needed 1 --out policy.json',
  async run({ options, show }) {
    const out = required('out', options.out)
    const begun: Policy = {
      ...{ version: 1, fleet: parsed('fleet', required('fleet', options.fleet), PeerId), owners: [], ownersNeeded: 1 },
      ...{ approvers: [], approvalsNeeded: 1, organizations: [], floors: [], expiresAt: '' },
    }
    const policy = await changed(begun, options)
    await writeNewFile(out, Buffer.from(printDocument(POLICY_DOCUMENT, newDocument(policy))))
    return show(policy, () => policyLines(policy, []))
  },
})

export const addToPolicy = defineCommand({
  name: 'policy add',
  summary: 'Makes the next version of a policy, with other people or numbers',
  operands: ['FILE'],
  usage: `FILE --out FILE ${CHANGES_USAGE} [--remove NAME]...`,
  options: {
    out: { type: 'string', value: 'FILE', about: 'where to write it; a file that is there is never replaced' },
    ...CHANGES,
    ...REMOVAL,
    ...outputOptions('the policy'),
  },
  remarks: ['The owners of FILE sign it, and those of the new one: so many of both as each asks for.'],
  example: 'patchmesh policy add policy.json --approver petra.key.pub --out policy-2.json',
  async run({ options, operands: [file = ''], show }) {
    const out = required('out', options.out)
    const { stated } = await readPolicy(file)
    const policy = await changed({ ...stated, version: stated.version + 1 }, options)
    await writeNewFile(out, Buffer.from(printDocument(POLICY_DOCUMENT, newDocument(policy))))
    return show(policy, () => policyLines(policy, []))
  },
})

export const signPolicy = defineCommand({
  name: 'policy sign',
  summary: 'Adds the signature of an owner to a policy',
  operands: ['FILE'],
  usage: 'FILE --key FILE [--yes]',
  options: {
    key: { type: 'string', value: 'FILE', about: 'the key, from patchmesh keys new' },
    ...YES_OPTION,
    ...outputOptions('{"version","keyid","signatures"}'),
  },
  remarks: ['The signatures of others stay, so each owner signs on a machine of their own.'],
  example: 'patchmesh policy sign policy.json --key ./o.key',
  async run({ options, operands: [file = ''], terminal, show }) {
    const document = await readPolicy(file)
    const key = await readPersonalKey(required('key', options.key), terminal)
    for (const line of policyLines(document.stated, signedNames(document))) terminal.tell(line)
    if (!(await isAgreed({ yes: options.yes, terminal, nothing: 'It was not signed' }, 'Sign it?'))) return 1
    const signed = withSignature(document, signatureOver(POLICY_DOCUMENT, document, key.privateKey))
    await writeNewFile(`${file}.new`, Buffer.from(printDocument(POLICY_DOCUMENT, signed)))
    await rename(`${file}.new`, file)
    const { keyid } = key
    const signatures = signed.signatures.length
    return show({ version: document.stated.version, keyid, signatures }, () => [
      printable(
        `${file}: policy ${document.stated.version}, ${signatures} signatures, now by ${keyid.slice(0, 12)}… too`,
      ),
    ])
  },
})

export async function readPolicy(file: string): Promise<PolicyDocument> {
  const document = readDocument(POLICY_DOCUMENT, await readSmallFile(file, MAX_DOCUMENT_BYTES))
  if (isRefusal(document)) throw new RefusedError(document)
  return document
}

export function signedNames(document: PolicyDocument): string[] {
  return signersOf(POLICY_DOCUMENT, document, document.stated.owners).map(({ name }) => name)
}

async function changed(before: Policy, options: Changes): Promise<Policy> {
  const all = (name: keyof Changes): string[] => [options[name] ?? []].flat()
  const one = (name: keyof Changes): string | undefined => all(name)[0]
  const removed = new Set(all('remove'))
  const known = new Set([...before.owners, ...before.approvers].map(({ name }) => name as string))
  for (const name of removed.difference(known)) throw new UsageError(`--remove: the policy has no ${printable(name)}`)
  const kept = <Person extends { readonly name: string }>(people: readonly Person[]): Person[] =>
    people.filter(({ name }) => !removed.has(name))
  const organizations = all('for').map((name) => parsed('for', name, OrganizationName))
  const scope = { organizations: organizations.length === 0 ? null : organizations }
  const approvers = await Promise.all(all('approver').map(async (file) => ({ ...(await readPublic(file)), ...scope })))
  const owners = await Promise.all(all('owner').map(readPublic))
  const needed = one('needed') === undefined ? undefined : parsed('needed', one('needed') ?? '', Needed)
  const named = one('organization')
  if (named !== undefined && needed === undefined) throw new UsageError('--organization goes with --needed')
  const floors = all('floor').map((text) => {
    const at = Math.max(0, text.lastIndexOf('@'))
    return {
      patch: parsed('floor', text.slice(0, at), PatchName),
      version: parsed('floor', text.slice(at + 1), PatchVersion),
    }
  })
  const until = one('until') === undefined ? undefined : parsed('until', one('until') ?? '', Day)
  const policy = Policy.safeParse({
    ...before,
    owners: [...kept(before.owners), ...owners],
    ownersNeeded: Number(one('owners-needed') ?? before.ownersNeeded),
    approvers: [...kept(before.approvers), ...approvers],
    approvalsNeeded: named === undefined ? (needed ?? before.approvalsNeeded) : before.approvalsNeeded,
    organizations:
      named === undefined
        ? before.organizations
        : [
            ...before.organizations.filter(({ organization }) => organization !== named),
            { organization: named, approvalsNeeded: needed },
          ],
    floors: [...before.floors.filter(({ patch }) => !floors.some((floor) => floor.patch === patch)), ...floors],
    expiresAt: until === undefined ? new Date(Date.now() + LASTS_DAYS * DAY_MS).toISOString() : `${until}T23:59:59Z`,
  })
  if (policy.success) return policy.data
  const [issue] = policy.error.issues
  const where = issue === undefined || issue.path.length === 0 ? 'the policy' : `the policy, ${issue.path.join('.')},`
  throw new RefusedError(refuse('bad_document', `${where} ${issue?.message ?? 'has the wrong form'}`))
}

async function readPublic(file: string): Promise<z.output<typeof PublicFile>> {
  const json = parseStrictJson(await readSmallFile(file, MAX_DOCUMENT_BYTES), file, 'bad_document')
  if (isRefusal(json)) throw new RefusedError(json)
  const key = PublicFile.safeParse(json.json)
  if (key.success) return key.data
  throw new RefusedError(refuse('bad_document', `${file} is no FILE.pub of patchmesh keys new`))
}
