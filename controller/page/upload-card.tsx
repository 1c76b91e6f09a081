/**
 * Browse and Upload. The browser sends the chosen file as it is; actions.js fills in progress and outcome. Without
 * JavaScript nothing can be uploaded here, and the card says with what instead.
 */
import { Card } from './layout.tsx'

export const UploadCard = () => (
  <Card id="upload" title="Upload a patch">
    <form id="upload-form" class="pm-upload" data-operation="uploadPatch">
      <div class="pm-row">
        <input
          class="pf-v6-screen-reader"
          type="file"
          id="upload-file"
          name="file"
          aria-describedby="accepted-types"
          aria-label="Patch file"
        />
        <label class="pf-v6-c-button pf-m-secondary" for="upload-file">
          Browse
        </label>
        <output class="pm-file-name" id="upload-name" for="upload-file">
          No file chosen
        </output>
        <button class="pf-v6-c-button pf-m-primary" type="submit" id="upload-button">
          Upload
        </button>
        <button class="pf-v6-c-button pf-m-link" type="button" id="upload-stop" hidden>
          Stop
        </button>
      </div>
      <p class="pm-quiet" id="accepted-types">
        Accepted: a patch bundle (<code>NAME-VERSION.patch</code>) or a Debian package (<code>.deb</code>). The file is
        checked while it arrives; a wrong one leaves nothing behind.
      </p>
      <div id="upload-progress" class="pm-upload-progress" hidden>
        <progress id="upload-bar" max="100" value="0" aria-labelledby="upload-status" />
        <p id="upload-status" role="status" />
      </div>
      <div id="upload-outcome" role="alert" />
    </form>
    <noscript>
      <p>
        Uploading here needs JavaScript. On a command line: <code>patchmesh patches upload FILE</code>.
      </p>
    </noscript>
  </Card>
)
