/**
 * Retention: how many versions are kept, and of each patch whether it stays and why. A number can be tried before it is set,
 * and all of its forms work without scripts.
 */
import { MAX_KEPT_VERSIONS, MAX_PIN_CHARACTERS } from '../core/retention/retention.ts'
import type { RetainedPatch, RetentionView } from '../core/retention/retention-views.ts'
import { ColumnHeads } from './column-heads.tsx'
import { ActionForm, TextField } from './form-fields.tsx'
import { Label } from './labels.tsx'
import { Alert, Card, Layout, PageHeader } from './layout.tsx'
import { Moment } from './moments.tsx'
import { Question } from './question.tsx'
import { IfMay, readerMay } from './reader.tsx'
import {
  APPLIANCES,
  counted,
  elementId,
  patchAddress,
  patchReference,
  patchTitle,
  RETENTION,
  retentionRule,
  sentence,
  size,
} from './words.ts'

export const RetentionPage = ({ view }: { view: RetentionView }) => {
  const { keepNewest, judgedBy, setAt, setBy, patches, keptBytes, leftOverBytes, holders } = view
  const isTried = judgedBy !== keepNewest
  return (
    <Layout title="Retention" current={RETENTION}>
      <PageHeader heading="Retention" trail={[{ name: 'Appliances', address: APPLIANCES }]} />
      <Card id="rule" title="How many versions are kept">
        <div class="pm-stack">
          <p data-operation="showRetention">
            {sentence(retentionRule(keepNewest))}
            {setAt !== null && (
              <span class="pm-quiet">
                {' '}
                Set <Moment at={setAt} /> by {setBy}.
              </span>
            )}
          </p>
          <p>
            Of the copies that the Service Center and each Service Provider appliance have, {counted(holders, 'disk')}{' '}
            in all, {size(keptBytes)} stay and {size(leftOverBytes)} are left over on each.
          </p>
          {isTried && (
            <Alert tone="info" title={`Tried, and not set: ${retentionRule(judgedBy)}.`}>
              The list shows what would go. <a href={RETENTION}>Show what is set</a>
            </Alert>
          )}
          <IfMay do="set-retention">
            <form class="pm-row" method="get" action={RETENTION}>
              <TextField
                id="try-keep"
                name="keepNewest"
                label="Try a number, or all"
                value={textOf(judgedBy)}
                maxlength={4}
              />
              <button type="submit" class="pf-v6-c-button pf-m-secondary">
                Show what would go
              </button>
            </form>
            <ActionForm action={RETENTION} operation="setRetention" button="Set">
              <TextField
                id="keep"
                name="keepNewest"
                label={`Newest versions of each name that are kept, 1 to ${MAX_KEPT_VERSIONS}, or all`}
                value={textOf(judgedBy)}
                maxlength={4}
              />
            </ActionForm>
            <p class="pm-quiet">
              What is left over is withdrawn at the next look, within an hour; the trail names each.
            </p>
          </IfMay>
        </div>
      </Card>
      <Card id="patches" title="Patches">
        <div id="retention-refusal" role="alert" />
        {patches.length === 0 ? (
          <Alert tone="info" title="There are no patches." />
        ) : (
          <PatchTable patches={patches} isTried={isTried} />
        )}
      </Card>
    </Layout>
  )
}

const HEADINGS = ['Patch', 'Size', 'Stays', 'Why', 'Actions']

const PatchTable = ({ patches, isTried }: { patches: RetainedPatch[]; isTried: boolean }) => (
  <table class="pf-v6-c-table pf-m-grid-lg pm-table" aria-label="Patches that stay, and those that are let go">
    <ColumnHeads headings={HEADINGS} />
    <tbody class="pf-v6-c-table__tbody">
      {patches.map((patch) => (
        <Row patch={patch} isTried={isTried} />
      ))}
    </tbody>
  </table>
)

const Row = ({ patch, isTried }: { patch: RetainedPatch; isTried: boolean }) => {
  const { stays, reasons, pin, bytes, uploadedAt } = patch
  const id = elementId('retained', patch.id)
  return (
    <tr class="pf-v6-c-table__tr" id={id}>
      <td class="pf-v6-c-table__td" data-label="Patch">
        <a href={patchAddress(patch)}>{patchTitle(patch)}</a>
        <div class="pm-quiet">
          uploaded <Moment at={uploadedAt} />
        </div>
      </td>
      <td class="pf-v6-c-table__td" data-label="Size">
        {size(bytes)}
      </td>
      <td class="pf-v6-c-table__td" data-label="Stays">
        {stays ? <Label tone="success" text="stays" /> : <Label tone="warning" text={isTried ? 'would go' : 'goes'} />}
      </td>
      <td class="pf-v6-c-table__td pm-reason" data-label="Why">
        {stays ? reasons.map((reason) => <div>{sentence(reason)}</div>) : 'Nothing needs it any more.'}
      </td>
      <td class="pf-v6-c-table__td" data-label="Actions">
        {readerMay('set-retention') &&
          (pin === null ? (
            <details id={`${id}-pin`}>
              <summary aria-label={`Pin ${patchReference(patch)}`}>Pin</summary>
              <ActionForm action={`${RETENTION}/pin`} operation="pinPatch" button="Pin">
                <input type="hidden" name="patch" value={patch.id} />
                <TextField
                  id={`${id}-reason`}
                  name="reason"
                  label={`Why ${patchReference(patch)} is kept`}
                  maxlength={MAX_PIN_CHARACTERS}
                />
              </ActionForm>
            </details>
          ) : (
            <Question
              id={`${id}-unpin`}
              button="Unpin"
              label={`Unpin ${patchReference(patch)}`}
              agree="Unpin it"
              question="It is kept no longer than any other from then on."
              action={`${RETENTION}/unpin`}
              operation="unpinPatch"
              outcome="retention-refusal"
              fields={{ patch: patch.id }}
            />
          ))}
      </td>
    </tr>
  )
}

function textOf(keepNewest: number | null): string {
  return keepNewest === null ? 'all' : String(keepNewest)
}
