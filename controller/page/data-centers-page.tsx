/**
 * Data Centers: what patches may take of the WAN link of each and of the Service Center's own uplink, and what is under
 * way there now.
 */
import { useContext } from 'hono/jsx'
import type { DataCenterView, UplinkLimits, UplinkView } from '../core/data-centers.ts'
import type { Mesh, MeshMember } from '../core/mesh.ts'
import type { PatchSummary } from '../core/patch-views.ts'
import { ColumnHeads } from './column-heads.tsx'
import { DropDown, FieldLabel } from './form-fields.tsx'
import { Label } from './labels.tsx'
import { Card, Layout, PageHeader } from './layout.tsx'
import { Pager } from './list-toolbar.tsx'
import { MeshPicture } from './mesh-picture.tsx'
import { IfMay, ReaderContext } from './reader.tsx'
import {
  APPLIANCES,
  bitRate,
  DATA_CENTERS,
  dataCenterTitle,
  ENROLL,
  elementId,
  limitsAddress,
  listed,
  patchTitle,
  size,
  UPLINK_LIMITS,
} from './words.ts'

type DataCentersPage = {
  dataCenters: DataCenterView[]
  uplink: UplinkView
  mesh: Mesh
  /** Those of which the picture can show the pieces alone, and the id of the chosen one; empty for all together. */
  patches: Pick<PatchSummary, 'id' | 'name' | 'version' | 'architecture'>[]
  patch: string
  /** Of the table, from 1; the last one where there are fewer. */
  page: number
}

const ROWS_PER_PAGE = 25

export const DataCentersPage = ({ dataCenters, uplink, mesh, patches, patch, page }: DataCentersPage) => (
  <Layout title="Data Centers" current={DATA_CENTERS}>
    <PageHeader heading="Data Centers" trail={[{ name: 'Appliances', address: APPLIANCES }]} />
    <Card id="mesh" title="Mesh" live>
      {patches.length > 0 && <PatchFilter patches={patches} patch={patch} />}
      {mesh.dataCenters.length === 0 ? <NoDataCenter /> : <MeshPicture mesh={mesh} />}
    </Card>
    <Card id="uplink" title="Service Center" live>
      <Uplink {...uplink} />
    </Card>
    <Card id="data-centers" title="Data Centers" live>
      {dataCenters.length === 0 ? (
        <p>The first appliance brings the first Data Center.</p>
      ) : (
        <DataCenterTable {...{ dataCenters, mesh, patch, page }} />
      )}
    </Card>
    <section class="pf-v6-c-page__main-section" aria-label="About limits">
      <div class="pf-v6-c-page__main-body pm-quiet">
        Down and up are what patches may take of the link to other Data Centers and the Service Center, which only
        sends. Data Centers that trade take pieces from each other too. A limit is in force at once, also for what is
        being transferred. Orders, reports and receipts are never held up.
      </div>
    </section>
  </Layout>
)

const Uplink = ({ limits, quietUntil }: UplinkView) => (
  <div class="pm-row pm-spread" id="service-center-limits" data-operation="showUplinkLimits">
    <span>Sends: {limits.upBitsPerSecond === null ? NO_LIMIT : `at most ${bitRate(limits.upBitsPerSecond)}`}</span>
    <span>
      Quiet hours: <QuietHours limits={limits} quietUntil={quietUntil} />
    </span>
    <Change place="the Service Center" address={UPLINK_LIMITS} />
  </div>
)

const PatchFilter = ({ patches, patch }: Pick<DataCentersPage, 'patches' | 'patch'>) => (
  <form class="pm-row pm-controls" method="get" action={DATA_CENTERS} aria-label="Mesh" data-operation="showMesh">
    <FieldLabel id="mesh-patch" label="Pieces of" />
    <DropDown
      {...{ id: 'mesh-patch', name: 'patch', frame: 'pm-select', value: patch }}
      choices={[
        { value: '', text: 'All patches' },
        ...patches.map((patch) => ({ value: patch.id, text: patchTitle(patch) })),
      ]}
    />
    <button class="pf-v6-c-button pf-m-secondary" type="submit">
      Show
    </button>
  </form>
)

const NO_LIMIT = 'no limit'
const HEADINGS = ['Data Center', 'Appliances', 'Down', 'Up', 'Quiet hours', 'Trades', 'Now', 'Limits']

const DataCenterTable = (props: Pick<DataCentersPage, 'dataCenters' | 'mesh' | 'patch' | 'page'>) => {
  const pages = Math.ceil(props.dataCenters.length / ROWS_PER_PAGE)
  const page = Math.min(props.page, pages)
  const members = new Map(props.mesh.dataCenters.map((place) => [place.name, place.members]))
  return (
    <>
      <table
        class="pf-v6-c-table pf-m-grid-lg pm-table pm-narrow-columns"
        id="data-center-table"
        aria-label="Data Centers"
        data-operation="listDataCenters"
      >
        <ColumnHeads headings={HEADINGS} />
        <tbody class="pf-v6-c-table__tbody">
          {props.dataCenters.slice((page - 1) * ROWS_PER_PAGE, page * ROWS_PER_PAGE).map((dataCenter) => (
            <Row dataCenter={dataCenter} members={members.get(dataCenter.name) ?? []} />
          ))}
        </tbody>
      </table>
      <Pager
        {...{ name: 'Data Centers', page, pages, count: props.dataCenters.length }}
        address={(other) => `${DATA_CENTERS}?${new URLSearchParams({ patch: props.patch, page: String(other) })}`}
      />
    </>
  )
}

const Row = ({ dataCenter, members }: { dataCenter: DataCenterView; members: MeshMember[] }) => {
  const { name, appliances, reachable, limits, quietUntil } = dataCenter
  const { downBitsPerSecond: down, upBitsPerSecond: up } = limits
  return (
    <tr
      class="pf-v6-c-table__tr"
      id={elementId('data-center', name)}
      data-data-center={name}
      data-operation="showDataCenterLimits"
    >
      <td class="pf-v6-c-table__td pm-name" data-label="Data Center">
        {name}
      </td>
      <td class="pf-v6-c-table__td" data-label="Appliances">
        <a
          href={`${APPLIANCES}?dataCenter=${encodeURIComponent(name)}`}
          aria-label={`${appliances} appliances of ${dataCenterTitle(name)}`}
        >
          {appliances}
        </a>
        {members.map((member) => (
          <Member member={member} />
        ))}
        {reachable < appliances && <div class="pm-quiet">{appliances - reachable} unreachable</div>}
      </td>
      <td class="pf-v6-c-table__td pm-number" data-label="Down">
        {down === null ? NO_LIMIT : bitRate(down)}
      </td>
      <td class="pf-v6-c-table__td pm-number" data-label="Up">
        {up === null ? NO_LIMIT : bitRate(up)}
      </td>
      <td class="pf-v6-c-table__td" data-label="Quiet hours">
        <QuietHours limits={limits} quietUntil={quietUntil} />
      </td>
      <td class="pf-v6-c-table__td" data-label="Trades">
        {limits.trades ? 'yes' : 'no'}
      </td>
      <td class="pf-v6-c-table__td pm-number" data-label="Now">
        <Now dataCenter={dataCenter} />
      </td>
      <td class="pf-v6-c-table__td" data-label="Limits">
        <Change place={dataCenterTitle(name)} address={limitsAddress(name)} />
      </td>
    </tr>
  )
}

/** Whoever stores and relays there. */
const Member = ({ member: { name, role, reachable, state } }: { member: MeshMember }) => (
  <div class="pm-quiet">
    {name}, {role}: {reachable ? state : 'not reachable'}
  </div>
)

const Now = ({ dataCenter: { bytesLeft, wanBytesPerSecond, wanBytes } }: { dataCenter: DataCenterView }) => {
  const came = wanBytes > 0 && <div class="pm-quiet">{size(wanBytes)} came over the WAN</div>
  if (bytesLeft === 0)
    return (
      <>
        <span class="pm-quiet">nothing left to replicate</span>
        {came}
      </>
    )
  return (
    <>
      {wanBytesPerSecond === 0
        ? 'nothing arrives'
        : `${bitRate(Number((8 * wanBytesPerSecond).toPrecision(3)))} arrive`}
      <div class="pm-quiet">{size(bytesLeft)} left</div>
      {came}
    </>
  )
}

const QuietHours = ({ limits: { quietHours }, quietUntil }: { limits: UplinkLimits; quietUntil: string | null }) => (
  <>
    {quietHours.length === 0 ? 'none' : `${listed(quietHours)} UTC`}{' '}
    {quietUntil !== null && <Label tone="waiting" text={`rests until ${quietUntil}`} />}
  </>
)

const Change = ({ place, address }: { place: string; address: string }) => (
  <IfMay do="set-limits">
    <a class="pf-v6-c-button pf-m-secondary pf-m-small" href={address} aria-label={`Change the limits of ${place}`}>
      Change
    </a>
  </IfMay>
)

const NoDataCenter = () => {
  const organizations = useContext(ReaderContext)?.organizations ?? null
  if (organizations !== null)
    return (
      <p id="no-data-centers">The picture is of Service Provider appliances, and {listed(organizations)} has none.</p>
    )
  return (
    <p id="no-data-centers">
      No appliance is enrolled yet. A Data Center comes into being with its first one: <a href={ENROLL}>enroll it</a>.
    </p>
  )
}
