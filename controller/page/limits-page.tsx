/**
 * The form in which the limits of one link are changed: of a Data Center, or of the Service Center, which only sends. A
 * field that is left empty is no limit.
 */
import type { DataCenterLimits, UplinkLimits } from '../core/data-centers.ts'
import { ActionForm, CheckField, TextField } from './form-fields.tsx'
import { Card, Layout, PageHeader } from './layout.tsx'
import { APPLIANCES, DATA_CENTERS } from './words.ts'

type ShownLimits = {
  place: string
  address: string
  /** Of the API, which does the same. */
  operation: string
  limits: DataCenterLimits | UplinkLimits
  /** What they are now, as a tag: a form that shows what is not so any more is refused. */
  seen: string
}

export const LimitsPage = ({ place, address, operation, limits, seen }: ShownLimits) => (
  <Layout title={`Limits of ${place}`} current={DATA_CENTERS}>
    <PageHeader
      heading={`Limits of ${place}`}
      trail={[
        { name: 'Appliances', address: APPLIANCES },
        { name: 'Data Centers', address: DATA_CENTERS },
      ]}
    />
    <Card id="limits" title="What patches may take of the WAN link">
      <ActionForm action={address} operation={operation} button="Save" cancel={DATA_CENTERS}>
        <input type="hidden" name="seen" value={seen} />
        {'downBitsPerSecond' in limits && (
          <RateField name="down" label="Down" bits={limits.downBitsPerSecond} help="What the Data Center takes in." />
        )}
        <RateField name="up" label="Up" bits={limits.upBitsPerSecond} help="What is sent from here to others." />
        <TextField
          id="limits-quiet"
          name="quietHours"
          label="Quiet hours, in UTC"
          value={limits.quietHours.join(', ')}
          help="In which nothing is transferred, such as 08:00-12:00, 22:00-06:00. Empty for none."
        />
        {'trades' in limits && (
          <CheckField
            id="limits-trades"
            name="trades"
            label="Its appliances may trade pieces with other Data Centers"
            checked={limits.trades}
          />
        )}
      </ActionForm>
    </Card>
  </Layout>
)

const BITS_PER_MBIT = 1e6

type RateFieldProps = { name: string; label: string; bits: number | null; help: string }

const RateField = ({ name, label, bits, help }: RateFieldProps) => (
  <TextField
    {...{ id: `limits-${name}`, name, type: 'number', min: '0.064', max: '1000000', step: 'any' }}
    label={`${label}, in Mbit/s`}
    value={bits === null ? '' : String(bits / BITS_PER_MBIT)}
    help={`${help} Empty for no limit.`}
  />
)

/** What such a field sent. */
export function bitsOf(mbit: number | undefined): number | null {
  return mbit === undefined ? null : Math.round(mbit * BITS_PER_MBIT)
}
