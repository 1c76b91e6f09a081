/**
 * `patchmesh publishers list|set|remove`: whose signatures uploads need. A publisher is described in a file, which is
 * kept where the keys are looked after.
 */
import { Publisher, shortKeyId } from '../../protocol/publishers.ts'
import { isRefusal, RefusedError, refuse } from '../../protocol/refusals.ts'
import { parseStrictJson } from '../../protocol/strict-json.ts'
import { defineCommand } from './command.ts'
import { readableTime } from './quantities.ts'
import { readSmallFile } from './read-small-file.ts'
import { connect, SERVER_OPTIONS } from './service-center-client.ts'
import { printable, table } from './terminal.ts'

const USAGE = '[--server URL] [--api-token TOKEN] [--json]'
const MAX_FILE_BYTES = 64 * 1024

export const listPublishers = defineCommand({
  name: 'publishers list',
  operations: ['listPublishers'],
  summary: 'Lists the publishers whose signatures uploads need',
  usage: USAGE,
  options: SERVER_OPTIONS,
  example: 'patchmesh publishers list',
  async run({ options, terminal }) {
    const publishers = await connect(options).publishers()
    const rows = publishers.map(({ name, keys, threshold, patches, expiresAt, condition }) => [
      ...[name, `${threshold} of ${keys.length}`],
      keys.map(({ keyid, revoked }) => shortKeyId(keyid) + (revoked ? ' (revoked)' : '')).join(', '),
      ...[patches.join(', '), readableTime(expiresAt), condition],
    ])
    const headings = ['NAME', 'NEEDED', 'KEYS', 'MAY SIGN', 'UNTIL (UTC)', 'STATE']
    const none = 'No publisher is listed: uploads need no signature.'
    if (options.json === true) terminal.print(JSON.stringify(publishers))
    else for (const line of table(headings, rows, none)) terminal.print(line)
    return 0
  },
})

export const setPublisher = defineCommand({
  name: 'publishers set',
  operations: ['setPublisher'],
  summary: 'Lists a publisher, in place of the one of the same name',
  operands: ['FILE'],
  usage: `FILE ${USAGE}`,
  options: SERVER_OPTIONS,
  remarks: [
    'FILE is JSON: {"name", "keys": [{"keyid", "publicKey", "revoked"}], "threshold", "patches", "expiresAt"}; patchmesh\n' +
      'release key --json prints a key. As soon as one publisher is listed, every upload has to be signed by one.',
  ],
  example: 'patchmesh publishers set ./acme.json',
  async run({ options, operands: [file = ''], terminal }) {
    const publisher = await readPublisher(file)
    const shown = await connect(options).setPublisher(publisher)
    if (options.json === true) terminal.print(JSON.stringify(shown))
    else
      terminal.print(
        printable(`${shown.name} is listed: ${shown.condition}, until ${readableTime(shown.expiresAt)} UTC.`),
      )
    return 0
  },
})

export const removePublisher = defineCommand({
  name: 'publishers remove',
  operations: ['removePublisher'],
  summary: 'Removes a publisher; after the last one uploads need no signature any more',
  operands: ['NAME'],
  usage: `NAME ${USAGE}`,
  options: SERVER_OPTIONS,
  example: 'patchmesh publishers remove Acme',
  async run({ options, operands: [name = ''], terminal }) {
    const client = connect(options)
    const done = await client.removePublisher(name)
    terminal.print(options.json === true ? JSON.stringify(done) : printable(`${name} is removed.`))
    if ((await client.publishers()).length === 0) terminal.tell('No publisher is left: uploads need no signature now.')
    return 0
  },
})

async function readPublisher(file: string): Promise<Publisher> {
  const text = parseStrictJson(await readSmallFile(file, MAX_FILE_BYTES), file, 'bad_request')
  if (isRefusal(text)) throw new RefusedError(text)
  const parsed = Publisher.safeParse(text.json)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  const where = issue === undefined || issue.path.length === 0 ? file : `${file}, ${issue.path.join('.')}`
  throw new RefusedError(refuse('bad_request', `${where}: ${issue?.message ?? 'does not match'}`))
}
