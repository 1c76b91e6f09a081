/**
 * Files about an appliance or an install, for whoever looks for what went wrong.
 */
import { IfMay } from './reader.tsx'

type Download = { address: string; operation: string; text: string }

const Download = ({ address, operation, text }: Download) => (
  <a class="pf-v6-c-button pf-m-secondary" href={address} data-operation={operation} download>
    {text}
  </a>
)

/** `address` is the appliance's in the API. */
export const ApplianceDownloads = ({ address }: { address: string }) => (
  <>
    <Download address={`${address}/log-bundle`} operation="fetchLogBundle" text="Log bundle" />
    <IfMay do="make-support-bundle">
      <Download address={`${address}/support-bundle`} operation="fetchApplianceSupport" text="Support bundle" />
    </IfMay>
  </>
)

export const InstallDownload = ({ id }: { id: string }) => (
  <IfMay do="make-support-bundle">
    <Download address={`/api/v1/installs/${id}/support-bundle`} operation="fetchInstallSupport" text="Support bundle" />
  </IfMay>
)
