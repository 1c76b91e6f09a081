/**
 * A process for the crash test of ledger.test.ts: it records batches of many records that belong together, and names
 * each on standard output when it is recorded, until somebody kills it.
 */
import { writeSync } from 'node:fs'
import { openLedger } from '../../agent/shell/ledger-file.ts'
import { entry } from './ledger-contract.ts'

const [folder = '', from = '0'] = process.argv.slice(2)
const ledger = openLedger(folder)
for (let number = Number(from); ; number++) {
  const records = Array.from({ length: 20 }, (_, each) => entry(`part-${each}`, String(number)))
  ledger.record([...records, entry(`gone-${number - 1}`, null), entry(`gone-${number}`, 'here')])
  writeSync(1, `${number}\n`)
}
