/**
 * A small package that is made to differ from a right one in one thing, for the comparison of what the Service Center
 * says of it with what dpkg does. `purpose` names the reason where dpkg takes it and the Service Center shall not.
 */
import type { Purpose } from '../../../controller/shell/intake/refused-on-purpose.ts'

export type Variant = {
  /** What it is, as the line of a table: "data.tar.xz with a SHA-256 check". */
  readonly name: string
  readonly bytes: Uint8Array
  readonly purpose?: Purpose
}
