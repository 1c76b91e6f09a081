/**
 * The two slots in which releases of this agent lie that came as patches: `DIR/slots/a` and `b`, each a whole tree as a
 * package has it below `/usr/lib/patchmesh-agent`. The link `current` names the one that runs; without it that is the
 * release that was installed by hand, the base. It is switched by one rename, and only to a release that was seen.
 *
 * `trial.json` says what the updater tries, and what came of it. Releases before and after this one read these files, so
 * fields are added to them, and none is changed.
 */
import { mkdir, open, readdir, readlink, rename, rm, symlink } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import { Sha256 } from '../../../protocol/identifiers.ts'
import { jsonIn } from '../../../protocol/json-in.ts'
import { readKept } from '../damaged-file.ts'
import { syncFolder, writeDurably } from '../durable-file.ts'
import { ifThere } from '../if-there.ts'
import { bootId } from '../installers/program-record.ts'
import { removeTree } from '../remove-tree.ts'

export const SlotName = z.enum(['a', 'b'])
export type SlotName = z.infer<typeof SlotName>

const CURRENT = 'current'
const TRIAL = 'trial.json'
/** Inside of a slot, written last: a tree without it is not whole. */
const LABEL = 'slot.json'

const SlotLabel = z.object({
  version: z.literal(1),
  release: z.string().min(1),
  patch: Sha256,
  /** The release that was installed by hand when this one came: where another is installed later, that one runs. */
  base: z.string(),
  /** The slot that ran then, or null for the base: to it a revert goes back. */
  before: SlotName.nullable(),
})
export type SlotLabel = z.infer<typeof SlotLabel>

const Process = z.object({ pid: z.int().min(1), startTime: z.int().min(0) })
export const Trial = z.object({
  version: z.literal(1),
  patch: Sha256,
  release: z.string().min(1),
  slot: SlotName,
  /** How long it has until it is seen. */
  seconds: z.number().min(1),
  /** The process that tries it, and the one that is tried. */
  updater: Process.nullable(),
  tried: Process.nullable(),
  /** Of the machine, when both were noted; not there where an earlier release has noted them. */
  bootId: z.string().optional(),
  /** Why it was gone back from; null while it is under way, and once it is kept. */
  wentBack: z.string().nullable(),
})
export type Trial = z.infer<typeof Trial>

const IF_DAMAGED = 'Remove it and start the agent again: the release that the link "current" names runs.'

export class ReleaseSlots {
  readonly folder: string

  /** `data` is the data folder of the agent. */
  constructor(data: string) {
    this.folder = path.join(data, 'slots')
  }

  treeOf(slot: SlotName): string {
    return path.join(this.folder, slot)
  }

  /** The slot that the link names, whole or not; null for the base. */
  async current(): Promise<SlotName | null> {
    const target = await ifThere(readlink(path.join(this.folder, CURRENT)))
    return SlotName.safeParse(target).data ?? null
  }

  /** What lies in a slot; null where nothing whole does. */
  async label(slot: SlotName): Promise<SlotLabel | null> {
    const bytes = await readKept(path.join(this.treeOf(slot), LABEL), IF_DAMAGED)
    return bytes === null ? null : (SlotLabel.safeParse(jsonIn(Buffer.from(bytes).toString('utf8'))).data ?? null)
  }

  /** The one that does not run: what is in it is the release before, or nothing. */
  async free(): Promise<SlotName> {
    return (await this.current()) === 'a' ? 'b' : 'a'
  }

  /** By one rename; null for the base. What it names is durable when this returns. */
  async switchTo(slot: SlotName | null): Promise<void> {
    const link = path.join(this.folder, CURRENT)
    if (slot === null) await rm(link, { force: true })
    else {
      const next = `${link}.new`
      await rm(next, { force: true })
      await symlink(slot, next)
      await rename(next, link)
    }
    await syncFolder(this.folder)
  }

  /** Where a tree is made before it has its place. */
  unproven(slot: SlotName): string {
    return `${this.treeOf(slot)}.unproven`
  }

  /** Nothing half made is left, and the free slot has room. */
  async clear(slot: SlotName): Promise<void> {
    await mkdir(this.folder, { recursive: true, mode: 0o700 })
    await removeTree(this.unproven(slot))
    await removeTree(this.treeOf(slot))
  }

  /** `tree`, on the same disk, is in its slot when every byte of it is durable. */
  async place(tree: string, slot: SlotName, label: Omit<SlotLabel, 'version'>): Promise<void> {
    await syncTree(tree)
    await writeDurably(tree, LABEL, Buffer.from(JSON.stringify({ version: 1, ...label })))
    await rename(tree, this.treeOf(slot))
    await syncFolder(this.folder)
  }

  /** Without its processes where the machine was started again since: others may have their numbers. */
  async trial(): Promise<Trial | null> {
    const bytes = await readKept(path.join(this.folder, TRIAL), IF_DAMAGED)
    const trial = bytes === null ? null : (Trial.safeParse(jsonIn(Buffer.from(bytes).toString('utf8'))).data ?? null)
    if (trial?.bootId === undefined || trial.bootId === (await bootId())) return trial
    return { ...trial, updater: null, tried: null }
  }

  async note(trial: Omit<Trial, 'version' | 'bootId'>): Promise<void> {
    const noted: Trial = { ...trial, version: 1, bootId: await bootId() }
    await writeDurably(this.folder, TRIAL, Buffer.from(JSON.stringify(noted)))
  }

  /** Whether the updater has not come to an end with it: neither kept nor gone back from. */
  async isUnderWay(trial: Trial): Promise<boolean> {
    return trial.wentBack === null && (await this.current()) !== trial.slot
  }
}

async function syncTree(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const name = path.join(folder, entry.name)
    if (entry.isDirectory()) await syncTree(name)
    else if (entry.isFile()) {
      const file = await open(name)
      try {
        await file.sync()
      } finally {
        await file.close()
      }
    }
  }
  await syncFolder(folder)
}
