/**
 * What an agent tells of its log when it is asked: the last lines, and behind them one with what its ledger holds at this
 * moment. It is told as a line of the log, so that a Service Center of another release shows it too.
 */
import { MAX_LOG_BYTES } from '../../protocol/limits.ts'
import { redacted } from '../../protocol/redacted.ts'
import type { AgentState } from '../core/state.ts'
import { applianceStatus } from '../core/status.ts'

/** Patches that are whole and right say nothing. */
const SHOWN = 30
const MAX_LEDGER_BYTES = 32 * 1024

export function toldLog(state: AgentState, recent: string): string {
  const ledger = ledgerLine(state)
  const room = MAX_LOG_BYTES - Buffer.byteLength(ledger)
  return `${lastLines(recent, room)}${ledger}`
}

function ledgerLine(state: AgentState): string {
  if (state.membership === null) return ''
  const { patches, inLine, ...status } = applianceStatus(state, true)
  const notWhole = patches.filter((patch) => patch.state !== 'replicated' || patch.wrong !== '')
  const ledger = {
    ...status,
    inLine: inLine.slice(0, SHOWN),
    patches: patches.length,
    endedOrders: state.orders.ended.length,
    notWhole: notWhole.length,
    shown: [...notWhole, ...patches.filter((patch) => !notWhole.includes(patch))].slice(0, SHOWN),
  }
  const line = (about: object) =>
    `${redacted(JSON.stringify({ level: 30, time: state.clock.wallMs, name: 'agent', ledger: about, msg: 'the ledger' }))}\n`
  const whole = line(ledger)
  return Buffer.byteLength(whole) <= MAX_LEDGER_BYTES
    ? whole
    : line({ ...ledger, inLine: inLine.length, shown: 'too long' })
}

/** Whole lines only. */
function lastLines(text: string, bytes: number): string {
  const all = Buffer.from(text)
  if (all.byteLength <= bytes) return text
  const from = all.indexOf(0x0a, all.byteLength - bytes)
  return from === -1 ? '' : all.subarray(from + 1).toString()
}
