/**
 * Says what a patch is for, and how many days each severity leaves. Nothing begins or ends by it: clocks are read anew.
 */
import { isRefusal, type Refusal, refuse } from '../../../protocol/refusals.ts'
import type { Command } from '../effects.ts'
import { title } from '../patch-identity.ts'
import { type Decision, livePatch } from '../publishing.ts'
import type { ServiceCenterState } from '../state.ts'
import { type Advisory, advisoryOf, daysFor } from './advisory.ts'

type SetAdvisory = Extract<Command, { kind: 'set-advisory' }>
type SetDueDays = Extract<Command, { kind: 'set-due-days' }>

export function changeExposure(state: ServiceCenterState, command: SetAdvisory | SetDueDays): Decision {
  return command.kind === 'set-advisory' ? setAdvisory(state, command) : setDueDays(state, command)
}

function setAdvisory(state: ServiceCenterState, { actor, advisory }: SetAdvisory): Decision {
  const patch = livePatch(state, advisory.patch)
  if (isRefusal(patch)) return { reply: patch, changes: [] }
  const wrong = judgeAdvisory(state, advisory)
  if (wrong !== null) return { reply: wrong, changes: [] }
  const reply = { kind: 'advisory-set', patch: advisory.patch } as const
  if (JSON.stringify(advisory) === JSON.stringify(advisoryOf(state, advisory.patch))) return { reply, changes: [] }
  const row = { at: state.clock.wallMs, actor, action: 'set-advisory', subject: title(patch), outcome: said(advisory) }
  return {
    reply,
    changes: [
      { table: 'advisories', row: advisory },
      { table: 'audit', row },
    ],
  }
}

/** A clock that begins in the future would show nobody as exposed who is. */
export function judgeAdvisory(
  { clock }: ServiceCenterState,
  { publishedAt, dueAt }: Omit<Advisory, 'patch'>,
): Refusal | null {
  if (publishedAt !== null && publishedAt > clock.wallMs)
    return refuse('bad_field', `the advisory is of ${iso(publishedAt)}, which has not come yet`)
  if (publishedAt !== null && dueAt !== null && dueAt < publishedAt)
    return refuse('bad_field', `it would be due ${iso(dueAt)}, before its advisory of ${iso(publishedAt)}`)
  return null
}

function setDueDays(state: ServiceCenterState, { actor, dueDays }: SetDueDays): Decision {
  const changed = dueDays.filter(({ severity, days }) => daysFor(state, severity) !== days)
  const { wallMs: at } = state.clock
  return {
    reply: { kind: 'due-days-set' },
    changes: changed.flatMap(({ severity, days }) => [
      { table: 'dueDays', row: { severity, days } },
      {
        table: 'audit',
        row: {
          ...{ at, actor, action: 'set-due-days', subject: severity },
          outcome: days === null ? 'no due date' : `due after ${days} ${days === 1 ? 'day' : 'days'}`,
        },
      },
    ]),
  }
}

/** `critical, DSA-5941-1, published 2026-11-01T00:00:00.000Z, due after its severity`. */
function said({ severity, reference, publishedAt, dueAt }: Advisory): string {
  return [
    severity ?? 'no severity',
    ...(reference === '' ? [] : [reference]),
    publishedAt === null ? 'no advisory date' : `published ${iso(publishedAt)}`,
    dueAt === null ? 'due by its severity' : `due ${iso(dueAt)}`,
  ].join(', ')
}

function iso(wallMs: number): string {
  return new Date(wallMs).toISOString()
}
