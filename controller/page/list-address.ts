/**
 * The address of the list of patches in a certain state: what is searched for, narrowed to, sorted by and opened. What is
 * as usual is left out, so that an address which is sent to a colleague stays short.
 */
import type { ListQuery } from '../core/patch-list.ts'
import { SYSTEM_PATCHES } from './words.ts'

/** `open`: the ids of the patches whose copies are shown. */
export type ShownList = ListQuery & { open: string[] }

const USUAL: Record<keyof ListQuery, string> = {
  ...{ search: '', show: 'all', superseded: 'hide', sort: 'uploaded', order: 'down', page: '1', perPage: '25' },
}

export function listAddress(shown: ShownList, changes: Partial<ShownList> = {}): string {
  const fields = listFields({ ...shown, ...changes })
  return fields.length === 0 ? SYSTEM_PATCHES : `${SYSTEM_PATCHES}?${new URLSearchParams(fields).toString()}`
}

/** Name and value of all that is not as usual. */
export function listFields({ open, ...query }: ShownList): [name: string, value: string][] {
  const fields = Object.entries(query).map(([name, value]): [string, string] => [name, String(value)])
  return [
    ...fields.filter(([name, value]) => USUAL[name as keyof ListQuery] !== value),
    ...open.map((id): [string, string] => ['open', id]),
  ]
}
