/**
 * `patchmesh support`: everything that helps to see what went wrong with an install or an appliance, as one file without
 * secrets.
 */
import { writeFile } from 'node:fs/promises'
import { InstallId } from '../../protocol/identifiers.ts'
import { BUNDLE_FORMATS } from '../shell/support/packing.ts'
import { defineCommand, required, UsageError } from './command.ts'
import { LocalFileError } from './exchange.ts'
import { connect, SERVER_OPTIONS } from './service-center-client.ts'
import { printable } from './terminal.ts'

export const makeSupportBundle = defineCommand({
  name: 'support',
  operations: ['fetchInstallSupport', 'fetchApplianceSupport'],
  summary: 'Writes what helps to see what went wrong with an install or an appliance into one file',
  operands: ['INSTALL|APPLIANCE'],
  usage: 'INSTALL|APPLIANCE --out FILE [--names]',
  options: {
    out: { type: 'string', value: 'FILE', about: 'a new file whose name ends with .tar.zst or .tar.gz' },
    names: { type: 'boolean', about: 'call people by their names; else by pseudonyms' },
    ...SERVER_OPTIONS,
  },
  remarks: [
    'States, plan, signed reports, the trail, logs of the Service Center and of the agents that answer, releases and\n' +
      'settings. Tokens, keys, passwords and sessions are taken out; manifest.json tells what is inside and what is not.',
  ],
  example: 'patchmesh support acme-paris-1 --out acme-paris-1.tar.zst',
  async run({ options, operands: [about = ''], show }) {
    const out = required('out', options.out)
    const format = BUNDLE_FORMATS.find((ending) => out.endsWith(`.${ending}`))
    if (format === undefined) throw new UsageError(`--out ${JSON.stringify(out)} ends with none of .tar.zst, .tar.gz`)
    const place = InstallId.safeParse(about).success ? 'installs' : 'appliances'
    const query = { format, names: options.names === true ? 'keep' : 'pseudonyms' }
    const path = [place, about, 'support-bundle']
    const file = await connect(options).exchange.download({ method: 'GET', path, query })
    try {
      await writeFile(out, file, { flag: 'wx', mode: 0o600 })
    } catch (error) {
      throw new LocalFileError(`${out} cannot be written: ${error instanceof Error ? error.message : String(error)}`)
    }
    const bytes = file.byteLength
    const lines = [`${out}: ${bytes} bytes. See what is inside: tar -xOf ${out} support/manifest.json`]
    return show({ file: out, bytes }, () => lines.map(printable))
  },
})
