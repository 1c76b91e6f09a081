/**
 * What may be chosen beyond whom an install is for: other patches that go first, and how long each wave stands. Nothing of
 * it need be looked at. The plan is shown anew with what was chosen, and only then can that be agreed to.
 */
import { WAVE_SOAK_SECONDS } from '../core/rollout/standing.ts'
import { CheckField, SelectField, TextField } from './form-fields.tsx'
import { elementId, patchTitle, SYSTEM_PATCHES } from './words.ts'

/** A patch by what people call it. */
export type NamedPatch = {
  readonly id: string
  readonly name: string
  readonly version: string
  readonly architecture: string | null
}

type PlanChoiceProps = {
  patch: NamedPatch
  /** These go before it. */
  first: readonly NamedPatch[]
  /** These might. */
  others: readonly NamedPatch[]
  waveSoakMinutes: number
}

export const PlanChoice = ({ patch, first, others, waveSoakMinutes }: PlanChoiceProps) => (
  <details class="pm-change" id="plan-choice" open={first.length > 0 || waveSoakMinutes > 0}>
    <summary>Other patches first, and time between waves</summary>
    <div class="pm-plan-choice">
      {first.length > 0 && (
        <fieldset class="pm-first">
          <legend class="pf-v6-c-form__label-text">These go first, in this order</legend>
          {first.map((one) => (
            <CheckField
              {...{
                id: elementId('first', one.id),
                name: 'first',
                value: one.id,
                label: patchTitle(one),
                checked: true,
              }}
            />
          ))}
        </fieldset>
      )}
      {others.length > 0 && (
        <SelectField
          {...{ id: 'plan-add', name: 'add', label: `Goes ${first.length > 0 ? 'next' : 'first'}`, value: '' }}
          choices={[
            { value: '', text: first.length > 0 ? 'No other patch' : 'No patch' },
            ...others.map((one) => ({ value: one.id, text: patchTitle(one) })),
          ]}
          help="In the same interruption of each pair, before this patch. These are here, and an appliance that you chose lacks them."
        />
      )}
      <TextField
        id="wave-soak"
        name="waveSoakMinutes"
        label="Minutes that each wave stands before the next begins"
        type="number"
        min="0"
        max={String(WAVE_SOAK_SECONDS.atMost / 60)}
        step="1"
        value={String(waveSoakMinutes)}
        help="At their end all that have the patch must be heard and have it still. With 0 the next wave begins when one has the patch."
      />
      <button
        class="pf-v6-c-button pf-m-secondary"
        type="submit"
        id="plan-anew"
        formmethod="get"
        formaction={`${SYSTEM_PATCHES}/${patch.id}/install`}
      >
        Show the plan with these
      </button>
    </div>
  </details>
)
