/**
 * Fields of forms that work without scripts: a label, a field, and a sentence that helps.
 */
import type { Child } from 'hono/jsx'

type Named = { id: string; label: string; name: string }

export const TextField = (
  props: Named & { value?: string; help?: string; required?: boolean; type?: 'text' | 'search' },
) => (
  <div class="pm-field">
    <FieldLabel {...props} />
    <span class="pf-v6-c-form-control">
      <input
        type={props.type ?? 'text'}
        id={props.id}
        name={props.name}
        value={props.value ?? ''}
        maxlength={100}
        autocomplete="off"
        required={props.required ?? false}
        {...(props.help === undefined ? {} : { 'aria-describedby': `${props.id}-help` })}
      />
    </span>
    {props.help !== undefined && (
      <p class="pm-quiet" id={`${props.id}-help`}>
        {props.help}
      </p>
    )}
  </div>
)

export type Choice = { value: string; text: string }

export const SelectField = (props: Named & { value: string; choices: readonly Choice[] }) => (
  <div class="pm-field">
    <FieldLabel {...props} />
    <span class="pf-v6-c-form-control">
      <select id={props.id} name={props.name}>
        {props.choices.map(({ value, text }) => (
          <option value={value} selected={value === props.value}>
            {text}
          </option>
        ))}
      </select>
      <span class="pf-v6-c-form-control__utilities">
        <span class="pf-v6-c-form-control__toggle-icon" aria-hidden="true">
          ▾
        </span>
      </span>
    </span>
  </div>
)

export const FieldLabel = ({ id, label }: Pick<Named, 'id' | 'label'>) => (
  <label class="pf-v6-c-form__label" for={id}>
    <span class="pf-v6-c-form__label-text">{label}</span>
  </label>
)

/** A form that is sent once, however often its button is pressed. */
export const ActionForm = (props: {
  action: string
  /** Of the API, which does the same. */
  operation: string
  button: string
  danger?: boolean
  children?: Child
  files?: boolean
}) => (
  <form
    class="pm-form"
    method="post"
    action={props.action}
    data-operation={props.operation}
    data-once
    {...(props.files === true ? { enctype: 'multipart/form-data' } : {})}
  >
    {props.children}
    <div class="pm-row">
      <button class={`pf-v6-c-button ${props.danger === true ? 'pf-m-danger' : 'pf-m-primary'}`} type="submit">
        {props.button}
      </button>
    </div>
  </form>
)
