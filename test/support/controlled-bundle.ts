/**
 * A patch bundle whose install program does what a test wants: it leaves a line in `attempts` each time it runs, and,
 * when asked to, waits until the test lets it go on. So a test can kill an agent in the middle and count what ran.
 */
import { type ManifestDraft, writeBundle } from '../../controller/cli/write-bundle.ts'
import { PatchName, PatchVersion } from '../../protocol/identifiers.ts'

export type ControlledBundle = {
  out: string
  name: string
  version?: string
  /** The install program waits for the file `/go` below the install root. */
  waits?: boolean
  restart?: 'none' | 'service' | 'reboot'
  /** A line more for the install program. */
  also?: string
  /** In the place of what the manifest would say. */
  manifest?: Partial<ManifestDraft>
}

export async function writeControlledBundle({
  out,
  name,
  version = '1.0.0',
  waits = false,
  restart = 'none',
  also = '',
  manifest = {},
}: ControlledBundle): Promise<void> {
  const wait = waits ? 'while [ ! -e "$PATCHMESH_ROOT/go" ]; do sleep 0.05; done\n' : ''
  const install = `#!/bin/sh
set -eu
echo run >> "$PATCHMESH_ROOT/attempts"
${wait}${also}
mkdir -p "$PATCHMESH_ROOT/opt/${name}"
echo '${version}' > "$PATCHMESH_ROOT/opt/${name}/version.new"
mv "$PATCHMESH_ROOT/opt/${name}/version.new" "$PATCHMESH_ROOT/opt/${name}/version"
`
  const revert = `#!/bin/sh
rm -rf "$PATCHMESH_ROOT/opt/${name}"
`
  await writeBundle(out, {
    draft: {
      name: PatchName.parse(name),
      version: PatchVersion.parse(version),
      kind: 'hotfix',
      publisher: 'patchmesh tests',
      created: '2026-01-01T00:00:00Z',
      appliesTo: { applianceTypes: [], fromVersions: [] },
      requires: [],
      conflicts: [],
      supersedes: [],
      impact: { restart, estimateSeconds: 1 },
      pair: { peerCompat: [], maxSkewSeconds: 3600, order: 'secondary-first' },
      install: { program: 'install', timeoutSeconds: 120 },
      verify: { detect: { versionFile: `/opt/${name}/version` }, soakSeconds: 0 },
      revert: { script: 'revert' },
      diskBytes: 0,
      ...manifest,
    },
    contents: [
      { path: 'install', executable: true, content: Buffer.from(install) },
      { path: 'revert', executable: true, content: Buffer.from(revert) },
    ],
  })
}
