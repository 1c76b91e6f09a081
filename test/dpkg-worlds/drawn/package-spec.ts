/**
 * The packages of a world as plain data, and the text of their maintainer scripts. What a script does beyond its work is
 * decided while it runs, by marks in `/var/lib/worlds` of the root: a mark makes it fail, or wait until somebody lets it
 * go on. So one package file can be good at one moment and bad at another, and a kill finds it where the world wants it.
 */
export const SCRIPTS = ['preinst', 'postinst', 'prerm', 'postrm'] as const
export type ScriptName = (typeof SCRIPTS)[number]

/** What a script does that an installer has to live with. */
export const HABITS = [
  'reads-input',
  'prints-much',
  'starts-daemon',
  'needs-home',
  'wants-restart',
  'changes-own-state',
  'speaks-of-locks',
  'asks-debconf',
  'asks-ucf',
  'keeps-lock',
] as const
export type Habit = (typeof HABITS)[number]

export type PackageSpec = {
  readonly name: string
  readonly version: string
  readonly architecture: 'all' | 'amd64' | 'i386'
  /** `Multi-Arch: same`. */
  readonly isShared: boolean
  /** Ordinary files by path. */
  readonly files: Readonly<Record<string, string>>
  readonly links: Readonly<Record<string, string>>
  readonly conffiles: Readonly<Record<string, string>>
  /** One more file, /opt/NAME/bulk, that takes a while to unpack; 0 for none. */
  readonly bulkBytes: number
  readonly interest: string | null
  readonly activates: string | null
  readonly scripts: readonly ScriptName[]
  readonly habits: readonly { readonly script: ScriptName; readonly habit: Habit }[]
  readonly packing: 'none' | 'gzip' | 'xz' | 'zstd'
}

/** Where scripts and the world meet, seen from inside the root. */
export const MEETING_PLACE = '/var/lib/worlds'
/** How a daemon that a script has left is known among the processes. */
export const DAEMON_SECONDS = '86413'

/** Stands once everything is there that an order finds. */
export const ORDERED = 'ordered'

/** A daemon that takes dpkg's lock as soon as it can have it, and keeps it. */
const KEEP_LOCK =
  'use Fcntl; open my $f, "+>>", "/var/lib/dpkg/lock" or die; my $l = pack("ssx4qqix4", F_WRLCK, 0, 0, 0, 0); fcntl($f, F_SETLKW, $l) or die; sleep $ARGV[0]'

/** What a package with the habit of asking ucf keeps there; dpkg knows nothing of it. */
export function ucfFileOf(name: string): string {
  return `/etc/${name}-taste.conf`
}

/** Names one run of a script, for a mark: what it belongs to, and its first argument. */
export function scriptRun(
  { name, version }: Pick<PackageSpec, 'name' | 'version'>,
  script: ScriptName,
  argument: string,
): string {
  return `${name}-${version}-${script}-${argument}`
}

export function configuredMark({ name, architecture }: PackageSpec): string {
  return `configured-${name}-${architecture}`
}

export function scriptText(spec: PackageSpec, script: ScriptName): string {
  const { name, version } = spec
  // Once each: whoever asks debconf after it was stopped waits for ever.
  const own = [...new Set(spec.habits.filter((habit) => habit.script === script).map(({ habit }) => habit))]
  const lines = [
    '#!/bin/sh',
    'set -e',
    ...(own.includes('asks-debconf') ? ['. /usr/share/debconf/confmodule'] : []),
    `meet=${MEETING_PLACE}`,
    `echo "${name} ${version} ${script} $*" >> $meet/journal`,
    `run="${name}-${version}-${script}-$1"`,
    'if [ -e "$meet/stop-$run" ]; then',
    '  rm "$meet/stop-$run"',
    '  echo $$ > "$meet/writing" && mv "$meet/writing" "$meet/here-$run"',
    '  while [ ! -e "$meet/go-$run" ]; do sleep 0.02; done',
    'fi',
    // Who fails and leaves the lock taken is in the way of the way back.
    ...own.filter((habit) => habit === 'keeps-lock').map((habit) => habitText(spec, habit)),
    `if [ -e "$meet/fail-$run" ]; then echo "the ${script} of ${name} gives up" >&2; exit 3; fi`,
    'if [ -e "$meet/hang-$run" ]; then trap "" TERM HUP; while :; do sleep 0.1; done; fi',
    'if [ -e "$meet/once-$run" ]; then rm "$meet/once-$run"; echo "this time it gives up" >&2; exit 4; fi',
    ...own.filter((habit) => habit !== 'keeps-lock').map((habit) => habitText(spec, habit)),
  ]
  if (script === 'postinst') {
    lines.push(`if [ "$1" = configure ]; then echo "${version}" > $meet/${configuredMark(spec)}; fi`)
    if (spec.activates !== null) lines.push(`dpkg-trigger --no-await ${spec.activates}`)
  }
  return `${lines.join('\n')}\nexit 0\n`
}

function habitText({ name, version }: PackageSpec, habit: Habit): string {
  switch (habit) {
    case 'reads-input':
      return 'read -r answer || true\ncat > /dev/null'
    case 'prints-much':
      return "head -c 30000000 /dev/zero | tr '\\0' '.'; echo; echo to standard error >&2"
    case 'starts-daemon':
      return `setsid sleep ${DAEMON_SECONDS} &`
    case 'needs-home':
      return '(set -u; echo "$HOME $USER $LOGNAME $SHELL $TERM" > /dev/null)'
    case 'wants-restart':
      return `mkdir -p /run; echo restart > /run/reboot-required; echo ${name} >> /run/reboot-required.pkgs`
    case 'changes-own-state':
      return `echo "${name} hold" | dpkg --set-selections || true`
    case 'speaks-of-locks':
      return 'echo "dpkg: error: dpkg frontend lock was locked by another process with pid 4711" >&2'
    case 'asks-debconf':
      return `db_input high ${name}/colour || true\ndb_go || true\ndb_get ${name}/colour\ndb_stop`
    case 'asks-ucf':
      return `mkdir -p /opt/${name}\necho "taste of ${version}" > /opt/${name}/taste\nucf --three-way /opt/${name}/taste ${ucfFileOf(name)}`
    case 'keeps-lock':
      return `if [ -e $meet/${ORDERED} ]; then setsid perl -e '${KEEP_LOCK}' ${DAEMON_SECONDS} > /dev/null 2>&1 & fi`
  }
}
