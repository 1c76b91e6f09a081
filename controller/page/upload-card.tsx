/**
 * Browse and Upload, for several files at once, and the uploads that were interrupted. The browser sends each chosen file
 * as it is; upload.js makes one row for each from the template. Without scripts it is an ordinary form with the browser's
 * own file field, and an upload that is cut begins anew.
 */
import type { UploadState } from '../shell/intake/unfinished-upload.ts'
import { Card } from './layout.tsx'
import { Moment } from './moments.tsx'
import { elementId, SYSTEM_PATCHES, size } from './words.ts'

export const UploadCard = ({ unfinished }: { unfinished: UploadState[] }) => (
  <Card id="upload" title="Upload patches">
    <form
      id="upload-form"
      class="pm-upload"
      method="post"
      action={SYSTEM_PATCHES}
      enctype="multipart/form-data"
      data-operation="beginUpload showUpload continueUpload"
    >
      <div class="pm-row pm-drop" id="upload-drop">
        <input
          class="pm-file"
          type="file"
          id="upload-file"
          name="file"
          multiple
          aria-describedby="accepted-types"
          aria-label="Patch file"
        />
        <label class="pf-v6-c-button pf-m-secondary pm-needs-script" for="upload-file">
          Browse
        </label>
        <output class="pm-file-name pm-needs-script" id="upload-name" for="upload-file">
          No file chosen
        </output>
        <button class="pf-v6-c-button pf-m-primary" type="submit" id="upload-button">
          Upload
        </button>
      </div>
      <p class="pm-quiet" id="accepted-types">
        <span class="pm-needs-script">Or drop files here. </span>Accepted: a patch bundle (
        <code>NAME-VERSION.patch</code>) or a Debian package (<code>.deb</code>). A file is checked while it arrives; a
        wrong one leaves nothing behind.
      </p>
      <ul class="pm-uploads" id="upload-queue" role="list" aria-label="Uploads" />
      <div id="upload-outcome" role="alert" />
    </form>
    <template id="upload-row">
      <UploadRow />
    </template>
    <div data-live="unfinished" id="unfinished" data-operation="listUploads">
      <Interrupted uploads={unfinished.filter(({ sending }) => !sending)} />
    </div>
  </Card>
)

/** What a screen reader is told as it changes is the state; the numbers beside the bar change too often for that. */
const UploadRow = () => (
  <li class="pm-upload-row">
    <span class="pm-row pm-spread">
      <strong class="pm-name" data-part="name" />
      <span class="pm-row">
        <span class="pm-quiet pm-number" data-part="numbers" />
        <button class="pf-v6-c-button pf-m-link pf-m-inline" type="button" data-part="stop">
          Remove
        </button>
      </span>
    </span>
    <progress data-part="bar" max="100" value="0" hidden />
    <span class="pm-quiet" data-part="status" role="status" />
    <div data-part="outcome" role="alert" />
  </li>
)

const Interrupted = ({ uploads }: { uploads: UploadState[] }) => (
  <>
    {uploads.length > 0 && (
      <section aria-labelledby="interrupted-title" class="pm-interrupted">
        <h3 class="pf-v6-c-title pf-m-md" id="interrupted-title">
          Interrupted uploads
        </h3>
        <p class="pm-quiet pm-needs-script">
          Choose the same file with Browse and press Upload: it goes on where it stands.
        </p>
        <ul class="pm-uploads" role="list">
          {uploads.map((upload) => (
            <InterruptedUpload upload={upload} />
          ))}
        </ul>
      </section>
    )}
  </>
)

const InterruptedUpload = ({ upload: { id, filename, bytes, offset, expiresAt } }: { upload: UploadState }) => {
  const until = new Date(expiresAt).toISOString()
  return (
    <li class="pm-upload-row" id={elementId('interrupted', id)} data-upload={id}>
      <span class="pm-row pm-spread">
        <strong class="pm-name">{filename}</strong>
        <span class="pm-row">
          <span class="pm-quiet pm-number">
            {size(offset)} of {size(bytes)}, kept until <Moment at={until} />
          </span>
          <form method="post" action={`${SYSTEM_PATCHES}/discard-upload`} data-operation="abandonUpload">
            <input type="hidden" name="upload" value={id} />
            <button class="pf-v6-c-button pf-m-link pf-m-inline" type="submit">
              Discard
            </button>
          </form>
        </span>
      </span>
      <progress max={bytes} value={offset} aria-label={`Arrived of ${filename}`} />
    </li>
  )
}
