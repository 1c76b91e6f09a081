/**
 * What a manifest says against itself, and so could be obeyed by nobody: it is refused at the upload, before any of the
 * payload is read. What it says against other patches is judged where those are known.
 */
import { pieceLengthBytes } from '../pieces.ts'
import { compareVersions } from '../version-order.ts'
import { AGENT_KIND, AGENT_PACKAGE, type Manifest } from './manifest.ts'
import { isCovered, type PatchReference, replaces, titled } from './patch-references.ts'

/** A sentence without its full stop, or null. */
export function contradiction(manifest: Manifest): string | null {
  return (
    itself(manifest) ??
    relations(manifest) ??
    pair(manifest) ??
    files(manifest) ??
    installer(manifest) ??
    agent(manifest)
  )
}

function itself(manifest: Manifest): string | null {
  const { name, version, floor } = manifest
  const self = `${name} ${version}`
  if (replaces(manifest, manifest)) return `${self} supersedes itself`
  if (manifest.conflicts.some((other) => isCovered(manifest, other))) return `${self} conflicts with itself`
  const needed = manifest.requires.find((other) => other.name === name && reaches(other, version))
  if (needed !== undefined) return `${self} requires itself, or what comes after it`
  if (floor !== undefined && compareVersions(floor, version) > 0) return `its floor ${floor} is above ${version}`
  return null
}

/** Of a reference with a version: whether it asks for this version or a later one. */
function reaches(other: PatchReference, version: string): boolean {
  return other.version !== undefined && compareVersions(other.version, version) >= 0
}

/** Whatever would satisfy the one is forbidden by the other. */
function relations({ requires, conflicts }: Manifest): string | null {
  for (const needed of requires) {
    const against = conflicts.find(
      (other) =>
        other.name === needed.name &&
        (other.version === undefined ||
          (needed.version !== undefined && compareVersions(needed.version, other.version) >= 0)),
    )
    if (against !== undefined) return `it conflicts with ${titled(against)}, and requires ${titled(needed)}`
  }
  return null
}

/** The second member begins when the first is done, so the pair is at different versions for at least that long. */
function pair({ pair: { maxSkewSeconds }, verify, impact }: Manifest): string | null {
  const least = verify.soakSeconds + impact.estimateSeconds
  if (maxSkewSeconds >= least) return null
  return (
    `a pair is at different versions for ${least} seconds at least, its soak and its estimate, ` +
    `and pair.maxSkewSeconds allows ${maxSkewSeconds}`
  )
}

function files({ payload }: Manifest): string | null {
  const pieceSize = pieceLengthBytes(payload.size)
  if (payload.pieceSize !== pieceSize) {
    return `a payload of ${payload.size} bytes has pieces of ${pieceSize} bytes, not ${payload.pieceSize}`
  }
  return null
}

/** Either a program of the bundle installs it, or dpkg does, and then dpkg detects and goes back too. */
function installer({ install, verify, revert }: Manifest): string | null {
  if (install.program === undefined && install.package === undefined) {
    return 'a bundle needs install.program, the program that installs it, or install.package, a Debian package'
  }
  if (install.package === undefined) return null
  if (install.program !== undefined) return 'install.package is installed by dpkg, and install.program has no place'
  if (!('dpkg' in verify.detect)) return 'install.package is detected by dpkg, so verify.detect.dpkg must name it'
  if (verify.health !== undefined) return 'install.package is verified by dpkg, and verify.health has no place'
  return revert === 'none' ? null : 'install.package is taken back by dpkg, so revert must be "none"'
}

/** The agent is exchanged by its updater alone, and never runs while it is. */
function agent({ kind, name, impact, install, verify: { detect } }: Manifest): string | null {
  const isPackageOfIt = 'dpkg' in detect && detect.dpkg === AGENT_PACKAGE
  if (kind !== AGENT_KIND) {
    return isPackageOfIt ? `a package of the agent itself, ${AGENT_PACKAGE}, is of kind ${AGENT_KIND}` : null
  }
  if (!isPackageOfIt || name !== AGENT_PACKAGE || install.package === undefined)
    return `kind ${AGENT_KIND} is for the package ${AGENT_PACKAGE} alone: in name, install.package and verify.detect.dpkg`
  return impact.restart === 'service' ? null : `kind ${AGENT_KIND} interrupts the agent, so impact.restart is "service"`
}
