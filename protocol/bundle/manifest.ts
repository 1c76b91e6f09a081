/**
 * What a patch says of itself: which appliances it is for, how it is installed, verified and reverted. A patch bundle
 * carries its manifest; for a Debian package the Service Center derives one from the control fields. Everything is
 * declarative but the programs of a bundle, which run only under a signed order. Every field is obeyed, or is shown to
 * people (`publisher`, `created`, `estimateSeconds`); docs/decisions/0016-a-manifest-is-obeyed.md tells where.
 */
import { z } from 'zod'
import { ApplianceKind, PatchName, PatchVersion, Sha256 } from '../identifiers.ts'
import { MAX_PATCH_BYTES, MAX_PIECE_BYTES, MIN_PIECE_BYTES } from '../limits.ts'

const seconds = z
  .int()
  .min(0)
  .max(7 * 24 * 3600)

/** A file inside a bundle's payload: relative, plain segments, nothing that climbs out. */
export const PayloadPath = z
  .string()
  .max(200)
  .regex(/^(?!.*(^|\/)\.{1,2}(\/|$))[A-Za-z0-9._+-]+(\/[A-Za-z0-9._+-]+)*$/, 'is not a plain path inside payload/')

/** A file of the appliance, looked up below its install root. */
export const AppliancePath = z
  .string()
  .max(200)
  .regex(/^(?!.*(^|\/)\.{1,2}(\/|$))(\/[A-Za-z0-9._+-]+)+$/, 'is not a plain absolute path')

/** How an appliance finds out which version it has, without running anything of the patch. */
export const Detect = z.union([
  z.strictObject({ versionFile: AppliancePath }),
  z.strictObject({ dpkg: z.string().regex(/^[a-z0-9][a-z0-9+._-]{0,99}$/, 'is not a Debian package name') }),
])
export type Detect = z.infer<typeof Detect>

/** `name` with any version, or that version or a later one; of `supersedes`, or an earlier one; see patch-references.ts. */
const PatchReference = z.strictObject({ name: PatchName, version: PatchVersion.optional() })

/** The kind of a patch that is a release of the agent, and the Debian package that such a one is or has inside. */
export const AGENT_KIND = 'agent'
export const AGENT_PACKAGE = 'patchmesh-agent'

export const Manifest = z.strictObject({
  name: PatchName,
  version: PatchVersion,
  /** `agent`: a release of the agent itself, which its updater installs. */
  kind: z.enum(['hotfix', 'update', AGENT_KIND]),
  publisher: z.string().min(1).max(200),
  /** When the patch was made, RFC 3339 in UTC. */
  created: z.iso.datetime(),
  /** The part of the file that is installed; of a bundle the bytes from its first payload entry to its end marker. */
  payload: z.strictObject({
    size: z.int().min(1).max(MAX_PATCH_BYTES),
    sha256: Sha256,
    pieceSize: z.int().min(MIN_PIECE_BYTES).max(MAX_PIECE_BYTES),
    piecesRoot: Sha256,
  }),
  /** Empty lists mean every kind of appliance and every version; no architecture, or `all`, every one. */
  appliesTo: z.strictObject({
    applianceTypes: z.array(ApplianceKind).max(20),
    fromVersions: z.array(PatchVersion).max(200),
    architecture: z
      .string()
      .regex(/^[a-z0-9-]{1,40}$/)
      .optional(),
  }),
  /** What must be there before, and what must not be there beside it. */
  requires: z.array(PatchReference).max(100),
  conflicts: z.array(PatchReference).max(100),
  supersedes: z.array(PatchReference).max(100),
  /** The version that older ones must come to before this one; and below which nothing is installed over it. */
  floor: PatchVersion.optional(),
  /** After `reboot` it counts only under another boot id. `estimateSeconds` is shown to people. */
  impact: z.strictObject({ restart: z.enum(['none', 'service', 'reboot']), estimateSeconds: seconds }),
  /** Versions of the peer that it runs beside, all for an empty list; how long a pair may be at different ones. */
  pair: z.strictObject({
    peerCompat: z.array(PatchVersion).max(200),
    maxSkewSeconds: seconds,
    order: z.enum(['secondary-first', 'any']),
  }),
  /**
   * `program` and `package` are payload paths, and a bundle has one of them: a program of its own, or a Debian package
   * that dpkg installs. A Debian package that is no bundle has neither.
   */
  install: z.strictObject({
    program: PayloadPath.optional(),
    package: PayloadPath.optional(),
    timeoutSeconds: seconds.min(1),
  }),
  /** It counts when it is still there and healthy after `soakSeconds`. */
  verify: z.strictObject({ detect: Detect, health: PayloadPath.optional(), soakSeconds: seconds }),
  /** How a failed install is put back; of a Debian package this says nothing, its installer knows the way. */
  revert: z.union([z.literal('none'), z.strictObject({ script: PayloadPath })]),
  /** Free space that the install needs on the appliance, beyond the stored patch. */
  diskBytes: z
    .int()
    .min(0)
    .max(8 * MAX_PATCH_BYTES),
})
export type Manifest = z.infer<typeof Manifest>

/** The two accepted file types. */
export const PatchFormat = z.enum(['bundle', 'deb'])
export type PatchFormat = z.infer<typeof PatchFormat>

/** Whether the patch is a release of the agent. */
export function isOfAgent({ kind }: Pick<Manifest, 'kind'>): boolean {
  return kind === AGENT_KIND
}
