/**
 * The page on which the policy of the fleet is seen.
 */
import { policyView } from '../core/approvals/policy-views.ts'
import { PolicyPage } from '../page/policy-page.tsx'
import { POLICY } from '../page/words.ts'
import type { App } from './context.ts'
import { permitted } from './permitted.ts'
import { showPage } from './show-page.tsx'

export function addPolicyPages(app: App): void {
  app.get(POLICY, permitted('read-policy'), (c) =>
    showPage(c, <PolicyPage view={policyView(c.var.serviceCenter.state)} />),
  )
}
