/**
 * Numbers and moments as a person reads them. Sizes are rounded down, so that nothing looks complete before it is.
 */
const UNITS = ['bytes', 'KiB', 'MiB', 'GiB'] as const

export function size(bytes: number): string {
  let value = bytes
  let unit = 0
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024
    unit += 1
  }
  const shown = unit === 0 ? String(value) : (Math.floor(value * 10) / 10).toFixed(1)
  return `${shown} ${bytes === 1 ? 'byte' : UNITS[unit]}`
}

/** `2026-11-22 14:03 UTC`, from the ISO 8601 text of the API. */
export function moment(iso: string): string {
  return `${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC`
}

export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`
}

export function listed(names: readonly string[]): string {
  if (names.length <= 1) return names.join('')
  return `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`
}

export function where(dataCenter: string): string {
  return dataCenter === 'All' ? 'all Data Centers' : dataCenterTitle(dataCenter)
}

/** `Data Center Paris`, and `Data Center 1` for one that is named so. */
export function dataCenterTitle(name: string): string {
  return /^data center\b/i.test(name) ? name : `Data Center ${name}`
}

/** The address of the list; a patch's page lies below it. */
export const SYSTEM_PATCHES = '/appliances/software-updates'

/** The address of a patch's page. */
export function patchAddress({ name, version }: { name: string; version: string }): string {
  return `${SYSTEM_PATCHES}/${encodeURIComponent(`${name}@${version}`)}`
}

/** Texts into something that can be an element's id: the same texts give the same id, different texts different ones. */
export function elementId(...parts: string[]): string {
  return parts.map((part) => Buffer.from(part).toString('base64url')).join('.')
}
