/**
 * Copies the text of an element, which one click selects too. It needs a script, and the script shows it (actions.js).
 */
export const CopyButton = ({ copies, what }: { copies: string; what: string }) => (
  <button
    class="pf-v6-c-button pf-m-link pf-m-inline pm-needs-script"
    type="button"
    data-copies={copies}
    aria-label={`Copy the ${what}`}
  >
    Copy
  </button>
)
