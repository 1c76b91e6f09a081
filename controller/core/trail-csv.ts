/**
 * The trail as CSV (RFC 4180), the same from the API and on a command line.
 */
import type { TrailView } from './access-views.ts'

const COLUMNS = ['position', 'at', 'actor', 'action', 'subject', 'organization', 'outcome', 'origin', 'hash'] as const

export function csvHeading(): string {
  return csvLine(COLUMNS)
}

export function csvOf(view: TrailView): string {
  return csvLine(COLUMNS.map((column) => String(view[column] ?? '')))
}

function csvLine(cells: readonly string[]): string {
  return `${cells.map(csvCell).join(',')}\r\n`
}

/** A spreadsheet takes a cell that begins like this for a formula (OWASP, "CSV Injection"): an apostrophe makes it text. */
function csvCell(text: string): string {
  const harmless = /^\s*[=+\-@|%]|^[\t\r\n]/.test(text) ? `'${text}` : text
  return `"${harmless.replaceAll('"', '""')}"`
}
