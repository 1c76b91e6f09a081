/**
 * Fields of forms that work without scripts: a label, a field, and a sentence that helps.
 */
import type { Child } from 'hono/jsx'

type Named = { id: string; label: string; name: string }

type TextFieldProps = Named & {
  value?: string
  /** A sentence below it. */
  help?: string
  required?: boolean
  type?: 'text' | 'search' | 'password' | 'number' | 'date' | 'datetime-local'
  autocomplete?: string
  maxlength?: number
  /** Names a datalist of what is often meant. */
  list?: string
  min?: string
  max?: string
  step?: string
}

export const TextField = ({ id, label, name, help, value = '', type = 'text', ...others }: TextFieldProps) => (
  <div class="pm-field">
    <FieldLabel {...{ id, label }} />
    <span class="pf-v6-c-form-control">
      <input
        {...{ type, id, name, value, autocomplete: 'off', required: false, maxlength: 200, ...others }}
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

/** Its name in the form is its id. */
export const PasswordField = ({ id, ...others }: Pick<TextFieldProps, 'id' | 'label' | 'autocomplete' | 'help'>) => (
  <TextField {...{ id, name: id, type: 'password', required: true, ...others }} />
)

type TextAreaProps = Named & { value?: string; help: string; rows: number; required?: boolean }

export const TextArea = ({ id, label, help, value = '', ...others }: TextAreaProps) => (
  <div class="pm-field">
    <FieldLabel {...{ id, label }} />
    <span class="pf-v6-c-form-control pf-m-resize-vertical">
      <textarea {...{ id, ...others }} spellcheck={false} aria-describedby={`${id}-help`}>
        {value}
      </textarea>
    </span>
    <p class="pm-quiet" id={`${id}-help`}>
      {help}
    </p>
  </div>
)

type CheckFieldProps = Named & { checked?: boolean; value?: string; required?: boolean }

export const CheckField = ({ id, label, name, checked = false, value = 'yes', required = false }: CheckFieldProps) => (
  <div class="pf-v6-c-check">
    <input class="pf-v6-c-check__input" type="checkbox" {...{ id, name, value, checked, required }} />
    <label class="pf-v6-c-check__label" for={id}>
      {label}
    </label>
  </div>
)

export type Choice = { value: string; text: string }

type SelectFieldProps = Named & { value: string; choices: readonly Choice[]; help?: string }

export const SelectField = ({ id, label, help, ...choice }: SelectFieldProps) => (
  <div class="pm-field">
    <FieldLabel {...{ id, label }} />
    <DropDown id={id} {...choice} {...(help === undefined ? {} : { 'aria-describedby': `${id}-help` })} />
    {help !== undefined && (
      <p class="pm-quiet" id={`${id}-help`}>
        {help}
      </p>
    )}
  </div>
)

type DropDownProps = {
  choices: readonly Choice[]
  value?: string
  id?: string
  name?: string
  'aria-label'?: string
  'aria-describedby'?: string
  'data-usual'?: string
  /** The class of the frame around it. */
  frame?: string
  hidden?: boolean
}

/** Without a label of its own. */
export const DropDown = ({ choices, value: chosen, frame = '', hidden = false, ...select }: DropDownProps) => (
  <span class={`pf-v6-c-form-control ${frame}`} hidden={hidden}>
    <select {...select}>
      {choices.map(({ value, text }) => (
        <option value={value} selected={value === chosen}>
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
)

export const FieldLabel = ({ id, label }: Pick<Named, 'id' | 'label'>) => (
  <label class="pf-v6-c-form__label" for={id}>
    <span class="pf-v6-c-form__label-text">{label}</span>
  </label>
)

/** A form of a card. */
export const ActionForm = (props: {
  action: string
  /** Of the API, which does the same. */
  operation: string
  button: string
  danger?: boolean
  children?: Child
  files?: boolean
  /** The page to go back to without doing it. */
  cancel?: string
}) => (
  <form
    class="pm-form"
    method="post"
    action={props.action}
    data-operation={props.operation}
    {...(props.files === true ? { enctype: 'multipart/form-data' } : {})}
  >
    {props.children}
    <div role="alert" />
    <div class="pm-row">
      <button class={`pf-v6-c-button ${props.danger === true ? 'pf-m-danger' : 'pf-m-primary'}`} type="submit">
        {props.button}
      </button>
      {props.cancel !== undefined && (
        <a class="pf-v6-c-button pf-m-link" href={props.cancel}>
          Cancel
        </a>
      )}
    </div>
  </form>
)
