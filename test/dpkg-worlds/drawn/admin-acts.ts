/**
 * What an admin did to an appliance before a patch came: files of their own where the patch has others, changed and
 * deleted conffiles, links in the place of folders, diversions. What an admin wrote must never be lost.
 */
import { type Random } from '../../../protocol/random.ts'
import { happens } from '../../../simulator/world/child-random.ts'
import { pick } from './draw-package.ts'
import { type PackageSpec, ucfFileOf } from './package-spec.ts'
import type { Patch, Resident } from './world-plan.ts'

export type AdminAct =
  | { readonly act: 'writes'; readonly path: string; readonly content: string }
  /** A conffile or another file that a package brought; left alone where it is not there. */
  | { readonly act: 'changes'; readonly path: string; readonly content: string }
  | { readonly act: 'deletes'; readonly path: string }
  | { readonly act: 'links'; readonly path: string; readonly target: string }
  | { readonly act: 'diverts'; readonly path: string; readonly to: string }

export function drawAdminActs(patch: Patch, resident: Resident | undefined, random: Random): AdminAct[] {
  const acts: AdminAct[] = [{ act: 'writes', path: '/etc/own.conf', content: 'mine\n' }]
  if (patch.kind === 'bundle') return acts
  const { spec } = patch
  for (const draw of [drawConffileAct, drawShippedAct, drawFolderAct]) {
    if (happens(random, 0.3)) acts.push(...draw(spec, resident, random))
  }
  const asksUcf = spec.habits.some(({ habit }) => habit === 'asks-ucf')
  if (asksUcf && happens(random, 0.7)) {
    const path = ucfFileOf(spec.name)
    const content = 'taste as the admin likes it\n'
    acts.push({ act: 'writes', path, content }, { act: 'changes', path, content })
  }
  return acts
}

function drawConffileAct(spec: PackageSpec, resident: Resident | undefined, random: Random): AdminAct[] {
  const [path] = Object.keys(spec.conffiles)
  if (path === undefined) return []
  const own: AdminAct = { act: 'writes', path, content: 'the admin wrote this before any package\n' }
  if (resident === undefined) {
    return [pick<AdminAct>(random, [own, own, { act: 'writes', path: `${path}/kept`, content: 'in a folder\n' }])]
  }
  return [
    pick<AdminAct>(random, [
      { act: 'changes', path, content: 'colour = as the admin likes it\n' },
      { act: 'changes', path, content: 'colour = as the admin likes it\n' },
      { act: 'deletes', path },
    ]),
  ]
}

/** A file, a folder or a link of the admin's at a path that the patch ships. */
function drawShippedAct(spec: PackageSpec, _: Resident | undefined, random: Random): AdminAct[] {
  const data = `/srv/${spec.name}/data`
  const shipped = data in spec.files ? data : `/opt/${spec.name}/since-2`
  return pick<AdminAct[]>(random, [
    [{ act: 'writes', path: shipped, content: 'what the admin keeps here\n' }],
    [{ act: 'writes', path: `${shipped}/records`, content: 'a folder of records\n' }],
    [
      { act: 'writes', path: '/data/elsewhere/records', content: 'on another disk\n' },
      { act: 'links', path: shipped, target: '/data/elsewhere' },
    ],
    [{ act: 'diverts', path: `/opt/${spec.name}/version`, to: `/opt/${spec.name}/version.original` }],
  ])
}

/** Beside what the package has in its own folder, or in the folder's place. */
function drawFolderAct(spec: PackageSpec, _: Resident | undefined, random: Random): AdminAct[] {
  return pick<AdminAct[]>(random, [
    [{ act: 'writes', path: `/opt/${spec.name}/local-settings`, content: 'local\n' }],
    [{ act: 'writes', path: `/etc/${spec.name}.conf.local`, content: 'local\n' }],
    [{ act: 'writes', path: `/usr/share/doc/${spec.name}`, content: 'a file where the package has a folder\n' }],
  ])
}
