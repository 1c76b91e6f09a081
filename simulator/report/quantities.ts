/**
 * Numbers as a person reads them on a picture, and where the marks of an axis stand.
 */
const KIB = 1024

export function bytesText(bytes: number): string {
  for (const [unit, power] of [
    ['TiB', 4],
    ['GiB', 3],
    ['MiB', 2],
    ['KiB', 1],
  ] as const) {
    if (bytes >= KIB ** power) return `${threeDigits(bytes / KIB ** power)} ${unit}`
  }
  return `${Math.round(bytes)} B`
}

export function durationText(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`
  if (ms < 120_000) return `${threeDigits(ms / 1000)} s`
  if (ms < 3_600_000) return `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1000)} s`
  const minutes = Math.round(ms / 60_000)
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}

/** A mark of a time axis, in the unit that suits its `step`. */
export function markText(ms: number, stepMs: number): string {
  if (ms === 0) return '0'
  if (stepMs < 1000) return stepMs % 100 === 0 ? `${(ms / 1000).toFixed(1)} s` : `${Math.round(ms)} ms`
  if (stepMs < 60_000) return `${Math.round(ms / 1000)} s`
  if (stepMs < 3_600_000) return `${Math.round(ms / 60_000)} min`
  return `${Math.round(ms / 3_600_000)} h`
}

/** Round times from 0 to `endMs`, at most `most` of them. */
export function timeMarks(endMs: number, most = 8): { marks: number[]; stepMs: number } {
  const steps = [1, 2, 5, 10, 20, 50, 100, 200, 500]
  const seconds = [1, 2, 5, 10, 15, 30].map((step) => step * 1000)
  const minutes = [1, 2, 5, 10, 15, 30].map((step) => step * 60_000)
  const hours = [1, 2, 4, 6, 12, 24, 48, 96].map((step) => step * 3_600_000)
  const all = [...steps, ...seconds, ...minutes, ...hours]
  const stepMs = all.find((step) => endMs / step <= most) ?? endMs / most
  return { marks: range(endMs, stepMs), stepMs }
}

/** Round numbers from 0 to `end`, powers of ten in steps of 1, 2 or 5. */
export function roundMarks(end: number, most = 6): number[] {
  if (end <= 0) return [0]
  const power = 10 ** Math.floor(Math.log10(end / most))
  const step = [1, 2, 5, 10].map((one) => one * power).find((one) => end / one <= most) ?? end
  return range(end, step)
}

/** Steps of 1, 2 or 5, times a power of two that has a name. */
export function byteMarks(end: number, most = 6): number[] {
  let unit = 1
  while (end / unit >= KIB) unit *= KIB
  return roundMarks(end / unit, most).map((mark) => mark * unit)
}

function range(end: number, step: number): number[] {
  return Array.from({ length: Math.floor(end / step + 1e-9) + 1 }, (_, at) => at * step)
}

export function threeDigits(value: number): string {
  if (value >= 100 || Number.isInteger(value)) return value.toFixed(0)
  return value >= 10 ? value.toFixed(1) : value.toFixed(2)
}
