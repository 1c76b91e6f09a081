/**
 * Installs a patch bundle with the programs in its payload. They run only here under `install`, `verify` and `revert`,
 * from a payload that was unpacked out of a copy whose hash was just checked; `detect` looks and runs nothing. Whether
 * the patch is there is judged by the declared detection and the health program, never by what `install` returned.
 *
 * A program finds `PATCHMESH_ROOT`, the folder that is `/` of the appliance, and `PATCHMESH_PAYLOAD`, its own folder,
 * where it is started. It ends with status 75 (EX_TEMPFAIL of sysexits.h) to say that a later attempt may succeed.
 */
import { createReadStream } from 'node:fs'
import { mkdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { isRefusal, RefusedError } from '../../../protocol/refusals.ts'
import { removeTree } from '../remove-tree.ts'
import { forgetBefore, recordLeft, rememberBefore, whatWasBefore } from './before.ts'
import { describeBoth, describeStanding, isSameStanding, standingOfBundle, whyBundleIsHeld } from './bundle-standing.ts'
import { exists, isNewer } from './debian/dpkg-database.ts'
import { judgeFromVersion } from './from-versions.ts'
import { installedVersion } from './installed-version.ts'
import type { Found, Installer, InstallTask, Outcome } from './installer.ts'
import { failed, failedForNow, foundOf, outcomeOf, succeeded, untouched } from './outcomes.ts'
import { endLeftPrograms, settleProgram } from './program-record.ts'
import { describeEnd, type ProgramEnd, runProgram } from './run-program.ts'
import { stageCopy } from './staged-copy.ts'
import { unpackPayload } from './unpack-payload.ts'

const TEMPORARY_FAILURE = 75
/** A health program decides whether service is there; waiting for it beyond this is an answer too. */
const MAX_HEALTH_SECONDS = 600

export const patchBundle: Installer = {
  detect: (task) => foundOf(() => detect(task)),
  install: (task) => outcomeOf(() => install(task)),
  verify: (task) => outcomeOf(() => verify(task)),
  revert: (task) => outcomeOf(() => revert(task)),
  settle: (task) => settleProgram(task.scratch, task.publication.manifest.install.timeoutSeconds),
}

async function detect({ publication, root }: InstallTask): Promise<Found> {
  const { manifest, version } = publication
  const there = await installedVersion(root, manifest)
  if (there === version) return { result: 'installed', installedVersion: there, reason: `version ${there} is there` }
  if (there !== null && 'dpkg' in manifest.verify.detect && (await isNewer(there, version))) {
    const reason = `version ${there} is there, which supersedes ${version}`
    return { result: 'installed', installedVersion: there, reason }
  }
  return judgeFromVersion(manifest, there)
}

async function install(task: InstallTask): Promise<Outcome> {
  const { publication, root, scratch } = task
  const { manifest, name, version } = publication
  const { program, timeoutSeconds } = manifest.install
  if (program === undefined) return failed('the manifest names no install program')
  await patchBundle.settle(task)
  await endLeftPrograms(scratch)
  const held = await whyBundleIsHeld(root, manifest)
  if (held !== null && (await whatWasBefore(scratch)) === null) return untouched(failed(held))
  await unpackAfresh(task)
  const there = await standingOfBundle(root, manifest)
  await rememberBefore(scratch, describeStanding(there), async () => ({
    ...there,
    ...{ configurationFiles: false, audit: [], files: [] },
    taken: { entries: [], lists: [] },
  }))
  const end = await runPayloadProgram(task, program, timeoutSeconds)
  return failureOf('install', end) ?? succeeded(`the install program of ${name} ${version} ended well`, end.output)
}

async function verify(task: InstallTask): Promise<Outcome> {
  const { publication, root } = task
  const { manifest, version } = publication
  const there = await installedVersion(root, manifest)
  if (there !== version) {
    return failed(`${describeStanding(await standingOfBundle(root, manifest))} instead of ${version}`)
  }
  const { health } = manifest.verify
  if (health === undefined) return succeeded(`version ${version} is there`)
  await patchBundle.settle(task)
  await unpackIfNeeded(task)
  const timeoutSeconds = Math.min(manifest.install.timeoutSeconds, MAX_HEALTH_SECONDS)
  const end = await runPayloadProgram(task, health, timeoutSeconds)
  return failureOf('health', end) ?? succeeded(`version ${version} is there and healthy`, end.output)
}

async function revert(task: InstallTask): Promise<Outcome> {
  const { publication, root, scratch } = task
  const { manifest } = publication
  await patchBundle.settle(task)
  await endLeftPrograms(scratch)
  const before = await whatWasBefore(scratch)
  if (before === null) return succeeded('nothing of the patch is left to put back')
  const was = before.installedVersion ?? before.package?.version ?? null
  const left = async (): Promise<string> => {
    const there = await standingOfBundle(root, manifest)
    await recordLeft(scratch, before, describeStanding(there))
    return describeBoth(there, before)
  }
  const bringing = was === null ? 'another version' : `version ${was}`
  if (manifest.revert === 'none') {
    return failed(
      `the patch promises no way back, so what it did stays: ${await left()}; order the patch that brings ${bringing}`,
    )
  }
  await unpackIfNeeded(task)
  const end = await runPayloadProgram(task, manifest.revert.script, manifest.install.timeoutSeconds)
  const failure = failureOf('revert', end)
  if (failure !== null) {
    const advice = `mend what the revert program complains of and order the patch again, or the one that brings ${bringing}`
    const forNow = failure.temporary || end.how === 'signalled'
    return (forNow ? failedForNow : failed)(`${failure.reason}; ${await left()}; ${advice}`, end.output)
  }
  if (!isSameStanding(await standingOfBundle(root, manifest), before)) {
    return failed(
      `the revert program ended well, but ${await left()}; order the patch that brings ${bringing}`,
      end.output,
    )
  }
  await forgetBefore(scratch)
  return succeeded(`${describeStanding(before)}, as before`, end.output)
}

function runPayloadProgram(task: InstallTask, program: string, timeoutSeconds: number): Promise<ProgramEnd> {
  const payload = payloadFolder(task)
  return runProgram({
    program: join(payload, program),
    words: [],
    variables: { PATCHMESH_ROOT: task.root, PATCHMESH_PAYLOAD: payload },
    workingFolder: payload,
    scratch: task.scratch,
    timeoutSeconds,
  })
}

/** Null when the program ended well. */
function failureOf(which: 'install' | 'health' | 'revert', end: ProgramEnd): Outcome | null {
  if (end.how === 'exited' && end.status === 0) return null
  const reason = `the ${which} program ${describeEnd(end)}`
  const passing = end.how === 'exited' && end.status === TEMPORARY_FAILURE
  return passing ? failedForNow(reason, end.output) : failed(reason, end.output)
}

/** The folder has its name only once the whole bundle in it is proven. */
async function unpackAfresh(task: InstallTask): Promise<void> {
  const payload = payloadFolder(task)
  const unproven = `${payload}.unproven`
  const copy = await stageCopy(task)
  if (isRefusal(copy)) throw new Error(copy.message)
  await removeTree(payload)
  await removeTree(unproven)
  await mkdir(unproven, { mode: 0o700 })
  try {
    await unpackPayload(createReadStream(copy), unproven)
  } catch (error) {
    if (error instanceof RefusedError) throw new Error('the bundle could not be unpacked', { cause: error })
    throw error
  }
  await rename(unproven, payload)
  await rm(copy)
}

async function unpackIfNeeded(task: InstallTask): Promise<void> {
  if (!(await exists(payloadFolder(task)))) await unpackAfresh(task)
}

function payloadFolder({ scratch }: InstallTask): string {
  return join(scratch, 'payload')
}
