/**
 * Outlives the run that started it just long enough to clean up after it: its standard input ends when that process
 * does, however it ends. A run that has cleaned up by itself says so first.
 */
import type { RunMark } from '../processes/run-mark.ts'
import { sweep } from './sweep.ts'

const [, , mark = ''] = process.argv
let said = ''
process.stdin.setEncoding('utf8')
process.stdin.on('data', (text: string) => (said += text))
process.stdin.on('end', () => {
  if (said !== 'clean') sweep(mark as RunMark)
})
