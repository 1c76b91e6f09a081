/**
 * A field of a form with its label and, where it needs one, a sentence of help. Its name in the form is its id.
 */
type Field = {
  id: string
  label: string
  type?: 'text' | 'password'
  value?: string
  autocomplete?: string
  help?: string
  isOptional?: boolean
}

export const TextField = ({ id, label, type = 'text', value = '', autocomplete = 'off', help, isOptional }: Field) => (
  <div class="pm-field">
    <label class="pf-v6-c-form__label" for={id}>
      <span class="pf-v6-c-form__label-text">{label}</span>
    </label>
    <span class="pf-v6-c-form-control">
      <input
        type={type}
        id={id}
        name={id}
        value={value}
        autocomplete={autocomplete}
        required={isOptional !== true}
        maxlength={200}
        {...(help === undefined ? {} : { 'aria-describedby': `${id}-help` })}
      />
    </span>
    {help !== undefined && (
      <p class="pm-quiet" id={`${id}-help`}>
        {help}
      </p>
    )}
  </div>
)
