/**
 * What every program that an installer starts finds in its environment: this and nothing else. Nothing is inherited from
 * the agent, so a variable that somebody slipped into the agent's environment (`LD_PRELOAD`, `NODE_OPTIONS`, a `PATH`
 * with a folder of theirs in front) never reaches a program that runs with the agent's rights; and a script meets the
 * same values however the agent was started, as a service that has no `HOME` or from somebody's terminal.
 */

/** Whose home programs are told that they have: some read their own configuration there, as dpkg does. */
export const HOME = '/root'

const FIXED = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  LC_ALL: 'C.UTF-8',
  // Those of root as login(1) sets them: scripts under `set -u` end where one of them is missing.
  HOME,
  USER: 'root',
  LOGNAME: 'root',
  SHELL: '/bin/sh',
  TERM: 'dumb',
  // Nobody answers a question: debconf takes its defaults, and a configuration file that was changed stays as it is.
  DEBIAN_FRONTEND: 'noninteractive',
  DEBIAN_PRIORITY: 'critical',
  UCF_FORCE_CONFFOLD: '1',
}

/** Only names of our own can be added; none of them means anything to a loader, a shell or an interpreter. */
export type OwnVariables = { readonly [name: `PATCHMESH_${string}`]: string }

export function cleanEnvironment(own: OwnVariables = {}): NodeJS.ProcessEnv {
  return { ...FIXED, ...own }
}
