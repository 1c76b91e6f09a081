/**
 * What the administrator's own options for dpkg mean for this install. dpkg obeys them; some make an install impossible
 * or only seem to happen, which is refused, and some change what is installed, which is told.
 */
import { readableName } from '../package-contents.ts'
import type { Remark } from './remarks.ts'
import type { Situation } from './situation.ts'

/** With these dpkg ends well and has done nothing. */
const DOES_NOTHING = new Set(['no-act', 'dry-run', 'simulate', 'selected-only', 'skip-same-version'])
/** With these dpkg works on another database, or on other files, than the agent looks at. */
const WORKS_ELSEWHERE = new Set(['root', 'instdir', 'admindir'])
/** With these dpkg starts programs of the administrator's, also in its dry runs; one that fails has dpkg fail. */
const HOOKS = new Set(['pre-invoke', 'post-invoke', 'status-logger'])
/** What is forced by these can break the appliance and is said; the rest is dpkg's own default or harmless. */
const RISKY = new Set(['all', 'overwrite', 'overwrite-dir', 'overwrite-diverted', 'depends', 'conflicts', 'breaks'])
RISKY.add('remove-essential').add('remove-protected').add('architecture').add('bad-verify').add('bad-version')

export async function whatDpkgWasTold({ options, entries, leftOut }: Situation): Promise<string | null> {
  for (const { name, file } of options.all) {
    if (DOES_NOTHING.has(name))
      return `dpkg would do nothing on this appliance, since ${file} says ${name}; take that out first`
    if (WORKS_ELSEWHERE.has(name))
      return `dpkg would work elsewhere on this appliance, since ${file} says ${name}; take that out first`
  }
  const orphan = entries.find(({ kind, target }) => kind === 'hard link' && leftOut.has(target))
  if (orphan === undefined) return null
  return `${readableName(orphan.path)} is the same file as ${readableName(orphan.target)}, which the options of dpkg on this appliance (path-exclude) leave out, so dpkg could not make it; let both come, or leave both out`
}

export function whatIsSaidOfOptions({ options, leftOut }: Situation): Remark[] {
  const remarks: Remark[] = []
  const [first] = leftOut
  if (first !== undefined) {
    const rest = leftOut.size === 1 ? '' : ` and ${leftOut.size - 1} more`
    remarks.push({
      sentence: `the options of dpkg on this appliance (path-exclude) leave out ${readableName(first)}${rest}`,
      beside: null,
    })
  }
  const forced = [...options.forced].filter((thing) => RISKY.has(thing))
  if (forced.length > 0) {
    remarks.push({ sentence: `dpkg is told on this appliance to force ${forced.join(', ')}`, beside: null })
  }
  const hooks = options.all.filter(({ name }) => HOOKS.has(name))
  if (hooks.length > 0) {
    const named = hooks.map(({ name, value, file }) => `${name} "${value}" of ${file}`).join(', ')
    remarks.push({ sentence: `dpkg starts programs of the administrator on this appliance: ${named}`, beside: null })
  }
  return remarks
}
