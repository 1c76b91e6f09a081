/**
 * The buttons that open and close a dialog. The browser does it by itself (`command`), so they need no script.
 */
import type { Child } from 'hono/jsx'

type OpenButtonProps = { dialog: string; text: string; primary?: boolean }

export const OpenButton = ({ dialog, text, primary = false }: OpenButtonProps) => (
  <button
    class={`pf-v6-c-button ${primary ? 'pf-m-primary' : 'pf-m-secondary'}`}
    type="button"
    command="show-modal"
    commandfor={dialog}
  >
    {text}
  </button>
)

export const CloseButton = ({ dialog, text }: { dialog: string; text: string }) => (
  <button class="pf-v6-c-button pf-m-link" type="button" command="close" commandfor={dialog}>
    {text}
  </button>
)

type FormDialogProps = {
  id: string
  title: string
  /** Where the form is sent, and the operation of the API that it asks for. */
  action: string
  operation: string
  button: string
  danger?: boolean
  /** Says that nothing shall be done. */
  keep?: string
  children?: Child
}

/** A form that is asked for with a button of the page. */
export const FormDialog = (props: FormDialogProps) => (
  <dialog class="pm-dialog" id={props.id} aria-labelledby={`${props.id}-title`}>
    <form method="post" action={props.action} data-operation={props.operation}>
      <h2 class="pf-v6-c-title pf-m-xl" id={`${props.id}-title`}>
        {props.title}
      </h2>
      {props.children}
      <div role="alert" />
      <div class="pm-row pm-buttons">
        <button class={`pf-v6-c-button ${props.danger === true ? 'pf-m-danger' : 'pf-m-primary'}`} type="submit">
          {props.button}
        </button>
        <CloseButton dialog={props.id} text={props.keep ?? 'Cancel'} />
      </div>
    </form>
  </dialog>
)
