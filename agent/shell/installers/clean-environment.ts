/**
 * What every program that an installer starts finds in its environment: this and nothing else. Nothing is inherited from
 * the agent, so a variable that somebody slipped into the agent's environment (`LD_PRELOAD`, `NODE_OPTIONS`, a `PATH`
 * with a folder of theirs in front) never reaches a program that runs with the agent's rights.
 */
const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

/** Only names of our own can be added; none of them means anything to a loader, a shell or an interpreter. */
export type OwnVariables = { readonly [name: `PATCHMESH_${string}`]: string }

export function cleanEnvironment(own: OwnVariables = {}): NodeJS.ProcessEnv {
  return { PATH, LC_ALL: 'C.UTF-8', DEBIAN_FRONTEND: 'noninteractive', ...own }
}
