/**
 * Whether the trail is as it was written: its head, what came of the last check, and a form that checks it now, which
 * needs no script. A break is told above everything else.
 */
import type { TrailVerification } from '../core/access-views.ts'
import { Copyable, Fact } from './facts.tsx'
import { TextField } from './form-fields.tsx'
import { Label } from './labels.tsx'
import { Alert, Card } from './layout.tsx'
import { Moment } from './moments.tsx'
import { counted, sentence, TRAIL } from './words.ts'

export type TrailChain = {
  /** Of the newest entry; null where there is none. */
  head: string | null
  /** The newest check; null until the first one is done. */
  checked: TrailVerification | null
}

export const BrokenTrail = ({ checked }: TrailChain) =>
  checked?.brokenAt != null && (
    <section class="pf-v6-c-page__main-section" aria-label="The trail is broken">
      <div class="pf-v6-c-page__main-body" role="alert" id="broken">
        <Alert tone="danger" title={`The trail is broken at entry ${checked.brokenAt.position}.`}>
          {sentence(checked.brokenAt.reason)} Keep the database for examination and look who can write to its folder.
        </Alert>
      </div>
    </section>
  )

export const TrailChainCard = ({ head, checked }: TrailChain) => (
  <Card id="chain" title="Chain">
    <div class="pm-stack">
      <dl class="pf-v6-c-description-list">
        <Fact term="Last check">{checked === null ? 'Not checked since the start.' : <Checked {...checked} />}</Fact>
        <Fact term="Head">
          {head === null ? 'There is no entry yet.' : <Copyable id="chain-head" text={head} what="head" />}
        </Fact>
      </dl>
      <p class="pm-quiet">
        Each entry carries a hash of itself and of the one before it. Note the head elsewhere from time to time: only
        that shows when all of the trail was written anew, or its end was cut off.
      </p>
      {checked?.noted != null && <Noted {...checked.noted} />}
      <form class="pm-row pm-ends" method="post" action={TRAIL} data-operation="verifyTrail">
        <TextField id="head" name="head" label="Head noted earlier" />
        <button class="pf-v6-c-button pf-m-secondary" type="submit">
          Check now
        </button>
      </form>
    </div>
  </Card>
)

const Checked = ({ intact, entries, checkedAt }: TrailVerification) => (
  <span class="pm-row">
    <Label tone={intact ? 'success' : 'danger'} text={intact ? 'intact' : 'broken'} />
    <span>
      {counted(entries, 'entry was', 'entries were')} there and looked at, <Moment at={checkedAt} />
    </span>
  </span>
)

const Noted = ({ head, position }: NonNullable<TrailVerification['noted']>) => (
  <div role="status" id="noted">
    {position === null ? (
      <Alert tone="danger" title="The noted head is none of this trail.">
        <code class="pm-digest">{head}</code> is no entry's hash: the end was cut off, or all was written anew.
      </Alert>
    ) : (
      <Alert tone="success" title={`The noted head is that of entry ${position}.`}>
        Nothing up to there has been changed since it was noted.
      </Alert>
    )}
  </div>
)
