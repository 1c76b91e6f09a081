/**
 * `patchmesh release build`: makes a bundle of a manifest and a folder. The same manifest and files give the same bytes.
 */

import { stat } from 'node:fs/promises'
import { outputOptions } from '../../agent/shell/command-line/output.ts'
import { defineCommand, required } from './command.ts'
import { readManifestFile } from './manifest-file.ts'
import { readPayloadFolder } from './payload-folder.ts'
import { readableBytes } from './quantities.ts'
import { writeCheckedBundle } from './write-checked-bundle.ts'

export const releaseBuild = defineCommand({
  name: 'release build',
  summary: 'Makes a patch bundle of a manifest and a folder',
  usage: '--manifest FILE --payload FOLDER --out FILE',
  options: {
    manifest: { type: 'string', value: 'FILE', about: 'the manifest as JSON, without its payload' },
    payload: { type: 'string', value: 'FOLDER', about: 'the folder with its programs and files' },
    out: { type: 'string', value: 'FILE', about: 'where to write the bundle' },
    ...outputOptions('{"file","name","version","bytes"}'),
  },
  remarks: [
    'The manifest has name, version, publisher, install and verify; whatever else it leaves out has its usual value.',
    "The operator's guide has one to start from. The bundle is checked as an upload is.",
    'Sign it with: patchmesh release sign.',
  ],
  example: 'patchmesh release build --manifest ./kernel.json --payload ./kernel --out ./kernel-6.1.patch',
  async run({ options, show }) {
    const [file, folder] = [required('manifest', options.manifest), required('payload', options.payload)]
    const out = required('out', options.out)
    const { contents, bytes: diskBytes, changedMs } = await readPayloadFolder(folder)
    const draft = await readManifestFile(file, { created: new Date(changedMs).toISOString(), diskBytes })
    const { name, version } = await writeCheckedBundle(out, { draft, contents })
    const { size: bytes } = await stat(out)
    return show({ file: out, name, version, bytes }, () => [`${out}: ${name}@${version}, ${readableBytes(bytes)}`])
  },
})
