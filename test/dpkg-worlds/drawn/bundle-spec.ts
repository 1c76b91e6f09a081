/**
 * Bundles of a world as plain data, and the text of their programs. A program meets the world at the same marks as a
 * maintainer script does.
 */
import { type Random } from '../../../protocol/random.ts'
import { happens } from '../../../simulator/world/child-random.ts'
import { type Family, pick } from './draw-package.ts'
import { DAEMON_SECONDS, MEETING_PLACE, type PackageSpec } from './package-spec.ts'

export type BundleProgram = 'install' | 'health' | 'revert'

export type BundleSpec = {
  readonly name: string
  readonly version: string
  /** The package inside, where it is detected by dpkg; null for a file that holds the version. */
  readonly inner: PackageSpec | null
  readonly hasHealth: boolean
  readonly canRevert: boolean
  readonly habit: 'starts-daemon' | 'needs-home' | 'reads-input' | null
}

export function drawBundle(family: Family, random: Random): BundleSpec {
  const inner = happens(random, 0.5) ? (family.versions[2] as PackageSpec) : null
  return {
    name: `${family.name}-bundle`,
    version: inner?.version ?? pick(random, ['1.0.0', '1.1.0', '2.0.0']),
    inner,
    hasHealth: happens(random, 0.4),
    canRevert: happens(random, 0.8),
    habit: happens(random, 0.3) ? pick(random, ['starts-daemon', 'needs-home', 'reads-input'] as const) : null,
  }
}

export function versionFileOf({ name }: BundleSpec): string {
  return `/opt/${name}/version`
}

export function programRun({ name, version }: BundleSpec, program: BundleProgram): string {
  return `${name}-${version}-${program}-run`
}

export function programText(spec: BundleSpec, program: BundleProgram): string {
  const { name, version } = spec
  const lines = [
    '#!/bin/sh',
    'set -eu',
    `meet="$PATCHMESH_ROOT${MEETING_PLACE}"`,
    `echo "${name} ${version} ${program}" >> "$meet/journal"`,
    `run="${programRun(spec, program)}"`,
    'if [ -e "$meet/stop-$run" ]; then',
    '  rm "$meet/stop-$run"',
    '  echo $$ > "$meet/writing" && mv "$meet/writing" "$meet/here-$run"',
    '  while [ ! -e "$meet/go-$run" ]; do sleep 0.02; done',
    'fi',
    'if [ -e "$meet/fail-$run" ]; then echo "the program gives up" >&2; exit 3; fi',
    'if [ -e "$meet/once-$run" ]; then rm "$meet/once-$run"; echo "not now" >&2; exit 75; fi',
    ...(program === 'install' ? [habitText(spec.habit)] : []),
    ...workText(spec, program),
  ]
  return `${lines.filter((line) => line !== '').join('\n')}\n`
}

function habitText(habit: BundleSpec['habit']): string {
  switch (habit) {
    case 'starts-daemon':
      return `setsid sleep ${DAEMON_SECONDS} &`
    case 'needs-home':
      return 'echo "$HOME $USER" > /dev/null'
    case 'reads-input':
      return 'cat > /dev/null'
    case null:
      return ''
  }
}

function workText(spec: BundleSpec, program: BundleProgram): string[] {
  const { version, inner } = spec
  const file = `"$PATCHMESH_ROOT${versionFileOf(spec)}"`
  const ask = 'dpkg --root="$PATCHMESH_ROOT" --log=/dev/null'
  switch (program) {
    case 'health':
      return []
    case 'install':
      if (inner !== null) return [`${ask} --install "$PATCHMESH_PAYLOAD/package.deb"`]
      return [
        `mkdir -p "$PATCHMESH_ROOT/opt/${spec.name}"`,
        `if [ -e ${file} ] && [ ! -e ${file}.before ]; then cp ${file} ${file}.before; fi`,
        `echo '${version}' > ${file}.new`,
        `mv ${file}.new ${file}`,
      ]
    case 'revert':
      if (inner !== null) return [`${ask} --purge ${inner.name}`]
      return [`if [ -e ${file}.before ]; then mv ${file}.before ${file}; else rm -f ${file} ${file}.new; fi`]
  }
}
