/**
 * The address of a patch's page in a certain state: the Data Center, the chosen organizations, what is opened, and which
 * part of the matrix is shown. Sent to a colleague it shows the same.
 */
import { type NamedPatch, patchAddress } from './words.ts'

export type ShownPatch = {
  patch: NamedPatch
  dataCenter: string
  /** Chosen to be installed. */
  organization: string[]
  /** Organizations whose appliances are shown, and installs whose targets are. */
  open: string[]
  install: string[]
  /** Installs of which every target is shown, however many there are. */
  every: string[]
  /** The parts of the matrix. */
  rows: number
  columns: number
}

export function shownPatchAddress(shown: ShownPatch, changes: Partial<ShownPatch> = {}): string {
  const { patch, dataCenter, rows, columns, ...lists } = { ...shown, ...changes }
  const query = new URLSearchParams()
  if (dataCenter !== 'All') query.set('dataCenter', dataCenter)
  for (const [name, values] of Object.entries(lists)) for (const value of values) query.append(name, value)
  if (rows > 1) query.set('rows', String(rows))
  if (columns > 1) query.set('columns', String(columns))
  return query.size === 0 ? patchAddress(patch) : `${patchAddress(patch)}?${query.toString()}`
}
