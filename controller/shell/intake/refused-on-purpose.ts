/**
 * What dpkg takes and the Service Center does not, on purpose: one list, each with the reason that a person reads, in
 * the refusal and in the operator's guide. Whatever is not in it is judged as dpkg judges it; a test compares the two
 * over a table of packages, and the guide's list with this one.
 */
import { type Refusal, type RefusalCode, RefusedError, refuse } from '../../../protocol/refusals.ts'

const PURPOSES = {
  // what dpkg leaves out without a word
  second_stream: ['trailing_bytes', 'dpkg would unpack what is before it, and leave the rest out without a word'],
  after_archive: ['trailing_bytes', 'dpkg would unpack the first archive, and leave the rest out without a word'],
  second_member: ['trailing_bytes', 'dpkg would install the first, and leave the other out without a word'],
  // what reaches past the package
  device: ['unsafe_entry', 'a device reaches past every permission; a package that needs one makes it in a script'],
  fifo: ['unsafe_entry', 'a fifo holds up whoever reads the files of a package'],
  climbing_path: ['unsafe_entry', 'a path with .. in it leads to another place than it says'],
  foreign_link: ['unsafe_entry', 'a hard link to a file of somebody else changes when that file does'],
  // what dpkg unpacks as something that nobody expects
  odd_path: ['unsafe_entry', 'dpkg would keep it under a path that nobody looks for'],
  control_character: ['bad_name', 'a control character in a path changes what people see'],
  two_kinds: ['unsafe_entry', 'which of the two is there in the end depends on what was there before'],
  sparse_file: ['unsafe_entry', 'tar would fill its holes with more than the archive has'],
  old_format: ['unsupported', 'no tool has written it by itself since 1995'],
  // what the control archive has dpkg do, and nobody can undo
  inner_end: ['malformed', 'dpkg would end there what others read on'],
  unreadable_version: ['bad_name', 'dpkg would keep it in its database, and call it wrong ever after'],
  kept_by_dpkg: ['malformed', 'dpkg would overwrite a file of its own with it'],
  control_link: ['unsafe_entry', 'dpkg opens it for writing as root, wherever it leads'],
  stuck: ['malformed', 'dpkg would install the package and could not remove it again'],
  // what would take too much of the Service Center
  long_name: ['bad_name', 'names and versions of patches have at most 100'],
  dictionary: ['too_large', 'its decoder would take more than 192 MiB of memory'],
} as const satisfies Record<string, readonly [RefusalCode, reason: string]>

export type Purpose = keyof typeof PURPOSES

export const REFUSED_ON_PURPOSE = Object.fromEntries(
  Object.entries(PURPOSES).map(([purpose, [, reason]]) => [purpose, reason]),
) as Readonly<Record<Purpose, string>>

/** `what` is a clause that says what was found and where, without an end. */
export function refuseOnPurpose(purpose: Purpose, what: string): Refusal {
  const [code, reason] = PURPOSES[purpose]
  return refuse(code, `${what}: ${reason}.`)
}

export function onPurpose(purpose: Purpose, what: string): RefusedError {
  return new RefusedError(refuseOnPurpose(purpose, what))
}
