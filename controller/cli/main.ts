/**
 * The command line beside the daemons: finds the command, runs it, and ends with the status of the contract. Whatever
 * goes wrong is one line on standard error that says why and what to do; only a bug of ours shows a stack.
 */
import { AssertionError } from 'node:assert'
import { hint, RefusedError } from '../../protocol/refusals.ts'
import { apiToken } from './api-token.ts'
import { listApiTokens, revokeApiToken } from './api-tokens.ts'
import { applianceLogs, listAppliances, renameAppliance, retireAppliance, showAppliance } from './appliances.ts'
import { type Command, UsageError } from './command.ts'
import { listDataCenters, listFlows } from './data-centers.ts'
import { enrollToken } from './enroll-token.ts'
import { enrollAppliance, listTokens, replaceAppliance, revokeToken } from './enrollment.ts'
import { ServerRefusal } from './exchange.ts'
import { commandHelp, fullHelp } from './help.ts'
import { cancelInstall, listInstalls, showInstall } from './installs.ts'
import { listLimits, setLimits } from './limits.ts'
import { listPasskeys, removePasskey } from './passkeys.ts'
import { listPatches, showPatch, withdrawPatch } from './patches.ts'
import { addPerson, changePerson, listPeople, newLink, removePerson } from './people.ts'
import { listPublishers, removePublisher, setPublisher } from './publishers.ts'
import { releaseExample } from './release-example.ts'
import { releaseKey } from './release-key.ts'
import { releaseSign } from './release-sign.ts'
import { endSession, listSessions, showAccount } from './sessions.ts'
import { signInLink } from './sign-in-link.ts'
import { startInstall } from './start-install.ts'
import { printable, processTerminal, type Terminal } from './terminal.ts'
import { exportTrail, listTrail } from './trail.ts'
import { uploadPatch } from './upload-patch.ts'
import { discardUpload, listUploads } from './uploads.ts'
import { verifyTrail } from './verify-trail.ts'

const COMMANDS: Readonly<Record<string, readonly Command[]>> = {
  'Let others in': [
    enrollToken,
    enrollAppliance,
    listTokens,
    revokeToken,
    apiToken,
    signInLink,
    listApiTokens,
    revokeApiToken,
  ],
  People: [
    ...[listPeople, addPerson, changePerson, newLink, removePerson],
    ...[listSessions, endSession, listPasskeys, removePasskey, showAccount],
  ],
  'Trust publishers': [listPublishers, setPublisher, removePublisher],
  'See what was done': [listTrail, exportTrail, verifyTrail],
  'Replicate patches': [uploadPatch, listUploads, discardUpload, listPatches, showPatch, withdrawPatch],
  'Install patches': [startInstall, listInstalls, showInstall, cancelInstall],
  'Spare the WAN': [listLimits, setLimits, listDataCenters, listFlows],
  'Look after appliances': [
    ...[listAppliances, showAppliance, applianceLogs, renameAppliance, replaceAppliance, retireAppliance],
  ],
  'Make patches': [releaseExample, releaseKey, releaseSign],
}

const terminal = processTerminal()
process.exitCode = await runCommandLine(process.argv.slice(2), terminal)

async function runCommandLine(words: readonly string[], terminal: Terminal): Promise<number> {
  const commands = Object.values(COMMANDS).flat()
  const command = commands.find(({ name }) => name === words.slice(0, name.split(' ').length).join(' '))
  if (command === undefined) return helpOrMistake(words, terminal)
  const rest = words.slice(command.name.split(' ').length)
  if (asksForHelp(rest)) {
    for (const line of commandHelp(command)) terminal.print(line)
    return 0
  }
  try {
    return await command.run(rest, terminal)
  } catch (error) {
    return failed(error, command, terminal)
  }
}

function helpOrMistake(words: readonly string[], terminal: Terminal): number {
  const [first] = words
  if (first === undefined || first === 'help' || asksForHelp(words)) {
    for (const line of fullHelp(COMMANDS)) terminal.print(line)
    return first === undefined ? 2 : 0
  }
  const family = Object.values(COMMANDS)
    .flat()
    .filter(({ name }) => name.startsWith(`${first} `))
  const what =
    family.length === 0
      ? `there is no command ${printable(first)}`
      : `${first} is one of: ${family.map(({ name }) => name).join(', ')}`
  terminal.tell(`patchmesh: ${what}. See patchmesh --help.`)
  return 2
}

/** Before a `--`, behind which everything is an operand. */
function asksForHelp(words: readonly string[]): boolean {
  const end = words.indexOf('--')
  return (end === -1 ? words : words.slice(0, end)).some((word) => word === '--help' || word === '-h')
}

function failed(error: unknown, { name }: Command, terminal: Terminal): number {
  if (error instanceof UsageError) {
    terminal.tell(`patchmesh: ${sentence(error.message)} See patchmesh ${name} --help.`)
    return 2
  }
  if (error instanceof RefusedError) terminal.tell(`patchmesh: ${advised(error.message, hint(error.refusal.refused))}`)
  else if (error instanceof ServerRefusal) terminal.tell(`patchmesh: ${advised(error.message, error.hint)}`)
  else if (error instanceof Error && !isBug(error)) terminal.tell(`patchmesh: ${sentence(error.message)}`)
  else throw error
  return 1
}

/** Errors of the language are never a sentence for the person at the keyboard. */
function isBug(error: Error): boolean {
  return [AssertionError, TypeError, RangeError, ReferenceError, SyntaxError].some((family) => error instanceof family)
}

function advised(message: string, advice: string): string {
  return advice === '' ? sentence(message) : `${sentence(message)} ${printable(advice)}`
}

/** On one line, with its full stop. */
function sentence(message: string): string {
  const parts = message.split('\n').map((part) => part.trim())
  const line = printable(parts.filter((part) => part !== '').join(' '))
  return /[.!?]$/.test(line) ? line : `${line}.`
}
