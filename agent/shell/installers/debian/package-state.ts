/**
 * The one reading of what dpkg's database says of a package. dpkg keeps three things of each: what is wanted, how far
 * it has come, and whether it has to be unpacked again. Here they become a typed value, and every question that an
 * installer has (is it there, which version worked last, may it be configured, is it held) is answered from that value
 * alone. Nothing else in the agent reads dpkg's letters.
 *
 * The words are those of dpkg(1), "INFORMATION ABOUT PACKAGES"; test/installers/package-state.test.ts makes each state
 * with the real dpkg and holds what every question has to answer.
 */

const WANTS = { unknown: 'u', install: 'i', hold: 'h', deinstall: 'r', purge: 'p' } as const
const STATUSES = {
  'not-installed': 'n',
  'config-files': 'c',
  'half-installed': 'H',
  unpacked: 'U',
  'half-configured': 'F',
  'triggers-awaited': 'W',
  'triggers-pending': 't',
  installed: 'i',
} as const

export type Want = keyof typeof WANTS
export type Status = keyof typeof STATUSES

/** What dpkg knows of one package in one architecture. */
export type PackageState = {
  readonly name: string
  /** Of the instance: one that was installed for another architecture of `Multi-Arch: same` is another value. */
  readonly architecture: string
  /** What was unpacked last, whole or in part; empty where dpkg knows a name only. */
  readonly version: string
  /** The version that was configured last, in those states in which `version` may never have been; else empty. */
  readonly configVersion: string
  readonly want: Want
  readonly status: Status
  /** dpkg's error flag: the package can neither be configured nor removed before it was unpacked again. */
  readonly mustBeUnpackedAgain: boolean
  /** Whether instances of several architectures stand side by side (`Multi-Arch: same`). */
  readonly coexists: boolean
  /** Triggers of this package that are still to be processed. */
  readonly pendingTriggers: readonly string[]
  /** Packages that have yet to process triggers of this one. */
  readonly awaitedPackages: readonly string[]
}

/** For `dpkg-query --showformat`: one line for each instance, read by `readPackageStates`. */
export const STATE_FORMAT = `${[
  'Package',
  'Architecture',
  'Version',
  'Config-Version',
  'db:Status-Want',
  'db:Status-Status',
  'db:Status-Eflag',
  'Multi-Arch',
  'Triggers-Pending',
  'Triggers-Awaited',
]
  .map((field) => `\${${field}}`)
  .join('\\t')}\\n`

/** An `Error` on a line that dpkg-query does not print: guessing what a package's state is would be worse. */
export function readPackageStates(answer: string): PackageState[] {
  return answer
    .split('\n')
    .filter((line) => line !== '')
    .map(readPackageState)
}

function readPackageState(line: string): PackageState {
  const [name = '', architecture = '', version = '', configVersion = '', want = '', status = '', flag = '', ...rest] =
    line.split('\t')
  const [multiArch = '', pending = '', awaited = ''] = rest
  if (!isWant(want) || !isStatus(status) || (flag !== 'ok' && flag !== 'reinstreq')) {
    throw new Error(`dpkg-query says of ${name} what is no state: "${want} ${flag} ${status}"`)
  }
  return {
    name,
    architecture,
    version,
    configVersion,
    want,
    status,
    mustBeUnpackedAgain: flag === 'reinstreq',
    coexists: multiArch === 'same',
    pendingTriggers: wordsOf(pending),
    awaitedPackages: wordsOf(awaited),
  }
}

/** As dpkg abbreviates it: `ii`, `hi`, `iU`, `iHR`. */
export function lettersOf({ want, status, mustBeUnpackedAgain }: PackageState): string {
  return `${WANTS[want]}${STATUSES[status]}${mustBeUnpackedAgain ? 'R' : ''}`
}

/** Whether the package works: all of it is unpacked and configured. What is wanted of it later does not matter. */
export function isInOrder(state: PackageState | null): state is PackageState {
  return state !== null && state.status === 'installed' && !state.mustBeUnpackedAgain
}

/** In order, and wanted: `ii`, or `hi` where somebody keeps it at its version. Only this counts as installed. */
export function isInstalled(state: PackageState | null): state is PackageState {
  return isInOrder(state) && (state.want === 'install' || state.want === 'hold')
}

/** In order, and somebody wants it taken off: `ri` or `pi`. */
export function isMarkedToGo(state: PackageState | null): state is PackageState {
  return isInOrder(state) && (state.want === 'deinstall' || state.want === 'purge')
}

/** Whether files of it may lie on the appliance, in whatever order they are. */
export function isThere(state: PackageState | null): state is PackageState {
  return state !== null && state.status !== 'not-installed' && state.status !== 'config-files'
}

/** Whether only its configuration files are left. */
export function leftConfigurationFiles(state: PackageState | null): state is PackageState {
  return state !== null && state.status === 'config-files'
}

export function isHeld(state: PackageState | null): boolean {
  return state?.want === 'hold'
}

/**
 * The version that worked last: null where none ever was configured, so that there is nothing to go back to. A first
 * install that was stopped in its preinst records a version too, which this does not take for one that was there.
 */
export function lastWorkingVersion(state: PackageState | null): string | null {
  if (state === null) return null
  switch (state.status) {
    case 'not-installed':
    case 'config-files':
      return null
    case 'half-installed':
    case 'unpacked':
    case 'half-configured':
      return state.configVersion === '' ? null : state.configVersion
    case 'triggers-awaited':
    case 'triggers-pending':
    case 'installed':
      return state.version
  }
}

/** Whether `dpkg --configure` can finish it. */
export function canBeConfigured(state: PackageState | null): state is PackageState {
  if (state === null || state.mustBeUnpackedAgain) return false
  return ['unpacked', 'half-configured', 'triggers-awaited', 'triggers-pending'].includes(state.status)
}

/**
 * The instance that a package file of `architecture` is, or would replace, of all instances of one name; `all` where
 * the file names no architecture. An instance of another architecture counts only where the two cannot stand side by
 * side; the caller compares `architecture` where it asks whether the patch itself is there.
 */
export function instanceFor(states: readonly PackageState[], architecture: string): PackageState | null {
  const same = states.find((state) => state.architecture === architecture)
  if (same !== undefined) return same
  return states.find((state) => isThere(state) && !state.coexists) ?? null
}

/** A sentence about it: "hello 2.10-3 is installed", "hello 2.10-3 is half configured (iF)". */
/** What dpkg is told to mean this one, where others of its name may be there too. */
export function instanceOf({ name, architecture, coexists }: PackageState): string {
  return coexists ? `${name}:${architecture}` : name
}

export function describeState(name: string, state: PackageState | null): string {
  if (state === null || state.status === 'not-installed') return `${name} is not installed`
  const what = `${name} ${state.version}`.trim()
  const letters = lettersOf(state)
  switch (state.status) {
    case 'config-files':
      return `${name} is removed, and its configuration files are kept (${letters})`
    case 'half-installed':
      return `${what} is half installed (${letters})`
    case 'unpacked':
      return `${what} is unpacked but not configured (${letters})`
    case 'half-configured':
      return `${what} is half configured (${letters})`
    case 'triggers-awaited':
      return `${what} waits for triggers of ${state.awaitedPackages.join(', ') || 'another package'} (${letters})`
    case 'triggers-pending':
      return `${what} has triggers to process (${letters})`
    case 'installed':
      return `${what} is ${installedInWords(state)}`
  }
}

function installedInWords(state: PackageState): string {
  if (state.mustBeUnpackedAgain) return `to be unpacked again (${lettersOf(state)})`
  switch (state.want) {
    case 'unknown':
    case 'install':
      return 'installed'
    case 'hold':
      return 'installed and on hold'
    case 'deinstall':
    case 'purge':
      return `installed, and marked to be removed (${lettersOf(state)})`
  }
}

function isWant(word: string): word is Want {
  return Object.hasOwn(WANTS, word)
}

function isStatus(word: string): word is Status {
  return Object.hasOwn(STATUSES, word)
}

function wordsOf(text: string): string[] {
  return text.split(' ').filter((word) => word !== '')
}
