/**
 * Draws families of packages: one name in a few versions, which share some files and conffiles and differ in others.
 * Only plain draws from the given chance, so the same seed gives the same family.
 */
import { nextBelow, type Random } from '../../../protocol/random.ts'
import { happens } from '../../../simulator/world/child-random.ts'
import { HABITS, type PackageSpec, SCRIPTS } from './package-spec.ts'

export type Family = {
  readonly name: string
  /** From the oldest to the newest, in the order of dpkg. */
  readonly versions: readonly PackageSpec[]
}

const VERSIONS = [
  ['1', '2', '3'],
  ['1.9', '1.10', '1.11'],
  ['1.0~rc1', '1.0', '1.0-1'],
  ['9', '1:1', '1:2'],
] as const
const PACKINGS = ['none', 'gzip', 'gzip', 'xz', 'zstd'] as const
const BULK_BYTES = 12 * 1024 * 1024

export function pick<Value>(random: Random, values: readonly Value[]): Value {
  return values[nextBelow(random, values.length)] as Value
}

/** Whether it stands in `/opt` only, or reaches into the places where admins have files of their own. */
export function drawFamily(
  random: Random,
  name: string,
  { activates = null }: { activates?: string | null } = {},
): Family {
  const versions = pick(random, VERSIONS)
  const architecture = pick(random, ['all', 'all', 'amd64', 'amd64'] as const)
  const isShared = architecture === 'amd64' && happens(random, 0.4)
  const scripts = happens(random, 0.85) ? SCRIPTS : happens(random, 0.5) ? (['postinst'] as const) : []
  const hasConffile = happens(random, 0.6)
  const conffileChanges = happens(random, 0.7)
  const shipsData = happens(random, 0.35)
  const bulky = happens(random, 0.12)
  const packing = pick(random, PACKINGS)
  return {
    name,
    versions: versions.map((version, at): PackageSpec => {
      const habits: PackageSpec['habits'][number][] = scripts
        .filter(() => happens(random, 0.12))
        .map((script) => ({ script, habit: pick(random, HABITS) }))
      if (scripts.some((script) => script === 'postinst') && happens(random, 0.06)) {
        habits.push({ script: 'postinst', habit: pick(random, ['asks-debconf', 'asks-ucf'] as const) })
      }
      return {
        name,
        version,
        architecture,
        isShared,
        files: {
          // A shared file must be the same in every architecture of a version, and it is.
          [`/opt/${name}/version`]: `${version}\n`,
          [`/opt/${name}/since-${at}`]: `since ${version}\n`,
          [`/usr/share/doc/${name}/notes`]: `notes of ${name} ${version}\n`,
          ...(shipsData ? { [`/srv/${name}/data`]: `data of ${name} ${version}\n` } : {}),
        },
        links: { [`/opt/${name}/current`]: `since-${at}` },
        conffiles: hasConffile ? { [`/etc/${name}.conf`]: `colour = ${conffileChanges ? at : 'blue'}\n` } : {},
        bulkBytes: bulky ? BULK_BYTES : 0,
        interest: null,
        activates,
        scripts: [...scripts],
        // debconf ends the script of who asks it outside postinst in a removal; real packages ask in postinst.
        habits: habits.filter(({ script, habit }) => !habit.startsWith('asks-') || script === 'postinst'),
        packing,
      }
    }),
  }
}

/** The same package for another architecture. */
export function forArchitecture(spec: PackageSpec, architecture: 'amd64' | 'i386'): PackageSpec {
  return { ...spec, architecture }
}
