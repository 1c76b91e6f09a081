/**
 * The checks of an appliance's operator: what they say before an install, what they say after it, and what the difference
 * means. What was good before and is bad after is a failure of the install. What was bad before and still is bad is none,
 * and is told. A check that must pass before lets nothing begin while it is bad.
 */
import { z } from 'zod'
import type { CheckResult } from '../../events.ts'

export const MAX_CHECKS = 16
export const CheckName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9 ._-]{0,39}$/, 'must be 1 to 40 letters, digits, spaces, points, dashes or underscores')
export type CheckName = z.infer<typeof CheckName>

export type CheckSettings = {
  readonly name: CheckName
  /** Nothing begins while it is bad. */
  readonly mustPassBefore: boolean
  readonly timeoutSeconds: number
  /** How long after an install it may take to be good again, as a service that comes up. */
  readonly goodWithinSeconds: number
}

/** How long a check that must pass before is waited for. */
export const WAITED_BEFORE_MS = 10 * 60_000

type Results = readonly CheckResult[] | null

/** Why nothing may begin, or null. */
export function whyNotBegin(checks: readonly CheckSettings[], before: Results): string | null {
  const required = new Set(checks.filter(({ mustPassBefore }) => mustPassBefore).map(({ name }) => name))
  const bad = (before ?? []).filter(({ name, ok }) => !ok && required.has(name))
  return bad.length === 0 ? null : bad.map(({ name, reason }) => `the check ${name} is bad: ${reason}`).join('; ')
}

/** What the install has made worse, or null. A check of which nobody knows how it was before blames nothing. */
export function whyWorse(before: Results, after: Results): string | null {
  const worse = worseOf(before, after)
  if (worse.length === 0) return null
  return worse.map(({ name, reason }) => `the check ${name} was good before and is bad after: ${reason}`).join('; ')
}

/** How long what has become worse is waited for. */
export function waitedAfterMs(checks: readonly CheckSettings[], before: Results, after: Results): number {
  const names = new Set(worseOf(before, after).map(({ name }) => name))
  const waited = checks.filter(({ name }) => names.has(name)).map(({ goodWithinSeconds }) => goodWithinSeconds)
  return Math.max(0, ...waited) * 1000
}

function worseOf(before: Results, after: Results): CheckResult[] {
  return (after ?? []).filter(({ name, ok }) => !ok && said(before, name)?.ok === true)
}

/** The same after an install that made nothing worse, as a part of a sentence; empty where nothing was checked. */
export function differenceWords(before: Results, after: Results): string {
  if (after === null || after.length === 0) return ''
  const good = after.filter(({ ok }) => ok).length
  const bad = after.filter(({ ok }) => !ok)
  const words = bad.map(({ name, reason }) => {
    const was = said(before, name) === undefined ? 'was not asked before' : 'was bad before'
    return `the check ${name} ${was} and is bad after: ${reason}`
  })
  return [`${good} of ${after.length} checks are good`, ...words].join('; ')
}

/** Name, before, after and output of each, one after the other, for whoever wants to see them. */
export function checkLines(before: Results, after: Results): string {
  const names = new Set([...(before ?? []), ...(after ?? [])].map(({ name }) => name))
  const lines = [...names].map((name) => {
    const [was, is] = [said(before, name), said(after, name)]
    const output = (is ?? was)?.output.trimEnd() ?? ''
    const line = `check ${name}: before ${word(was)}; after ${word(is)}`
    return output === '' ? line : `${line}\n  ${output.replaceAll('\n', '\n  ')}`
  })
  return lines.join('\n')
}

function word(result: CheckResult | undefined): string {
  if (result === undefined) return 'not asked'
  return result.ok ? 'good' : `bad (${result.reason})`
}

function said(results: Results, wanted: CheckName): CheckResult | undefined {
  return results?.find(({ name }) => name === wanted)
}
