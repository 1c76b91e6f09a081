/**
 * `patchmesh release wrap`: puts a Debian package into a bundle, so that publishers can sign it. The appliances install
 * it with dpkg as they do a bare one; the manifest follows from the package, and the same package gives the same bytes.
 */

import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { outputOptions } from '../../agent/shell/command-line/output.ts'
import { isRefusal, RefusedError } from '../../protocol/refusals.ts'
import { inspectDebianPackage } from '../shell/intake/debian-package.ts'
import { defineCommand, required } from './command.ts'
import { LocalFileError } from './exchange.ts'
import { readableBytes } from './quantities.ts'
import { writeCheckedBundle } from './write-checked-bundle.ts'

/** The name of the package inside of the payload. */
const PACKAGE = 'package.deb'

export const releaseWrap = defineCommand({
  name: 'release wrap',
  summary: 'Wraps a Debian package in a bundle, which publishers can sign',
  operands: ['DEB'],
  usage: 'DEB --out FILE',
  options: {
    out: { type: 'string', value: 'FILE', about: 'where to write the bundle' },
    ...outputOptions('{"file","name","version","bytes"}'),
  },
  remarks: [
    'The package is checked as an upload is. The appliances install it with dpkg, exactly as a bare one.',
    'Sign the bundle with: patchmesh release sign.',
  ],
  example: 'patchmesh release wrap ./hello_2.10-3_amd64.deb --out ./hello-2.10-3.patch',
  async run({ options, operands: [file = ''], show }) {
    const out = required('out', options.out)
    const size = await sizeOf(file)
    const draft = await inspectDebianPackage(createReadStream(file))
    if (isRefusal(draft)) throw new RefusedError(draft)
    const { name, version } = await writeCheckedBundle(out, {
      draft: { ...draft, install: { ...draft.install, package: PACKAGE } },
      contents: [{ path: PACKAGE, content: { size, chunks: () => createReadStream(file) } }],
    })
    const { size: bytes } = await stat(out)
    return show({ file: out, name, version, bytes }, () => [`${out}: ${name}@${version}, ${readableBytes(bytes)}`])
  },
})

async function sizeOf(file: string): Promise<number> {
  try {
    return (await stat(file)).size
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error)
    throw new LocalFileError(`${file} cannot be read (${code}): check the path`, { cause: error })
  }
}
