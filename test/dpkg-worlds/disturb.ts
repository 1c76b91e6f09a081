/**
 * What happens to an appliance from outside of any patch: the admin's acts, a database of dpkg that is torn, and another
 * program that holds dpkg's lock.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, lstatSync } from 'node:fs'
import { mkdir, readFile, rm, symlink, unlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { AdminAct } from './drawn/admin-acts.ts'
import type { Disorder, Lock } from './drawn/world-plan.ts'
import { entryAt } from './judge/tree.ts'
import type { AdminFile } from './judge/verdict.ts'
import { askTool } from './run-tool.ts'
import type { WorldRoot } from './world-root.ts'

/** Does what can be done of it, and returns what the admin has from now on; `diversions` gets what was diverted. */
export async function actAsAdmin(
  root: WorldRoot,
  acts: readonly AdminAct[],
  diversions: Map<string, string>,
): Promise<AdminFile[]> {
  const paths: string[] = []
  for (const act of acts) {
    if (!canHold(root, act.path)) continue
    const place = root.inside(act.path)
    const isThere = lstatSync(place, { throwIfNoEntry: false }) !== undefined
    switch (act.act) {
      case 'writes':
        if (isThere) continue
        await mkdir(dirname(place), { recursive: true })
        await writeFile(place, act.content)
        break
      case 'changes':
        if (!isThere) continue
        await writeFile(place, act.content)
        break
      case 'deletes':
        if (!isThere) continue
        await unlink(place)
        break
      case 'links':
        if (isThere) continue
        await mkdir(dirname(place), { recursive: true })
        await symlink(act.target, place)
        break
      case 'diverts': {
        const words = ['--local', '--rename', '--divert', act.to, '--add', act.path]
        const { status } = await askTool('dpkg-divert', [`--root=${root.path}`, ...words])
        if (status === 0) diversions.set(act.path, act.to)
        continue
      }
    }
    paths.push(act.path)
  }
  return paths.map((path) => ({ path, entry: entryAt(root.inside(path)) }))
}

/** Whether every folder above is one, or not there yet; asked from the top, since nothing can be below a file. */
function canHold(root: WorldRoot, path: string): boolean {
  const above = dirname(path)
  if (above === '/') return true
  if (!canHold(root, above)) return false
  const found = lstatSync(root.inside(above), { throwIfNoEntry: false })
  return found === undefined || found.isDirectory()
}

/** Puts the database of dpkg into disorder; what it returns puts back what nobody has mended. */
export async function disorder(root: WorldRoot, kind: Disorder): Promise<() => Promise<void>> {
  const folder = root.inside('var/lib/dpkg')
  const status = join(folder, 'status')
  const text = await readFile(status, 'utf8')
  const stanzas = text.split('\n\n')
  const added: string[] = []
  switch (kind) {
    case 'torn-status':
      await writeFile(status, text.slice(0, Math.floor(text.length * 0.7)))
      break
    case 'merge-markers':
      await writeFile(status, [...stanzas.slice(0, 5), '<<<<<<< HEAD', ...stanzas.slice(5)].join('\n\n'))
      break
    case 'update-left':
      added.push(join(folder, 'updates/0001'))
      await writeFile(join(folder, 'updates/0001'), `${stanzas[2]}\n`)
      break
    case 'junk-in-updates':
      added.push(join(folder, 'updates/notes.txt'))
      await writeFile(join(folder, 'updates/notes.txt'), 'left by somebody\n')
      break
    case 'status-lost':
      await writeFile(join(folder, 'status-old'), text)
      await unlink(status)
      break
  }
  return async () => {
    for (const file of added) await rm(file, { force: true })
    const { status: answer } = await askTool('dpkg-query', [`--admindir=${folder}`, '--show'])
    const isLost = kind !== 'update-left' && kind !== 'junk-in-updates'
    if (answer !== 0 || !existsSync(status) || (isLost && (await readFile(status, 'utf8')).length < text.length / 2))
      await writeFile(status, text)
  }
}

/** Takes the lock as dpkg and apt do, says so, and holds it until it is killed. */
const HOLD = `
use Fcntl;
open(my $file, '+>>', $ARGV[0]) or die "no lock file: $!";
my $lock = pack('s s x4 q q i x4', F_WRLCK, 0, 0, 0, 0);
fcntl($file, F_SETLKW, $lock) or die "no lock: $!";
$| = 1;
print "held\\n";
sleep 3600;
`

export class LockHolder {
  readonly #child: ChildProcess

  private constructor(child: ChildProcess) {
    this.#child = child
  }

  static async start(root: WorldRoot, { file }: Lock): Promise<LockHolder> {
    const child = spawn('perl', ['-e', HOLD, root.inside(`var/lib/dpkg/${file}`)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    await Promise.race([once(child.stdout, 'data'), once(child, 'exit')])
    return new LockHolder(child)
  }

  get pid(): number | undefined {
    return this.#child.pid
  }

  async letGo(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const gone = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await gone
  }
}
