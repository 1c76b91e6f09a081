/**
 * `patchmesh approve`: shows what an install asks for, read from the very bytes that are signed, asks, and signs them with the
 * key of an approver. What is signed is one authorization for each organization and Data Center.
 */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { isRefusal, RefusedError, refuse } from '../../protocol/refusals.ts'
import { AUTHORIZATION_DOCUMENT, type AuthorizationDocument } from '../../protocol/trust/authorization.ts'
import { documentDigest, readDocument, signatureOver } from '../../protocol/trust/signed-document.ts'
import { askForAuthorizations, sendApprovals } from './approvals-client.ts'
import { isAgreed, YES_OPTION } from './asking.ts'
import { defineCommand, required } from './command.ts'
import { LocalFileError } from './exchange.ts'
import { readPersonalKey } from './personal-keys.ts'
import { readableTime } from './quantities.ts'
import { connect, SERVER_OPTIONS } from './service-center-client.ts'
import { printable } from './terminal.ts'

export const approve = defineCommand({
  name: 'approve',
  operations: ['listAuthorizations', 'approveInstall'],
  summary: 'Approves an install with the key of an approver',
  operands: ['INSTALL'],
  usage: 'INSTALL --key FILE [--patch-file FILE] [--organization NAME] [--yes]',
  options: {
    key: { type: 'string', value: 'FILE', about: 'the key, from patchmesh keys new' },
    'patch-file': {
      type: 'string',
      value: 'FILE',
      about: 'the patch as you got it from its publisher, to compare with',
    },
    organization: { type: 'string', value: 'NAME', about: 'approve it for this organization only' },
    ...YES_OPTION,
    ...SERVER_OPTIONS,
  },
  remarks: [
    'Compare the SHA-256 with that of the publisher, or let --patch-file do it: what a Service Center that is in other hands calls\n' +
      'a patch, it may be or not.',
  ],
  example: 'patchmesh approve 5f0c0e6a3c1b4d5e9f8a7b6c5d4e3f2a --key ./maria.key',
  async run({ options, operands: [install = ''], terminal, show }) {
    const { exchange } = connect(options)
    const asked = await askForAuthorizations(exchange, install)
    const wanted = asked.filter(({ organization }) => (options.organization ?? organization) === organization)
    const documents = wanted.filter(({ state }) => state !== 'expired').map(({ document }) => documentOf(document))
    if (documents.length === 0)
      throw new RefusedError(
        refuse('not_found', `install ${install} asks for no approval${asked.length === 0 ? '' : ' any more'}`),
      )
    for (const document of documents) for (const line of asking(document)) terminal.tell(line)
    if (options['patch-file'] !== undefined) await compare(options['patch-file'], documents)
    const key = await readPersonalKey(required('key', options.key), terminal)
    if (!(await isAgreed({ yes: options.yes, terminal, nothing: 'Nothing was approved' }, 'Approve it?'))) return 1
    const approvals = documents.map((document) => ({
      digest: documentDigest(AUTHORIZATION_DOCUMENT, document),
      ...signatureOver(AUTHORIZATION_DOCUMENT, document, key.privateKey),
    }))
    const after = await sendApprovals(exchange, install, approvals)
    return show(after, () =>
      after.map(({ organization, dataCenter, approvedBy, needed }) =>
        printable(
          `${organization} in ${dataCenter}: ${approvedBy.length} of ${needed} approvals, by ${approvedBy.join(', ')}`,
        ),
      ),
    )
  },
})

function documentOf(text: string): AuthorizationDocument {
  const document = readDocument(AUTHORIZATION_DOCUMENT, Buffer.from(text))
  if (isRefusal(document)) throw new RefusedError(document)
  return document
}

function asking({ stated }: AuthorizationDocument): string[] {
  const { patch, organization, dataCenter, appliances, requestedBy, expiresAt, fromVersions } = stated
  return [
    `${patch.name}@${patch.version}, SHA-256 ${patch.sha256}`,
    `  for ${organization} in ${dataCenter}: ${appliances.map(({ name }) => name).join(', ')}`,
    `  asked for by ${requestedBy}, good until ${readableTime(new Date(expiresAt).toISOString())} UTC`,
    ...(fromVersions === null ? [] : [`  over ${fromVersions.join(', ')} only`]),
    ...(stated.downgrade ? ['  IT GOES BACK to an older version than is there'] : []),
    ...(stated.allowOutage ? ['  AN OUTAGE is allowed: a pair may be without service meanwhile'] : []),
  ].map((line) => printable(line))
}

async function compare(file: string, documents: readonly AuthorizationDocument[]): Promise<void> {
  const hash = createHash('sha256')
  try {
    await pipeline(createReadStream(file), hash)
  } catch (error) {
    throw new LocalFileError(`${file} cannot be read: check the path`, { cause: error })
  }
  const digest = hash.digest('hex')
  const other = documents.find(({ stated }) => stated.patch.sha256 !== digest)
  if (other === undefined) return
  throw new RefusedError(
    refuse('digest_mismatch', `${file} has SHA-256 ${digest}, and ${other.stated.patch.sha256} is asked for`),
  )
}
