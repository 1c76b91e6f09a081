/**
 * The question before a patch is withdrawn: every copy of it is deleted, so it is asked once and says so.
 */
import type { PatchSummary } from '../core/patch-views.ts'
import { FormDialog } from './dialogs.tsx'
import { TextField } from './form-fields.tsx'
import { counted, patchTitle, SYSTEM_PATCHES } from './words.ts'

export const WithdrawDialog = ({ patch }: { patch: PatchSummary }) => (
  <FormDialog
    id="withdraw-dialog"
    title={`Withdraw ${patchTitle(patch)}?`}
    action={`${SYSTEM_PATCHES}/${patch.id}/withdraw`}
    operation="withdrawPatch"
    button="Withdraw"
    danger
    keep="Keep"
  >
    <p>
      The Service Center and {counted(patch.replications.total, 'Service Provider appliance')} delete their copies. A
      patch that is installed somewhere cannot be withdrawn.
    </p>
    <TextField id="withdraw-reason" name="reason" label="Reason, for the trail" maxlength={1000} />
  </FormDialog>
)
