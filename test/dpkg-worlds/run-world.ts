/**
 * One world from its seed to what the judge found: builds what was drawn, carries out its installs one after the other,
 * reads the root before and after each, and has it judged.
 */
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { writeBundle } from '../../controller/cli/write-bundle.ts'
import { Manifest } from '../../protocol/bundle/manifest.ts'
import { debianPublication, publicationOf } from '../support/publications.ts'
import { AgentProcess } from './agent/agent-process.ts'
import { fillApplianceFolder, type StoredPatch } from './agent/appliance-folder.ts'
import type { LieName } from './agent/lies.ts'
import { buildSpec } from './build-package.ts'
import { carryOut } from './carry-out.ts'
import { actAsAdmin, disorder } from './disturb.ts'
import { type BundleSpec, programText, versionFileOf } from './drawn/bundle-spec.ts'
import { describe } from './drawn/in-words.ts'
import { configuredMark, ORDERED, scriptRun } from './drawn/package-spec.ts'
import { type Install, type Patch, type WorldPlan } from './drawn/world-plan.ts'
import { readArchive } from './judge/archive.ts'
import { judge } from './judge/judge.ts'
import { judgePackage } from './judge/judge-before.ts'
import { type Reading, readRoot } from './judge/reading.ts'
import { isSame } from './judge/tree.ts'
import type { AdminFile, Complaint } from './judge/verdict.ts'
import { allProcesses, isDaemon, killNow } from './processes.ts'
import { bringTo, checkStates, dpkg } from './resident-states.ts'
import { type BaseSystem, WorldRoot } from './world-root.ts'

/** No healthy script takes as long, also on a busy machine; in a world in which one hangs it is waited for. */
const TIMEOUT_SECONDS = 60
const HANGING_TIMEOUT_SECONDS = 6
const NO_END = 'no end'
/** What has been told to end may take so long to be gone. */
const GONE_WITHIN_MS = 3_000

export type WorldOptions = {
  /** The agent's program. */
  readonly program: string
  readonly folder: string
  /** Where package files are kept between worlds. */
  readonly packages: string
  readonly system: BaseSystem
  readonly nativeArchitecture: string
  readonly lie: LieName | null
  /** After so long an install has no end. */
  readonly endsWithinMs: number
}

export type WorldResult = {
  readonly seed: number
  readonly tookMs: number
  /** How each install ended. */
  readonly ends: readonly string[]
  readonly complaints: readonly (Complaint & { readonly install: number })[]
  /** After which the patch was not there, and what had been there was, exactly. */
  readonly putBack: number
  readonly story: readonly string[]
}

export async function runWorld(plan: WorldPlan, options: WorldOptions): Promise<WorldResult> {
  const begunMs = performance.now()
  const { seed } = plan
  const story: string[] = []
  const tell = (line: string): void => {
    story.push(`${((performance.now() - begunMs) / 1000).toFixed(3)} ${line}`)
  }
  const baseline = new Set(allProcesses().map(({ pid }) => pid))
  const root = await WorldRoot.make(join(options.folder, `world-${seed}`), options.system, plan.configuration)
  const world = new World(plan, root, options, tell)
  try {
    return { seed, ...(await world.run(baseline)), tookMs: performance.now() - begunMs, story }
  } finally {
    await world.agent.kill()
    for (const { pid } of allProcesses()) if (!baseline.has(pid)) killNow(pid)
    await root.remove()
  }
}

class World {
  readonly agent: AgentProcess
  readonly #plan: WorldPlan
  readonly #root: WorldRoot
  readonly #options: WorldOptions
  readonly #tell: (line: string) => void
  readonly #folder: string
  readonly #keys: { appliance: string; serviceCenter: string }
  readonly #diversions = new Map<string, string>()
  readonly #swallowedKills = new Set<string>()
  #adminFiles: AdminFile[] = []

  constructor(plan: WorldPlan, root: WorldRoot, options: WorldOptions, tell: (line: string) => void) {
    this.#plan = plan
    this.#root = root
    this.#options = options
    this.#tell = tell
    this.#folder = join(options.folder, `world-${plan.seed}`, 'agent')
    const key = (end: string): string => `${plan.seed.toString(16).padStart(8, '0')}${end}`.padEnd(64, '0')
    this.#keys = { appliance: key('a'), serviceCenter: key('c') }
    this.agent = new AgentProcess({
      program: options.program,
      folder: this.#folder,
      installRoot: root.path,
      seed: plan.seed,
      keys: this.#keys,
      lie: options.lie,
      tell,
    })
  }

  async run(baseline: ReadonlySet<number>): Promise<Pick<WorldResult, 'ends' | 'complaints' | 'putBack'>> {
    const { residents, installs, takesForeign } = this.#plan
    if (takesForeign) await dpkg(this.#root, '--add-architecture', 'i386')
    for (const { spec, state } of residents) {
      this.#tell(`there is ${spec.name} ${spec.version} ${spec.architecture}: ${state}`)
      await bringTo(this.#root, spec, await buildSpec(this.#options.packages, spec), state)
    }
    await checkStates(this.#root, residents)
    await this.#root.mark(ORDERED)
    await this.#root.configure('later', this.#plan.laterConfiguration)
    const patches: StoredPatch[] = []
    for (const { patch } of installs) patches.push(await this.#publish(patch))
    const earlier: StoredPatch[] = []
    if (this.#plan.hasEarlierPatches)
      for (const { spec } of residents) earlier.push(await this.#publish({ kind: 'package', spec }))
    const distinct = [
      ...new Map([...patches, ...earlier].map((stored) => [stored.publication.sha256, stored])).values(),
    ]
    await fillApplianceFolder(this.#folder, this.#keys, distinct)
    const ends: string[] = []
    let putBack = 0
    const complaints: (Complaint & { install: number })[] = []
    for (const [at, install] of installs.entries()) {
      const stored = patches[at] as StoredPatch
      const { end, found, isPutBack } = await this.#one(install, stored, baseline)
      ends.push(end)
      if (isPutBack) putBack += 1
      complaints.push(...found.map((complaint) => ({ ...complaint, install: at })))
      // What still goes on is no fault of the next one.
      if (this.agent.broken !== null || end === NO_END) break
    }
    return { ends, complaints, putBack }
  }

  get #timeoutSeconds(): number {
    const hangs = this.#plan.installs.some(({ failures }) => failures.some((mark) => mark.startsWith('hang-')))
    return hangs ? HANGING_TIMEOUT_SECONDS : TIMEOUT_SECONDS
  }

  async #publish(patch: Patch): Promise<StoredPatch> {
    if (patch.kind === 'package') {
      const file = await buildSpec(this.#options.packages, patch.spec)
      return {
        file,
        publication: await debianPublication(file, { timeoutSeconds: this.#timeoutSeconds, fields: patch.spec }),
      }
    }
    return this.#publishBundle(patch.spec)
  }

  async #publishBundle(spec: BundleSpec): Promise<StoredPatch> {
    const { inner } = spec
    const draft = Manifest.omit({ payload: true }).parse({
      ...{
        name: spec.name,
        version: spec.version,
        kind: 'update',
        publisher: 'worlds',
        created: '2026-01-01T00:00:00Z',
      },
      appliesTo: { applianceTypes: [], fromVersions: [] },
      ...{ requires: [], conflicts: [], supersedes: [], impact: { restart: 'none', estimateSeconds: 1 } },
      pair: { peerCompat: [], maxSkewSeconds: 3600, order: 'any' },
      install: { program: 'install', timeoutSeconds: this.#timeoutSeconds },
      verify: {
        detect: inner === null ? { versionFile: versionFileOf(spec) } : { dpkg: inner.name },
        ...(spec.hasHealth ? { health: 'health' } : {}),
        soakSeconds: 0,
      },
      ...{ revert: spec.canRevert ? { script: 'revert' } : 'none', diskBytes: 0 },
    })
    const program = (name: 'install' | 'health' | 'revert') => ({
      path: name,
      executable: true,
      content: Buffer.from(programText(spec, name)),
    })
    const inside = inner === null ? null : await buildSpec(this.#options.packages, inner)
    await mkdir(this.#folder, { recursive: true })
    const file = join(this.#folder, `${spec.name}-${spec.version}.patch`)
    const manifest = await writeBundle(file, {
      draft,
      contents: [
        program('install'),
        ...(spec.hasHealth ? [program('health')] : []),
        ...(inside === null ? [] : [{ path: 'package.deb', content: await readFile(inside) }]),
        ...(spec.canRevert ? [program('revert')] : []),
      ],
    })
    return { file, publication: await publicationOf(file, 'bundle', manifest) }
  }

  async #one(
    install: Install,
    { publication, file }: StoredPatch,
    baseline: ReadonlySet<number>,
  ): Promise<{ end: string; found: Complaint[]; isPutBack: boolean }> {
    const root = this.#root
    this.#tell(`install ${publication.name} ${publication.version}: ${describe(install)}`)
    this.#remember(await actAsAdmin(root, install.admin, this.#diversions))
    const mend = install.disorder === null ? null : await disorder(root, install.disorder)
    if (install.room !== null) await root.limit(install.room)
    const before = await readRoot(root)
    this.#forgetChanged(before)
    const scratch = join(this.#folder, 'install')
    const { report, complaints } = await carryOut(install, publication, {
      root,
      agent: this.agent,
      scratch,
      tell: this.#tell,
      endsWithinMs: this.#options.endsWithinMs,
    })
    for (const mark of swallowedKillsOf(install)) this.#swallowedKills.add(mark)
    complaints.push(...(await this.#whatIsLeft(baseline)))
    if (install.room !== null) await root.limit({ bytes: null, inodes: null })
    const after = await readRoot(root)
    let isPutBack = false
    if (report !== null) {
      const { patch } = install
      const inner = patch.kind === 'bundle' ? patch.spec.inner : null
      const archive =
        patch.kind === 'package' ? file : inner === null ? null : await buildSpec(this.#options.packages, inner)
      const judged = {
        ...{ install, before, after, report, leftOut: this.#plan.leftOut, diversions: this.#diversions },
        isConfigured: this.#plan.laterConfiguration.length > 0,
        archive: archive === null ? null : await readArchive(archive),
        adminFiles: this.#adminFiles,
        nativeArchitecture: this.#options.nativeArchitecture,
        swallowedKills: this.#swallowedKills,
      }
      complaints.push(...(await judge(judged, root)))
      isPutBack = report.state !== 'installed' && judgePackage(judged).length === 0
    }
    await mend?.()
    for (const { finding, sentence } of complaints) this.#tell(`FOUND ${finding}: ${sentence}`)
    return { end: report?.state ?? NO_END, found: complaints, isPutBack }
  }

  #remember(files: readonly AdminFile[]): void {
    const paths = files.map(({ path }) => path)
    this.#adminFiles = [...this.#adminFiles.filter(({ path }) => !paths.includes(path)), ...files]
  }

  /** What an earlier install has moved beside is judged, and is not where it was. */
  #forgetChanged({ tree }: Reading): void {
    this.#adminFiles = this.#adminFiles.filter(({ path, entry }) => isSame(entry, tree.at(path)))
  }

  async #whatIsLeft(baseline: ReadonlySet<number>): Promise<Complaint[]> {
    const own = this.agent.pid
    const strangers = () => allProcesses().filter(({ pid, isDead }) => !isDead && !baseline.has(pid) && pid !== own)
    const end = performance.now() + GONE_WITHIN_MS
    for (;;) {
      const all = strangers()
      const hasDaemon = all.some(isDaemon)
      // While a daemon holds what the installer gave it to print to, somebody has to read it.
      const left = all.filter((one) => !isDaemon(one) && !(hasDaemon && /^(cat|\/bin\/sh)$/.test(one.words[0] ?? '')))
      if (left.length === 0 || performance.now() > end) {
        for (const { pid } of all) killNow(pid)
        return left.map(({ words }) => ({ finding: 'process-left', sentence: `${words.join(' ')} still runs` }))
      }
      await pause(20)
    }
  }
}

/** Where the script that is killed is run by the frontend of debconf, and dpkg lives on to hear from it. */
function swallowedKillsOf({ patch, kills }: Install): string[] {
  const spec = patch.kind === 'package' ? patch.spec : patch.spec.inner
  if (spec === null) return []
  const asks = spec.habits.some(({ script, habit }) => script === 'postinst' && habit === 'asks-debconf')
  const run = scriptRun(spec, 'postinst', 'configure')
  const isKilled = kills.some(
    ({ moment, victims }) =>
      moment.at === 'script' && moment.run === run && victims.includes('script') && !victims.includes('dpkg'),
  )
  return asks && isKilled ? [configuredMark(spec)] : []
}
