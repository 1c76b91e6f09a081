/**
 * A secret that was just made, on the answer to the form that made it and on no other page.
 */
import { CopyButton } from './copy-button.tsx'
import { Alert, Card } from './layout.tsx'

export type Secret = { title: string; text: string; what: string }

export const SecretCard = ({ title, text, what }: Secret) => (
  <Card id="made" title={title}>
    <div class="pm-form">
      <div role="status">
        <Alert tone="warning" title="This is shown once. Copy it now." />
      </div>
      <div class="pm-row">
        <output class="pm-secret" id="secret">
          {text}
        </output>
        <CopyButton copies="secret" what={what} />
      </div>
    </div>
  </Card>
)
