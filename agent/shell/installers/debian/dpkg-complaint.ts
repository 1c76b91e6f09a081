/**
 * Finds in what a run of dpkg printed the reason why it failed, and whether it was only a lock. dpkg's own lines stand
 * among those of maintainer scripts, which print what they like, also what looks like dpkg's; so a lock is believed only
 * where dpkg ended as it does for one and nothing but its own complaint came before.
 *
 * dpkg writes "dpkg: error processing package NAME (--install):" and the reason on the next line, behind a space; where
 * that says no more than "dependency problems", what stands in the paragraph before tells which. Warnings are no reasons.
 */

/** dpkg ends so for what is wrong with the run as a whole, and with 1 for what is wrong with a package. */
const FATAL_STATUS = 2
/** In the locale that dpkg is run in: of the lock of its frontend, and of its database. */
const LOCKED =
  /^dpkg: error: dpkg (frontend|database) lock was locked by |^dpkg: error: dpkg status database is locked by /
const WARNING = /^dpkg: warning: /
const OWN_LINE = /^dpkg( \([a-z]+\))?: (?!warning: )/
/** A reason that only says where to look. */
const SEE_ABOVE = /^(dependency problems|conflicting packages|trigger processing|triggers looping)/
/** What is wrong with the run as a whole, such as a damaged database. */
const FATAL = /^(error: |unrecoverable fatal error, aborting)/
const MAX_BLOCK_LINES = 6

export function isLocked({ status, output }: { readonly status: number; readonly output: string }): boolean {
  if (status !== FATAL_STATUS) return false
  const first = output.split('\n').find((line) => line !== '' && !WARNING.test(line))
  return first !== undefined && LOCKED.test(first)
}

/** Part of a sentence; null where dpkg gave no reason of its own. */
export function reasonOf(output: string): string | null {
  const blocks = blocksOf(output)
  const failed = blocks.find(({ first }) => first.startsWith('error processing'))
  if (failed === undefined) {
    const fatal = blocks.find(({ first }) => FATAL.test(first))
    return fatal === undefined ? null : inOneLine(fatal).replace(/^error: /, '')
  }
  if (SEE_ABOVE.test(failed.rest[0] ?? '')) {
    const place = blocks.indexOf(failed)
    const explaining = blocks.slice(0, place).findLast(({ first, rest }) => rest.length > 0 && !isError(first))
    if (explaining !== undefined) return inOneLine(explaining)
  }
  const cause = blocks.find(({ byChild }) => byChild)
  return `${inOneLine(failed)}${cause === undefined ? '' : ` (${inOneLine(cause).replace(/^error: /, '')})`}`
}

type Block = {
  /** What follows "dpkg: ". */
  readonly first: string
  /** The lines that belong to it: dpkg begins them with a space. */
  readonly rest: string[]
  /** Said by dpkg in the process that was to become a script. */
  readonly byChild: boolean
}

function blocksOf(output: string): Block[] {
  const blocks: Block[] = []
  let open: Block | null = null
  for (const line of output.split('\n')) {
    if (OWN_LINE.test(line)) {
      open = { first: line.replace(OWN_LINE, ''), rest: [], byChild: line.startsWith('dpkg (') }
      blocks.push(open)
    } else if (/^ +\S/.test(line) && open !== null && open.first.endsWith(':')) {
      if (open.rest.length < MAX_BLOCK_LINES) open.rest.push(line.trim())
    } else open = null
  }
  return blocks
}

function isError(first: string): boolean {
  return first.startsWith('error')
}

/** Where the file of the package lies for the install is nobody's concern: "error processing archive package.deb". */
const ARCHIVE = /^(error processing archive )\S*\//

/** "dependency problems prevent configuration of x: x depends on y; however: Package y is not installed." */
function inOneLine({ first, rest }: Block): string {
  const joined = rest.reduce(
    (line, next) => `${line}${/[.:]$/.test(line) ? ' ' : ': '}${next}`,
    first.replace(ARCHIVE, '$1'),
  )
  return joined.replace(/\.$/, '')
}
