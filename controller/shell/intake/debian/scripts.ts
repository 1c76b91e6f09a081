/**
 * The maintainer scripts of a Debian package, as far as their first line tells whether any appliance can start them. A
 * script without that line is run by the shell, one that may not be run is made so by dpkg; but one with the line ends
 * of DOS asks for an interpreter whose name ends in a carriage return.
 */
import { quoted } from '../../../../protocol/quoted.ts'
import { type Refusal, refuse } from '../../../../protocol/refusals.ts'
import { refuseOnPurpose } from '../refused-on-purpose.ts'
import { SPACES_AND_TABS, trimmed } from './blanks.ts'

/** They refuse an option that ends in a carriage return; others pass over it. */
const SHELLS = /(?:^|\/)(?:ba|da)?sh$/

/** `head` is how the script begins. */
export function scriptFault(name: 'preinst' | 'postinst' | 'prerm' | 'postrm', head: Uint8Array): Refusal | null {
  const [line = ''] = Buffer.from(head).toString('latin1').split('\n', 1)
  if (!line.startsWith('#!') || !line.endsWith('\r')) return null
  const [interpreter = '', option] = trimmed(line.slice('#!'.length), SPACES_AND_TABS).split(/[ \t]/)
  if (option !== undefined && !SHELLS.test(interpreter)) return null
  const what = `The script ${name} begins with ${quoted(line)}, the line end of DOS in it`
  if (name === 'preinst' || name === 'postinst') return refuse('malformed', `${what}, and no dpkg can start it.`)
  return refuseOnPurpose('stuck', what)
}
