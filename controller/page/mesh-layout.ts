/**
 * Where things stand in the picture of the mesh. Few Data Centers stand below or around the Service Center, each with
 * its members; many stand in a grid of small boxes below it. It places and never draws.
 */
import type { Mesh, MeshDataCenter, MeshFlow } from '../core/mesh.ts'

export type Box = { x: number; y: number; width: number; height: number }
export type PlacedDataCenter = { dataCenter: MeshDataCenter; box: Box }
export type PlacedFlow = {
  id: string
  flow: MeshFlow
  /** The data of an SVG path. */
  path: string
  /** Where its rate may be written. */
  label: { x: number; y: number } | null
  width: number
}
export type MeshLayout = {
  width: number
  height: number
  isGrid: boolean
  center: Box
  dataCenters: PlacedDataCenter[]
  flows: PlacedFlow[]
  /** Slower flows that are left out: more lines than that tell nothing. */
  leftOut: number
}

/** So many stand in a row below the Service Center, and so many around it. */
const MOST_IN_A_ROW = 3
const MOST_AROUND = 12
const MOST_LINES = 300
const MOST_LABELS = 40
export const SHOWN_MEMBERS = 4
export const ROW = 22
export const HEAD = 30
const CENTER = { width: 150, height: 56 }
const AROUND = { width: 176 }
const CELL = { width: 64, height: 22, gapX: 12, gapY: 30 }
const MARGIN = 16

export function layOut(mesh: Mesh): MeshLayout {
  const isGrid = mesh.dataCenters.length > MOST_AROUND
  const dataCenters = [...mesh.dataCenters].sort((left, right) => inOrder.compare(left.name, right.name))
  const placed = isGrid
    ? inGrid(dataCenters)
    : dataCenters.length <= MOST_IN_A_ROW
      ? inARow(dataCenters)
      : around(dataCenters)
  const boxes = new Map(placed.dataCenters.map(({ dataCenter, box }) => [dataCenter.name, box]))
  const drawn = (isGrid ? between(mesh.flows) : mesh.flows).slice(0, MOST_LINES)
  const flows = drawn.flatMap((flow) => {
    const from = flow.from.dataCenter === null ? placed.center : boxes.get(flow.from.dataCenter)
    const to = boxes.get(flow.to.dataCenter ?? '')
    return from === undefined || to === undefined ? [] : [placeFlow(flow, { from, to, mesh, isGrid })]
  })
  const labelled = flows.map((flow) => (flows.length > MOST_LABELS ? { ...flow, label: null } : flow))
  return {
    ...placed,
    isGrid,
    flows: labelled,
    leftOut: (isGrid ? between(mesh.flows) : mesh.flows).length - drawn.length,
  }
}

type Placed = Pick<MeshLayout, 'width' | 'height' | 'center' | 'dataCenters'>

/** Site 2 before site 10. */
const inOrder = new Intl.Collator('en', { numeric: true })

/** Far enough apart that the rate of a flow stands between two. */
function inARow(dataCenters: readonly MeshDataCenter[]): Placed {
  const step = AROUND.width + 150
  const width = 2 * MARGIN + Math.max(1, dataCenters.length) * step - 150
  const y = MARGIN + CENTER.height + 90
  const boxes = dataCenters.map((dataCenter, index) => {
    const height = heightOf(dataCenter)
    return { dataCenter, box: { x: MARGIN + index * step, y, width: AROUND.width, height } }
  })
  const height = y + Math.max(0, ...boxes.map(({ box }) => box.height)) + MARGIN + 40
  const center = rounded({ x: (width - CENTER.width) / 2, y: MARGIN, ...CENTER })
  return { width, height, center, dataCenters: boxes }
}

function around(dataCenters: readonly MeshDataCenter[]): Placed {
  const count = dataCenters.length
  const height = Math.max(0, ...dataCenters.map(heightOf))
  const radiusX = Math.max(310, count * 52)
  const radiusY = Math.max(CENTER.height + height, count * 34)
  const middle = { x: radiusX + AROUND.width / 2 + MARGIN, y: radiusY + height / 2 + MARGIN }
  const boxes = dataCenters.map((dataCenter, index) => {
    // The first on the left, the others clockwise.
    const angle = Math.PI + (2 * Math.PI * index) / Math.max(1, count)
    const own = heightOf(dataCenter)
    const x = middle.x + radiusX * Math.cos(angle) - AROUND.width / 2
    const y = middle.y + radiusY * Math.sin(angle) - own / 2
    return { dataCenter, box: rounded({ x, y, width: AROUND.width, height: own }) }
  })
  return {
    width: Math.round(2 * middle.x),
    height: Math.round(2 * middle.y),
    center: rounded({
      x: middle.x - CENTER.width / 2,
      y: middle.y - CENTER.height / 2,
      ...CENTER,
    }),
    dataCenters: boxes,
  }
}

/** As many columns as make the picture about twice as wide as high. */
function inGrid(dataCenters: readonly MeshDataCenter[]): Placed {
  const columns = Math.ceil(Math.sqrt(dataCenters.length * 1.6))
  const [stepX, stepY] = [CELL.width + CELL.gapX, CELL.height + CELL.gapY]
  const top = MARGIN + CENTER.height + 2 * CELL.gapY
  const width = 2 * MARGIN + columns * stepX - CELL.gapX
  const boxes = dataCenters.map((dataCenter, index) => ({
    dataCenter,
    box: {
      x: MARGIN + (index % columns) * stepX,
      y: top + Math.floor(index / columns) * stepY,
      width: CELL.width,
      height: CELL.height,
    },
  }))
  const height = top + Math.ceil(dataCenters.length / columns) * stepY
  const center = rounded({ x: (width - CENTER.width) / 2, y: MARGIN, ...CENTER })
  return { width, height, center, dataCenters: boxes }
}

/** In a grid: one line for all that flows from one place to another, and none inside of one. */
function between(flows: readonly MeshFlow[]): MeshFlow[] {
  const sums = new Map<string, MeshFlow>()
  for (const { from, to, bytesPerSecond } of flows) {
    if (from.dataCenter === to.dataCenter) continue
    const key = JSON.stringify([from.dataCenter, to.dataCenter])
    const place = (end: MeshFlow['from']) => ({ ...end, name: end.dataCenter ?? end.name })
    const sum = sums.get(key)?.bytesPerSecond ?? 0
    sums.set(key, { from: place(from), to: place(to), bytesPerSecond: sum + bytesPerSecond })
  }
  return [...sums.values()].sort((left, right) => right.bytesPerSecond - left.bytesPerSecond)
}

function heightOf({ members }: MeshDataCenter): number {
  const rows = Math.min(members.length, SHOWN_MEMBERS) + (members.length > SHOWN_MEMBERS ? 1 : 0)
  return HEAD + rows * ROW + 8
}

function placeFlow(
  flow: MeshFlow,
  { from, to, mesh, isGrid }: { from: Box; to: Box; mesh: Mesh; isGrid: boolean },
): PlacedFlow {
  const id = `flow-${Buffer.from(`${flow.from.name}\n${flow.to.name}`).toString('base64url')}`
  const width = isGrid ? 1.5 : widthOf(flow.bytesPerSecond)
  if (flow.from.dataCenter === flow.to.dataCenter) return { id, flow, width, ...inside(flow, to, mesh) }
  const [start, end] = [edgeOf(from, middleOf(to)), edgeOf(to, middleOf(from))]
  // Bent to the left of its way, so that what flows back is another line.
  const bend = from.y === to.y ? -0.3 : 0.12
  const by = {
    x: (start.x + end.x) / 2 + (end.y - start.y) * bend,
    y: (start.y + end.y) / 2 - (end.x - start.x) * bend,
  }
  const path = `M${start.x} ${start.y}Q${Math.round(by.x)} ${Math.round(by.y)} ${end.x} ${end.y}`
  const label = {
    x: Math.round((start.x + 2 * by.x + end.x) / 4),
    y: Math.round((start.y + 2 * by.y + end.y) / 4) - 6,
  }
  return { id, flow, path, label, width }
}

/** From one member to another of the same Data Center: an arc at the right side inside of its box. */
function inside(flow: MeshFlow, box: Box, { dataCenters }: Mesh): Pick<PlacedFlow, 'path' | 'label'> {
  const members = dataCenters.find(({ name }) => name === flow.to.dataCenter)?.members ?? []
  const rowOf = (name: string): number => {
    const index = Math.min(
      Math.max(
        0,
        members.findIndex((member) => member.name === name),
      ),
      SHOWN_MEMBERS,
    )
    return box.y + HEAD + index * ROW + ROW / 2
  }
  const [start, end] = [rowOf(flow.from.name), rowOf(flow.to.name)]
  const x = box.x + box.width - 26
  return { path: `M${x} ${start}C${x + 24} ${start} ${x + 24} ${end} ${x} ${end}`, label: null }
}

/** A thicker line for a faster flow: a step for each factor of ten above 100 kB a second. */
function widthOf(bytesPerSecond: number): number {
  const width = 1.5 + 1.5 * Math.log10(Math.max(1, bytesPerSecond / 1e5))
  return Math.round(10 * Math.min(8, width)) / 10
}

function middleOf({ x, y, width, height }: Box): { x: number; y: number } {
  return { x: x + width / 2, y: y + height / 2 }
}

/** Where the line from the middle of the box to `towards` leaves it. */
function edgeOf(box: Box, towards: { x: number; y: number }): { x: number; y: number } {
  const middle = middleOf(box)
  const [dx, dy] = [towards.x - middle.x, towards.y - middle.y]
  const scale = Math.min(
    dx === 0 ? Number.POSITIVE_INFINITY : box.width / 2 / Math.abs(dx),
    dy === 0 ? Number.POSITIVE_INFINITY : box.height / 2 / Math.abs(dy),
  )
  const reach = Number.isFinite(scale) ? scale : 0
  return { x: Math.round(middle.x + dx * reach), y: Math.round(middle.y + dy * reach) }
}

function rounded({ x, y, width, height }: Box): Box {
  return { x: Math.round(x), y: Math.round(y), width, height }
}
