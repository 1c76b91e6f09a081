/**
 * The question before a patch is withdrawn: every copy of it is deleted, so it is asked once and says so.
 */
import type { PatchSummary } from '../core/patch-views.ts'
import { counted } from './words.ts'

export const WithdrawDialog = ({ patch }: { patch: PatchSummary }) => (
  <dialog class="pm-dialog" id="withdraw-dialog" aria-labelledby="withdraw-title">
    <form id="withdraw-form" data-patch={patch.id} data-operation="withdrawPatch">
      <h2 class="pf-v6-c-title pf-m-xl" id="withdraw-title">
        Withdraw {patch.name} {patch.version}?
      </h2>
      <p>
        The Service Center and {counted(patch.replications.total, 'Service Provider appliance')} delete their copies. A
        patch that is installed somewhere cannot be withdrawn.
      </p>
      <label class="pf-v6-c-form__label" for="withdraw-reason">
        <span class="pf-v6-c-form__label-text">Reason, for the audit log</span>
      </label>
      <span class="pf-v6-c-form-control">
        <input type="text" id="withdraw-reason" name="reason" maxlength={1000} autocomplete="off" />
      </span>
      <div id="withdraw-outcome" role="alert" />
      <div class="pm-row pm-buttons">
        <button class="pf-v6-c-button pf-m-danger" type="submit">
          Withdraw
        </button>
        <button class="pf-v6-c-button pf-m-link" type="button" data-closes="withdraw-dialog">
          Keep
        </button>
      </div>
    </form>
  </dialog>
)
