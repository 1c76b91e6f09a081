/**
 * How every command ends: the one list of exit statuses, which the help, the manual pages and the guide show. 0, 1 and 2 are
 * what scripts have always been told. What is a failure for reasons worth telling apart is told apart only where a script
 * says that it knows them; how something ended that was waited for is told always, for nobody waited before.
 */
export const EXIT = {
  done: 0,
  failed: 1,
  usage: 2,
  notFound: 3,
  notPermitted: 4,
  unreachable: 5,
  timedOut: 6,
  halted: 7,
  cancelled: 8,
  attention: 9,
} as const
export type ExitStatus = (typeof EXIT)[keyof typeof EXIT]

/** Set to `detailed` it turns 1 into one of `DETAILED`, where that fits. */
export const DETAILED_VARIABLE = 'PATCHMESH_EXIT_STATUS'
const DETAILED: ReadonlySet<ExitStatus> = new Set([EXIT.notFound, EXIT.notPermitted, EXIT.unreachable])

const EXIT_MEANINGS: Readonly<Record<keyof typeof EXIT, string>> = {
  done: 'done',
  failed: 'refused or failed; one line on standard error says why and what to do',
  usage: 'wrong usage',
  notFound: 'what was named is not there',
  notPermitted: 'nobody is signed in with that token, or it may not do this',
  unreachable: 'the Service Center cannot be reached',
  timedOut: 'the time of --timeout is over; what was waited for goes on',
  halted: 'what was waited for has ended without success: it has halted, or not all have it',
  cancelled: 'what was waited for was cancelled, withdrawn or revoked',
  attention: 'doctor: nothing is broken, something needs attention soon',
}

export const DETAILED_NOTE = `3, 4 and 5 are told where ${DETAILED_VARIABLE}=detailed is set; they are 1 elsewhere.`

/** Each status with its meaning, in order. */
export function exitRows(): (readonly [status: number, meaning: string])[] {
  const names = Object.keys(EXIT) as (keyof typeof EXIT)[]
  return names.map((name) => [EXIT[name], EXIT_MEANINGS[name]])
}

/** The list in a help text. */
export function exitLines(): string[] {
  return [...exitRows().map(([status, meaning]) => `${status}  ${meaning}`), DETAILED_NOTE]
}

/** What the process ends with. */
export function toldStatus(status: ExitStatus, environment: NodeJS.ProcessEnv = process.env): ExitStatus {
  return DETAILED.has(status) && environment[DETAILED_VARIABLE] !== 'detailed' ? EXIT.failed : status
}

/** Of a refusal with this status of HTTP. */
export function refusedStatus(httpStatus: number): ExitStatus {
  if (httpStatus === 404) return EXIT.notFound
  return httpStatus === 401 || httpStatus === 403 ? EXIT.notPermitted : EXIT.failed
}
