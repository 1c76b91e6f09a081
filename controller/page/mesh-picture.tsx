/**
 * The mesh as a picture: the Service Center, the Data Centers with their pairs, and the pieces that move between them.
 * Below it stands the same as a table, for whoever does not see it or wants the numbers.
 */
import type { Mesh, MeshFlow, MeshMember } from '../core/mesh.ts'
import { ColumnHeads } from './column-heads.tsx'
import {
  type Box,
  HEAD,
  layOut,
  type MeshLayout,
  type PlacedDataCenter,
  type PlacedFlow,
  ROW,
  SHOWN_MEMBERS,
} from './mesh-layout.ts'
import { inWords, rate } from './mesh-words.ts'
import { counted, dataCenterTitle, elementId } from './words.ts'

const SHOWN_FLOWS = 200

export const MeshPicture = ({ mesh }: { mesh: Mesh }) => {
  const layout = layOut(mesh)
  return (
    <>
      <div class="pm-mesh" tabindex={0} role="region" aria-label="Picture of the mesh">
        <svg
          class={layout.isGrid ? 'pm-mesh-grid' : undefined}
          viewBox={`0 0 ${layout.width} ${layout.height}`}
          width={layout.width}
          height={layout.height}
          role="img"
          aria-labelledby="mesh-picture-title"
          aria-describedby="mesh-words"
        >
          <title id="mesh-picture-title">The mesh</title>
          <Arrow />
          <g id="mesh-flows-between">
            {layout.flows.filter(isBetween).map((flow) => (
              <Flow placed={flow} />
            ))}
          </g>
          <Center box={layout.center} mesh={mesh} />
          <g id="mesh-places">
            {layout.dataCenters.map((placed) => (layout.isGrid ? <Cell {...placed} /> : <Place {...placed} />))}
          </g>
          <g id="mesh-flows-inside">
            {layout.flows
              .filter((flow) => !isBetween(flow))
              .map((flow) => (
                <Flow placed={flow} />
              ))}
          </g>
          <Rates layout={layout} />
        </svg>
      </div>
      <p class="pm-quiet pm-sideways">
        The picture is wider than this screen: move it sideways, or open the table below.
      </p>
      <p class="pm-quiet" id="mesh-words">
        {inWords(mesh)}
        {layout.leftOut > 0 && ` ${counted(layout.leftOut, 'slower flow')} not drawn.`}
      </p>
      <details id="mesh-table">
        <summary>As a table</summary>
        {mesh.flows.length === 0 ? <p>No pieces are moving.</p> : <Flows flows={mesh.flows} />}
      </details>
    </>
  )
}

function isBetween({ flow }: PlacedFlow): boolean {
  return flow.from.dataCenter !== flow.to.dataCenter
}

const Arrow = () => (
  <defs>
    <marker
      id="mesh-arrow"
      viewBox="0 0 10 10"
      refX="9"
      refY="5"
      markerWidth="9"
      markerHeight="9"
      markerUnits="userSpaceOnUse"
      orient="auto-start-reverse"
    >
      <path class="pm-mesh-arrow" d="M0 0L10 5L0 10z" />
    </marker>
  </defs>
)

const Flow = ({ placed: { id, flow, path, width } }: { placed: PlacedFlow }) => (
  <path id={id} class="pm-mesh-flow" d={path} stroke-width={width} marker-end="url(#mesh-arrow)">
    <title>
      {flow.from.name} to {flow.to.name}: {rate(flow.bytesPerSecond)}
    </title>
  </path>
)

const Rates = ({ layout }: { layout: MeshLayout }) => (
  <g id="mesh-rates" aria-hidden="true">
    {layout.flows.map(
      ({ id, flow, label }) =>
        label !== null && (
          <text id={`rate-${id}`} class="pm-mesh-rate" x={label.x} y={label.y} text-anchor="middle">
            {rate(flow.bytesPerSecond)}
          </text>
        ),
    )}
  </g>
)

const Center = ({ box, mesh }: { box: Box; mesh: Mesh }) => (
  <g id="mesh-center">
    <rect class="pm-mesh-center" {...box} rx="10" />
    <text class="pm-mesh-name" x={box.x + box.width / 2} y={box.y + 24} text-anchor="middle">
      Service Center
    </text>
    <text class="pm-mesh-small" x={box.x + box.width / 2} y={box.y + 43} text-anchor="middle">
      {mesh.sentBytesPerSecond === 0 ? 'sends nothing' : `sends ${rate(mesh.sentBytesPerSecond)}`}
    </text>
  </g>
)

const Place = ({ dataCenter: { name, members }, box }: PlacedDataCenter) => (
  <g id={elementId('place', name)} data-place={name}>
    <title>{dataCenterTitle(name)}</title>
    <rect class="pm-mesh-place" {...box} rx="10" />
    <text class="pm-mesh-name" x={box.x + 12} y={box.y + 20}>
      {short(name, 18)}
    </text>
    {members.slice(0, SHOWN_MEMBERS).map((member, index) => (
      <Member member={member} x={box.x + 12} y={box.y + HEAD + index * ROW} />
    ))}
    {members.length > SHOWN_MEMBERS && (
      <text class="pm-mesh-small" x={box.x + 12} y={box.y + HEAD + SHOWN_MEMBERS * ROW + 15}>
        and {members.length - SHOWN_MEMBERS} more
      </text>
    )}
  </g>
)

const SIGNS: Record<MeshMember['state'], string> = {
  waiting: 'waiting',
  transferring: 'arriving',
  verifying: 'checking',
  replicated: 'complete',
}

const Member = ({ member: { name, role, reachable, state }, x, y }: { member: MeshMember; x: number; y: number }) => (
  <g id={elementId('member', name)}>
    <title>
      {name}, {role}: {reachable ? SIGNS[state] : 'not reachable'}
    </title>
    <circle
      class={`pm-mesh-dot ${reachable ? `pm-mesh-${state}` : 'pm-mesh-away'}`}
      cx={x + 6}
      cy={y + ROW / 2}
      r="6"
    />
    <text class="pm-mesh-small" x={x + 19} y={y + ROW / 2 + 4}>
      {role}, {reachable ? SIGNS[state] : 'not reachable'}
    </text>
  </g>
)

/** One of many: how far its members are is in its colour, and in words for who points at it. */
const Cell = ({ dataCenter: { name, members }, box }: PlacedDataCenter) => {
  const done = members.filter(({ state }) => state === 'replicated').length
  const away = members.some(({ reachable }) => !reachable)
  const arriving = members.some(({ state }) => state === 'transferring' || state === 'verifying')
  const look = away ? 'away' : done === members.length ? 'replicated' : arriving ? 'transferring' : 'waiting'
  return (
    <g id={elementId('place', name)} data-place={name}>
      <title>
        {dataCenterTitle(name)}: {done}/{members.length} complete{away && ', not all reachable'}
      </title>
      <rect class={`pm-mesh-cell pm-mesh-${look}`} {...box} rx="4" />
      <text class="pm-mesh-count" x={box.x + box.width / 2} y={box.y + 15} text-anchor="middle">
        {done}/{members.length}
      </text>
      <text class="pm-mesh-tiny" x={box.x + box.width / 2} y={box.y + box.height + 12} text-anchor="middle">
        {short(name, 12)}
      </text>
    </g>
  )
}

function short(name: string, characters: number): string {
  const all = [...name]
  return all.length <= characters ? name : `${all.slice(0, characters - 1).join('')}…`
}

const Flows = ({ flows }: { flows: readonly MeshFlow[] }) => (
  <>
    <table class="pf-v6-c-table pf-m-compact pf-m-grid-md pm-table" aria-label="Pieces that are moving">
      <ColumnHeads headings={['From', 'To', 'Data Center', 'Rate']} />
      <tbody class="pf-v6-c-table__tbody">
        {flows.slice(0, SHOWN_FLOWS).map(({ from, to, bytesPerSecond }) => (
          <tr class="pf-v6-c-table__tr" id={elementId('flow', from.name, to.name)}>
            <td class="pf-v6-c-table__td" data-label="From">
              {from.name}
            </td>
            <td class="pf-v6-c-table__td" data-label="To">
              {to.name}
            </td>
            <td class="pf-v6-c-table__td" data-label="Data Center">
              {to.dataCenter}
            </td>
            <td class="pf-v6-c-table__td pm-number" data-label="Rate">
              {rate(bytesPerSecond)}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
    {flows.length > SHOWN_FLOWS && <p class="pm-quiet">And {flows.length - SHOWN_FLOWS} slower ones.</p>}
  </>
)
