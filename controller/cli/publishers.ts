/**
 * `patchmesh publishers list|set|remove`: whose signatures uploads need. A publisher is described in a file, which is
 * kept where the keys are looked after.
 */
import { isRefusal, RefusedError, refuse } from '../../protocol/refusals.ts'
import { parseStrictJson } from '../../protocol/strict-json.ts'
import { Publisher, shortKeyId } from '../../protocol/trust/publishers.ts'
import { type Asking, agreedOn, isAgreed, YES_OPTION } from './asking.ts'
import { defineCommand } from './command.ts'
import { readableTime } from './quantities.ts'
import { readSmallFile } from './read-small-file.ts'
import { connect, SERVER_OPTIONS, type ServiceCenterClient } from './service-center-client.ts'
import { printable, table } from './terminal.ts'

const MAX_FILE_BYTES = 64 * 1024

export const listPublishers = defineCommand({
  name: 'publishers list',
  operations: ['listPublishers'],
  summary: 'Lists the publishers whose signatures uploads need',
  usage: '',
  options: SERVER_OPTIONS,
  example: 'patchmesh publishers list',
  async run({ options, show }) {
    const publishers = await connect(options).publishers()
    const rows = publishers.map(({ name, keys, threshold, patches, expiresAt, condition }) => [
      ...[name, `${threshold} of ${keys.length}`],
      keys.map(({ keyid, revoked }) => shortKeyId(keyid) + (revoked ? ' (revoked)' : '')).join(', '),
      ...[patches.join(', '), readableTime(expiresAt), condition],
    ])
    const headings = ['NAME', 'NEEDED', 'KEYS', 'MAY SIGN', 'UNTIL (UTC)', 'STATE']
    const none = 'No publisher is listed: uploads need no signature.'
    return show(publishers, () => table(headings, rows, none))
  },
})

export const setPublisher = defineCommand({
  name: 'publishers set',
  operations: ['listPublishers', 'setPublisher'],
  summary: 'Lists a publisher, in place of the one of the same name',
  operands: ['FILE'],
  usage: `FILE [--yes]`,
  options: { ...YES_OPTION, ...SERVER_OPTIONS },
  remarks: [
    'FILE is JSON: {"name", "keys": [{"keyid", "publicKey", "revoked"}], "threshold", "patches", "expiresAt"}; patchmesh\n' +
      'release key --json prints a key. As soon as one publisher is listed, every upload has to be signed by one.',
  ],
  example: 'patchmesh publishers set ./acme.json',
  async run({ options, operands: [file = ''], terminal, show }) {
    const publisher = await readPublisher(file)
    const client = connect(options)
    const asking = { yes: options.yes, terminal, nothing: 'Nothing was changed' }
    if (!(await mayReplace(client, publisher.name, asking))) return 1
    const shown = await client.setPublisher(publisher)
    return show(shown, () => [
      printable(`${shown.name} is listed: ${shown.condition}, until ${readableTime(shown.expiresAt)} UTC.`),
    ])
  },
})

export const removePublisher = defineCommand({
  name: 'publishers remove',
  operations: ['listPublishers', 'removePublisher'],
  summary: 'Removes a publisher; after the last one uploads need no signature any more',
  operands: ['NAME'],
  usage: `NAME [--yes]`,
  options: { ...YES_OPTION, ...SERVER_OPTIONS },
  example: 'patchmesh publishers remove Acme',
  async run({ options, operands: [name = ''], terminal, show }) {
    const client = connect(options)
    const agreed = await agreedOn(name, { yes: options.yes, terminal, nothing: 'Nothing was removed' }, async () => {
      const listed = await client.publishers()
      const isLast = listed.length === 1
      const then = isLast
        ? 'It is the last: uploads need no signature then.'
        : 'Uploads that it signed are refused then.'
      return listed.some((other) => other.name === name) ? { id: name, question: `Remove ${name}? ${then}` } : undefined
    })
    if (agreed === null) return 1
    const done = await client.removePublisher(agreed)
    if ((await client.publishers()).length === 0) terminal.tell('No publisher is left: uploads need no signature now.')
    return show(done, () => [printable(`${name} is removed.`)])
  },
})

/** The first of its name takes nothing away. */
async function mayReplace(client: ServiceCenterClient, name: string, asking: Asking): Promise<boolean> {
  if (asking.yes === true) return true
  const before = (await client.publishers()).find((other) => other.name === name)
  if (before === undefined) return true
  const keys = before.keys.map(({ keyid }) => shortKeyId(keyid)).join(', ')
  return isAgreed(asking, `Replace ${name}, which is listed with ${keys}? From now on the new file alone counts.`)
}

async function readPublisher(file: string): Promise<Publisher> {
  const text = parseStrictJson(await readSmallFile(file, MAX_FILE_BYTES), file, 'bad_request')
  if (isRefusal(text)) throw new RefusedError(text)
  const parsed = Publisher.safeParse(text.json)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  const where = issue === undefined || issue.path.length === 0 ? file : `${file}, ${issue.path.join('.')}`
  throw new RefusedError(refuse('bad_request', `${where}: ${issue?.message ?? 'does not match'}`))
}
