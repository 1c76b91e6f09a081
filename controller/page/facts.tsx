/**
 * A term and what is to be said of it, in a description list; and a text that is copied whole, such as a hash.
 */
import type { Child } from 'hono/jsx'
import { CopyButton } from './copy-button.tsx'

export const Fact = ({ term, children }: { term: string; children?: Child }) => (
  <div class="pf-v6-c-description-list__group">
    <dt class="pf-v6-c-description-list__term">
      <span class="pf-v6-c-description-list__text">{term}</span>
    </dt>
    <dd class="pf-v6-c-description-list__description">
      <div class="pf-v6-c-description-list__text">{children}</div>
    </dd>
  </div>
)

export const Copyable = ({ id, text, what }: { id: string; text: string; what: string }) => (
  <span class="pm-row">
    <code class="pm-digest" id={id}>
      {text}
    </code>
    <CopyButton copies={id} what={what} />
  </span>
)
