/**
 * The triggers file of a Debian package: which triggers it is interested in, and which it activates. dpkg reads it in
 * the middle of an install, when the package is half there already, and no dry run of dpkg looks at it.
 */
import { quoted } from '../../../../protocol/quoted.ts'
import { type Refusal, refuse } from '../../../../protocol/refusals.ts'
import { refuseOnPurpose } from '../refused-on-purpose.ts'
import { SPACES_AND_TABS, trimmed } from './blanks.ts'
import { packageNameFault } from './names.ts'

const INTERESTS = new Set(['interest', 'interest-await', 'interest-noawait'])
const ACTIVATIONS = new Set(['activate', 'activate-await', 'activate-noawait'])
/** dpkg reads 255 bytes at once, a line feed among them. */
const MAX_LINE_BYTES = 254
/** Files that dpkg keeps in the folder where an interest becomes a file. */
const KEPT_BY_DPKG = new Set(['File', 'Unincorp', 'Lock'])

export function judgeTriggers(bytes: Uint8Array): Refusal | null {
  const lines = Buffer.from(bytes).toString('latin1').split('\n')
  if (lines.pop() !== '') return refuseTriggers(lines.length + 1, 'has no line feed at its end')
  for (const [index, line] of lines.entries()) {
    const fault = lineFault(line)
    if (fault !== null) return refuseTriggers(index + 1, fault)
    const text = trimmed(line, SPACES_AND_TABS)
    if (text === '' || text.startsWith('#')) continue
    const [directive = ''] = text.split(/[ \t]/, 1)
    const trigger = trimmed(text.slice(directive.length), SPACES_AND_TABS)
    if (INTERESTS.has(directive) && KEPT_BY_DPKG.has(trigger)) {
      return refuseOnPurpose('kept_by_dpkg', `Line ${index + 1} of the triggers file is an interest in ${trigger}`)
    }
    const why = directiveFault(directive, trigger)
    if (why !== null) return refuseTriggers(index + 1, why)
  }
  return null
}

function lineFault(line: string): string | null {
  if (line.includes('\0')) return 'has a NUL in it'
  return line.length > MAX_LINE_BYTES ? `is longer than ${MAX_LINE_BYTES} bytes` : null
}

function directiveFault(directive: string, trigger: string): string | null {
  if (trigger === '') return `has no trigger after ${quoted(directive)}`
  if (!INTERESTS.has(directive) && !ACTIVATIONS.has(directive)) return `has the directive ${quoted(directive)}`
  if (/[^!-~]/.test(trigger)) return `has a blank, or a character that is not ASCII, in the trigger ${quoted(trigger)}`
  if (ACTIVATIONS.has(directive)) return null
  if (trigger.startsWith('/')) {
    return trigger.endsWith('/') || trigger.includes('//')
      ? `is an interest in ${quoted(trigger)}, no plain path`
      : null
  }
  const why = trigger.includes('_') ? 'it has an underscore' : packageNameFault(trigger)
  return why === null ? null : `is an interest in ${quoted(trigger)}, which names no trigger: ${why}`
}

function refuseTriggers(line: number, fault: string): Refusal {
  return refuse('malformed', `No dpkg installs the package: line ${line} of its triggers file ${fault}.`)
}
