/**
 * Two dialogs that the pages about access share: the question before something that cannot be undone, and a secret that
 * is shown once.
 */
export const ConfirmDialog = () => (
  <dialog class="pm-dialog" id="confirm-dialog" aria-labelledby="confirm-question">
    <form class="pm-form" data-outcome="confirm-outcome">
      <h2 class="pf-v6-c-title pf-m-lg" id="confirm-question">
        {' '}
      </h2>
      <div id="confirm-outcome" role="alert" />
      <div class="pm-row pm-buttons">
        <button class="pf-v6-c-button pf-m-danger" type="submit" id="confirm-button">
          Yes
        </button>
        <button class="pf-v6-c-button pf-m-link" type="button" data-closes="confirm-dialog">
          Cancel
        </button>
      </div>
    </form>
  </dialog>
)

export const SecretDialog = () => (
  <dialog class="pm-dialog" id="secret-dialog" aria-labelledby="secret-title">
    <div class="pm-form">
      <h2 class="pf-v6-c-title pf-m-lg" id="secret-title">
        {' '}
      </h2>
      <p>This is shown once. Copy it now.</p>
      <output class="pm-secret" id="secret" />
      <div class="pm-row pm-buttons">
        <button class="pf-v6-c-button pf-m-primary" type="button" data-copies="secret">
          Copy
        </button>
        <button class="pf-v6-c-button pf-m-link" type="button" data-closes="secret-dialog">
          Close
        </button>
      </div>
    </div>
  </dialog>
)
