/**
 * A process that becomes another program: the agent its updater, the updater the agent. The number of the process stays,
 * and with it whoever has started it: systemd, or a person at a terminal. Launchers say in the environment where they are.
 */
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'

/** The tree that this process runs from, and the one that was installed by hand; both as the launcher has found them. */
const HOME = 'PATCHMESH_HOME'
const BASE = 'PATCHMESH_BASE'
/** For a release that brings no Node of its own: that of whoever starts it. */
const NODE = 'PATCHMESH_NODE'
/** Set by the updater for the release that it tries. */
const TRIED = 'PATCHMESH_TRIED'

export type Trees = { readonly home: string; readonly base: string }

/** Null where it was started without a launcher, as tests may do: then nothing is exchanged. */
export function ownTrees({ [HOME]: home, [BASE]: base }: NodeJS.ProcessEnv = process.env): Trees | null {
  return home === undefined || base === undefined ? null : { home, base }
}

export function isTried(environment: NodeJS.ProcessEnv = process.env): boolean {
  return environment[TRIED] !== undefined
}

export function environmentFor(what: 'tried' | 'agent'): NodeJS.ProcessEnv {
  const { [TRIED]: _, ...environment } = process.env
  return { ...environment, [NODE]: process.execPath, ...(what === 'tried' ? { [TRIED]: '1' } : {}) }
}

export function launcherOf(tree: string): string {
  return path.join(tree, 'patchmesh')
}

/** This process is the other program when it returns, which it does not. */
export function become(tree: string, words: readonly string[]): never {
  const launcher = launcherOf(tree)
  if (process.execve === undefined) throw new Error('a process of this system cannot become another program')
  return process.execve(launcher, [launcher, ...words], environmentFor('agent'))
}

/** The words of the agent's own command, with which it is started again. */
export function ownWords(): string[] {
  return process.argv.slice(3)
}

/** What a tree says that it is. */
export async function releaseOf(tree: string): Promise<string> {
  const text = await readFile(path.join(tree, 'package.json'), 'utf8')
  return z.object({ version: z.string().min(1) }).parse(JSON.parse(text)).version
}
