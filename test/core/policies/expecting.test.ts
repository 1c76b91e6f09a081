/**
 * How long an install takes on one appliance, as tables: by what the patch took elsewhere or its estimate, and by what came
 * before and after earlier patches there, on others of the kind, or as it is allowed.
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { ApplianceRecord, PatchRecord, TargetRecord } from '../../../controller/core/records.ts'
import { ALLOWED_SECONDS } from '../../../controller/core/rollout/earlier-times.ts'
import { type ExpectedOn, expectInstall, expectTogether } from '../../../controller/core/rollout/expecting.ts'
import { type PhaseTimes, spentIn, withPhase } from '../../../controller/core/rollout/phase-times.ts'
import { apply, emptyState, type ServiceCenterState } from '../../../controller/core/state.ts'
import type { InstallId } from '../../../protocol/identifiers.ts'
import { seededRandom } from '../../../protocol/random.ts'
import { signingKeyFromSeed } from '../../../protocol/trust/envelope.ts'
import { symbolicPatch } from '../../../simulator/world/symbolic-patch.ts'
import { appliance, install, NOON, target } from './rollout-facts.ts'

const ESTIMATE = 5
const ALLOWED = ALLOWED_SECONDS.before + ALLOWED_SECONDS.after
const acme = [1, 2, 3, 4].map((number) => appliance(`acme-${number}`, { organization: 'Acme' }))
const globex = appliance('globex', { organization: 'Globex' })
const firewall = appliance('firewall', { kind: 'firewall' })
const [first] = acme as [ApplianceRecord]

type Restart = 'none' | 'service' | 'reboot'
type Earlier = {
  readonly on: readonly ApplianceRecord[]
  /** From one state to the next, in seconds: preflight, installing, verifying, installed. */
  readonly took: readonly [number, number, number]
  readonly patch?: PatchRecord
  readonly changed?: Partial<TargetRecord>
  readonly continued?: true
}

function patchWith(restart: Restart, name: string, soakSeconds = 0): PatchRecord {
  const { publication } = symbolicPatch({ name, restart, soakSeconds })
  return { sha256: publication.sha256, publication } as PatchRecord
}

function timesOf([before, change, after]: Earlier['took']): PhaseTimes {
  const at = (seconds: number) => NOON + seconds * 1000
  const [installing, verifying, installed] = [at(before), at(before + change), at(before + change + after)]
  return { preflight: NOON, installing, verifying, installed }
}

function after(earlier: readonly Earlier[]): ServiceCenterState {
  const signing = signingKeyFromSeed(new Uint8Array(32))
  const state = emptyState({ mesh: signing.peer, signing }, seededRandom(1))
  for (const row of [...acme, globex, firewall]) state.appliances.set(row.peer, row)
  for (const [
    index,
    { on, took, patch = patchWith('service', `other-${index}`), changed, continued },
  ] of earlier.entries()) {
    state.patches.set(patch.sha256, patch)
    const id = `install ${index}` as InstallId
    apply(state, { table: 'installs', row: { ...install, id, patch: patch.sha256, startedAt: NOON + index } })
    if (continued === true) state.continuedBy.set(id, 'the next' as InstallId)
    for (const one of on) {
      const ended = { state: 'installed', phaseTimes: timesOf(took) } as const
      apply(state, { table: 'targets', row: { ...target(one, { ...ended, ...changed }), install: id } })
    }
  }
  return state
}

const said = ({ seconds, interruptedSeconds, aroundSeconds, basis }: ExpectedOn): string =>
  `${seconds} s, ${aroundSeconds} around it by ${basis}, interrupted ${interruptedSeconds}`

describe('what an install is expected to take on an appliance', () => {
  const plain = patchWith('service', 'plain')
  const soaking = patchWith('service', 'soaking', 100)
  const rebooting = patchWith('reboot', 'rebooting')
  const harmless = patchWith('none', 'harmless')
  const rows: [title: string, earlier: Earlier[], patch: PatchRecord, on: ApplianceRecord, expected: string][] = [
    [
      'of which nothing was measured: the estimate, and an allowance',
      [],
      plain,
      first,
      `${ESTIMATE + ALLOWED} s, ${ALLOWED} around it by allowance, interrupted ${ESTIMATE + ALLOWED_SECONDS.after}`,
    ],
    [
      'on which another patch was installed: the checks and hooks that it has, and not how long that patch took',
      [{ on: [first], took: [70, 1000, 30] }],
      plain,
      first,
      `${ESTIMATE + 100} s, 100 around it by appliance, interrupted ${ESTIMATE + 30}`,
    ],
    [
      'the middle of what was measured there last, five at most',
      [
        ...[500, 500, 500].map((seconds) => ({ on: [first], took: [seconds, 1, 1] }) as Earlier),
        ...[10, 20, 30, 40, 600].map((seconds) => ({ on: [first], took: [seconds, 1, 1] }) as Earlier),
      ],
      plain,
      first,
      `${ESTIMATE + 31} s, 31 around it by appliance, interrupted ${ESTIMATE + 1}`,
    ],
    [
      'what is measured on others of its kind in its organization before that of others',
      [
        { on: [globex], took: [900, 1, 1] },
        { on: acme.slice(1), took: [60, 1, 20] },
      ],
      plain,
      first,
      `${ESTIMATE + 80} s, 80 around it by kind, interrupted ${ESTIMATE + 20}`,
    ],
    [
      'what is measured on others of its kind elsewhere, where nothing was in its organization',
      [{ on: [globex], took: [60, 1, 20] }],
      plain,
      first,
      `${ESTIMATE + 80} s, 80 around it by kind, interrupted ${ESTIMATE + 20}`,
    ],
    [
      'nothing of another kind',
      [{ on: [firewall], took: [900, 1, 900] }],
      plain,
      first,
      `${ESTIMATE + ALLOWED} s, ${ALLOWED} around it by allowance, interrupted ${ESTIMATE + ALLOWED_SECONDS.after}`,
    ],
    [
      'the soak of an earlier patch is not counted, its own is',
      [{ on: [first], took: [10, 1, 120], patch: patchWith('service', 'soaked', 100) }],
      soaking,
      first,
      `${ESTIMATE + 100 + 30} s, 30 around it by appliance, interrupted ${ESTIMATE + 100 + 20}`,
    ],
    ...(['none', 'reboot'] as const).map((restart): (typeof rows)[number] => [
      `an earlier patch with restart ${restart} says nothing of a switchover`,
      [{ on: [first], took: [300, 1, 300], patch: patchWith(restart, `with-${restart}`) }],
      plain,
      first,
      `${ESTIMATE + ALLOWED} s, ${ALLOWED} around it by allowance, interrupted ${ESTIMATE + ALLOWED_SECONDS.after}`,
    ]),
    [
      'nothing that failed, or of which not all was told',
      [
        { on: [first], took: [300, 1, 300], changed: { state: 'reverted' } },
        { on: [first], took: [300, 1, 300], changed: { phaseTimes: { preflight: NOON, installed: NOON + 1 } } },
      ],
      plain,
      first,
      `${ESTIMATE + ALLOWED} s, ${ALLOWED} around it by allowance, interrupted ${ESTIMATE + ALLOWED_SECONDS.after}`,
    ],
    [
      'nothing of an install that others went on from: its second member waits there for the first',
      [{ on: [first], took: [300, 1, 300], continued: true }],
      plain,
      first,
      `${ESTIMATE + ALLOWED} s, ${ALLOWED} around it by allowance, interrupted ${ESTIMATE + ALLOWED_SECONDS.after}`,
    ],
    [
      'a patch that interrupts nothing is measured by such patches, and leaves nobody without a stand-in',
      [{ on: [first], took: [4, 1, 6], patch: patchWith('none', 'quiet') }],
      harmless,
      first,
      `${ESTIMATE + 10} s, 10 around it by appliance, interrupted 0`,
    ],
    [
      'what the patch itself took on three, with the checks of this appliance',
      [
        { on: [first], took: [100, 1, 50] },
        { on: acme.slice(1), took: [3, 40, 102], patch: soaking },
      ],
      soaking,
      first,
      '290 s, 150 around it by appliance, interrupted 190',
    ],
    [
      'a restart of the machine is measured with what comes after it',
      [
        { on: [first], took: [100, 1, 50] },
        { on: acme.slice(1), took: [3, 40, 200], patch: rebooting },
      ],
      rebooting,
      first,
      '340 s, 100 around it by appliance, interrupted 240',
    ],
    [
      'two that have the patch are too few',
      [{ on: acme.slice(2), took: [3, 40, 2], patch: rebooting }],
      rebooting,
      globex,
      `${ESTIMATE + ALLOWED} s, ${ALLOWED} around it by allowance, interrupted ${ESTIMATE + ALLOWED_SECONDS.after}`,
    ],
  ]
  for (const [title, earlier, patch, on, expected] of rows)
    test(title, () => assert.equal(said(expectInstall(after(earlier), patch).on(on)), expected))

  test('of patches that go together is all of them, by the weakest of what it rests on', () => {
    const state = after([{ on: [first], took: [70, 1, 30] }])
    const together = expectTogether(state, [plain, harmless])
    assert.equal(
      said(together.on(first)),
      `${2 * ESTIMATE + 100 + ALLOWED} s, ${100 + ALLOWED} around it by allowance, interrupted ${ESTIMATE + 30}`,
    )
    assert.equal(together.measuredOn, 0)
  })
})

describe('the times of phases', () => {
  test('are those of the first report of each, whatever comes again', () => {
    const reports = (['preflight', 'installing', 'preflight', 'installing', 'verifying', 'installed'] as const).map(
      (state, index) => ({ state, reportedAt: NOON + index }),
    )
    const times = reports.reduce<PhaseTimes>(withPhase, {})
    assert.deepEqual(times, { preflight: NOON, installing: NOON + 1, verifying: NOON + 4, installed: NOON + 5 })
  })

  test('a clock that was set back makes no time less than none', () => {
    const spent = spentIn({ preflight: NOON, installing: NOON - 9, verifying: NOON - 8, installed: NOON - 20 })
    assert.deepEqual(spent, { allMs: 0, beforeMs: 0, changedMs: 0, afterMs: 0 })
  })

  test('the copy before counts to all of it', () => {
    const spent = spentIn({ staging: NOON - 60_000, ...timesOf([1, 2, 3]) })
    assert.deepEqual(spent, { allMs: 66_000, beforeMs: 1000, changedMs: 5000, afterMs: 3000 })
  })
})
