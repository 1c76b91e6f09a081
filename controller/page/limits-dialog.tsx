/**
 * The form in which limits are changed: of the place whose Change was pressed. A field that is left empty is no limit.
 */
const RATE = { type: 'number', min: '0.064', max: '1000000', step: 'any', inputmode: 'decimal' } as const

export const LimitsDialog = () => (
  <dialog class="pm-dialog" id="limits-dialog" aria-labelledby="limits-title">
    <form id="limits-form">
      <h2 class="pf-v6-c-title pf-m-xl" id="limits-title">
        Limits
      </h2>
      <RateField id="limits-down" label="Down, in Mbit/s" help="What the Data Center takes from outside." />
      <RateField id="limits-up" label="Up, in Mbit/s" help="What is sent from here to others." />
      <div class="pm-field">
        <label class="pf-v6-c-form__label" for="limits-quiet">
          <span class="pf-v6-c-form__label-text">Quiet hours, in UTC</span>
        </label>
        <span class="pf-v6-c-form-control">
          <input type="text" id="limits-quiet" autocomplete="off" aria-describedby="limits-quiet-help" />
        </span>
        <p class="pm-quiet" id="limits-quiet-help">
          In which nothing is transferred, such as 08:00-12:00, 22:00-06:00. Empty for none.
        </p>
      </div>
      <div class="pf-v6-c-check" id="limits-trades-field">
        <input class="pf-v6-c-check__input" type="checkbox" id="limits-trades" />
        <label class="pf-v6-c-check__label" for="limits-trades">
          Its appliances may trade pieces with other Data Centers
        </label>
      </div>
      <div id="limits-outcome" role="alert" />
      <div class="pm-row pm-buttons">
        <button class="pf-v6-c-button pf-m-primary" type="submit">
          Save
        </button>
        <button class="pf-v6-c-button pf-m-link" type="button" data-closes="limits-dialog">
          Cancel
        </button>
      </div>
    </form>
  </dialog>
)

const RateField = ({ id, label, help }: { id: string; label: string; help: string }) => (
  <div class="pm-field" id={`${id}-field`}>
    <label class="pf-v6-c-form__label" for={id}>
      <span class="pf-v6-c-form__label-text">{label}</span>
    </label>
    <span class="pf-v6-c-form-control">
      <input {...RATE} id={id} autocomplete="off" aria-describedby={`${id}-help`} />
    </span>
    <p class="pm-quiet" id={`${id}-help`}>
      {help} Empty for no limit.
    </p>
  </div>
)
