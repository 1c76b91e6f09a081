/**
 * A button that asks before it does what cannot be undone: it opens the question, and the button below does it.
 */
type QuestionProps = {
  id: string
  /** What the button says, and what it is called where that alone is not clear. */
  button: string
  label: string
  question: string
  action: string
  operation: string
  /** What the button below says, where it is not the same again. */
  agree?: string
  /** The id of the place where a refusal is told, where the question itself may be drawn anew meanwhile. */
  outcome?: string
  /** Sent along with the answer. */
  fields?: Readonly<Record<string, string>>
  /** It can be taken back, so that the button warns of nothing. */
  isHarmless?: boolean
}

export const Question = ({ fields = {}, isHarmless = false, ...props }: QuestionProps) => {
  const { id, button, label, question, action, operation, agree, outcome } = props
  return (
    <details class="pm-question" id={id}>
      <summary class="pf-v6-c-button pf-m-secondary pf-m-small" aria-label={label}>
        {button}
      </summary>
      <form
        class="pm-question-form"
        method="post"
        action={action}
        data-operation={operation}
        {...(outcome === undefined ? {} : { 'data-outcome': outcome })}
      >
        <p>{question}</p>
        {outcome === undefined && <div role="alert" />}
        {Object.entries(fields).map(([name, value]) => (
          <input type="hidden" name={name} value={value} />
        ))}
        <button class={`pf-v6-c-button ${isHarmless ? 'pf-m-primary' : 'pf-m-danger'} pf-m-small`} type="submit">
          {agree ?? label}
        </button>
      </form>
    </details>
  )
}
