/**
 * The look of the report, for a light and a dark screen and for paper. The hues can be told apart by those who see fewer
 * colours (Okabe and Ito, "Color Universal Design").
 */
export const STYLE = `
:root {
  --page: #f4f5f7; --card: #ffffff; --ink: #16191d; --soft: #5b636e; --rule: #e3e6ea; --bound: #c2410c;
  --hue-1: #0b62c4; --hue-2: #e69f00; --hue-3: #009e73; --hue-4: #8250b8; --hue-5: #d55e00; --hue-6: #3aa6dd;
  --hue-7: #b8487f; --hue-8: #6b7280;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #14171b; --card: #1d2126; --ink: #eceef0; --soft: #9aa3ad; --rule: #2e343b; --bound: #fb923c;
    --hue-1: #5aa5f5; --hue-2: #f0b93a; --hue-3: #2fc79a; --hue-4: #b48ae6; --hue-5: #f08a4b; --hue-6: #7cc8f0;
    --hue-7: #e58ab6; --hue-8: #9aa3ad;
  }
}
* { box-sizing: border-box }
body { margin: 0; background: var(--page); color: var(--ink); font: 15px/1.5 system-ui, "Segoe UI", Roboto, "Liberation Sans", sans-serif }
main { max-width: 1160px; margin: 0 auto; padding: 36px 24px 60px }
header { margin-bottom: 24px }
h1 { font-size: 28px; line-height: 1.2; margin: 0 0 6px; letter-spacing: -.01em }
h2 { font-size: 17px; margin: 0 } h3 { font-size: 15px; margin: 14px 0 4px }
ul { margin: 0 0 10px; padding-left: 20px; color: var(--soft) }
p { margin: 4px 0 14px; color: var(--soft); max-width: 88ch }
header p { margin: 0 }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(136px, 1fr)); gap: 12px; margin-bottom: 20px }
.tile, section { background: var(--card); border: 1px solid var(--rule); border-radius: 10px }
.tile { padding: 14px 14px }
.tile b { display: block; font-size: 21px; white-space: nowrap; line-height: 1.25; font-weight: 650; letter-spacing: -.01em; font-variant-numeric: tabular-nums }
.tile span { color: var(--soft); font-size: 13px }
.tile.good b { color: var(--hue-3) } .tile.bad b { color: var(--bound) }
section { padding: 20px 24px 14px; margin-bottom: 20px; break-inside: avoid }
.picture { overflow-x: auto }
svg { width: 100%; min-width: 760px; height: auto; display: block }
svg text { font-size: 13px; fill: var(--ink) }
svg .mark { fill: var(--soft); font-size: 12px } svg .value { font-variant-numeric: tabular-nums; font-size: 12px }
svg .grid { stroke: var(--rule); stroke-width: 1 }
svg .line { fill: none; stroke-width: 2.2; stroke-linejoin: round }
svg .area { fill: var(--hue-1); opacity: .2 }
svg .bound { stroke: var(--bound); stroke-width: 1.5; stroke-dasharray: 5 4 } svg .bound-words { fill: var(--bound); font-weight: 600; font-size: 12px }
svg .quantile { stroke: var(--soft); stroke-width: 1.2 } svg .quantile-words { fill: var(--soft); font-weight: 600; font-size: 12px }
svg .no-key { fill: none }
svg .trouble { fill: var(--bound); opacity: .38 }
svg .band { fill: var(--hue-1); opacity: .26 } svg .band-wide { fill: var(--hue-1); opacity: .13 }
svg .band-key { fill: var(--hue-1); opacity: .42 } svg .band-wide-key { fill: var(--hue-1); opacity: .18 }
${Array.from({ length: 8 }, (_, at) => `svg .hue-${at + 1} { stroke: var(--hue-${at + 1}) } svg .fill-${at + 1} { fill: var(--hue-${at + 1}) }`).join('\n')}
details { margin-bottom: 12px } summary { cursor: pointer; font-weight: 600; padding: 4px 0 }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; font-size: 14px }
th { text-align: left; color: var(--soft); font-weight: 600 } th, td { padding: 6px 12px 6px 0; border-bottom: 1px solid var(--rule) }
td + td, th + th { text-align: right }
.scrolls { overflow-x: auto }
footer { color: var(--soft); font-size: 13px }
@media (max-width: 700px) { main { padding: 20px 12px 40px } section { padding: 16px 14px 12px } }
@media print { svg { min-width: 0 } body { background: none } main { padding: 0 } details { display: none } }
`
