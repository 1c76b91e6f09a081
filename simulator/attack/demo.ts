/**
 * `npm run demo:attack`: a stolen Service Center against a running fleet, attempt by attempt, each with the refusal that it
 * met. Exit status 1 where one was not refused.
 */
import { runAttack } from './run-attack.ts'

const tried = await runAttack(
  ({ what, refusal }) =>
    process.stdout.write(`${refusal === null ? 'INSTALLED' : 'refused  '}  ${what}\n           ${refusal ?? ''}\n`),
  (line) => process.stderr.write(`${line}\n`),
)
const refused = tried.filter(({ refusal }) => refusal !== null).length
process.stdout.write(`\n${refused} of ${tried.length} attempts refused, ${tried.length - refused} installed\n`)
process.exitCode = refused === tried.length ? 0 : 1
