/**
 * `patchmesh release example`: writes a small patch to try things with (example-bundle.ts).
 */

import { stat } from 'node:fs/promises'
import { outputOptions } from '../../agent/shell/command-line/output.ts'
import { defineCommand, required, UsageError } from './command.ts'
import { type ExampleOptions, writeExampleBundle } from './example-bundle.ts'
import { readableBytes } from './quantities.ts'

export const releaseExample = defineCommand({
  name: 'release example',
  summary: 'Writes a harmless patch to try things with',
  usage: '[--name N] [--version V] [--bytes N] [--failing install|health] --out FILE',
  options: {
    name: { type: 'string', value: 'NAME', about: 'of the patch (default example)' },
    version: { type: 'string', value: 'VERSION', about: 'of the patch (default 1.0.0)' },
    bytes: { type: 'string', value: 'N', about: 'size of the file, rounded up to 512 (default 1048576)' },
    failing: { type: 'string', value: 'PROGRAM', about: 'install or health: what shall go wrong on the appliances' },
    out: { type: 'string', value: 'FILE', about: 'where to write it' },
    ...outputOptions('{"file","name","version","bytes"}'),
  },
  remarks: ['The same options give the same bytes.'],
  example: 'patchmesh release example --version 1.2.0 --out ./example-1.2.0.patch',
  async run({ options, show }) {
    const out = required('out', options.out)
    const { name, version } = await writeExampleBundle({
      ...(options.name === undefined ? {} : { name: options.name }),
      ...(options.version === undefined ? {} : { version: options.version }),
      ...(options.bytes === undefined ? {} : { bytes: readBytes(options.bytes) }),
      ...readFailing(options.failing),
      out,
    })
    const { size } = await stat(out)
    const summary = { file: out, name, version, bytes: size }
    return show(summary, () => [`${out}: ${name}@${version}, ${readableBytes(size)}`])
  },
})

function readBytes(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new UsageError(`--bytes is a whole number, not ${JSON.stringify(text)}`)
  return Number(text)
}

function readFailing(text: string | undefined): Pick<ExampleOptions, 'failing'> {
  if (text === undefined) return {}
  if (text === 'install' || text === 'health') return { failing: text }
  throw new UsageError(`--failing is install or health, not ${JSON.stringify(text)}`)
}
