/**
 * The control stanza of a package file as dpkg writes it, however its maker has: names in small letters, versions in
 * their one form, line ends of Unix. So it says the same as dpkg's database will say of the package.
 */
import { askProgram } from '../ask-program.ts'

/** What dpkg reads of a package beside its files. */
const FIELDS = [
  ...['Package', 'Version', 'Architecture', 'Multi-Arch', 'Essential', 'Protected', 'Maintainer', 'Description'],
  ...['Pre-Depends', 'Depends', 'Breaks', 'Conflicts', 'Replaces', 'Provides'],
]

export async function packageStanza(packageFile: string): Promise<string> {
  const answer = await askProgram('dpkg-deb', '--field', packageFile, ...FIELDS)
  if (answer === null) throw new Error('dpkg-deb is not on this appliance')
  if (answer.status !== 0) throw new Error(`the package cannot be read: ${answer.complaint.trim()}`)
  return answer.text
}
