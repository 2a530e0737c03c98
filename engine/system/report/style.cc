#include "system/report/style.h"

namespace millgate {

const std::string_view kReportStyle = R"css(
:root {
  color-scheme: light dark;
  --paper: #fdfdfb; --ink: #1d2125; --quiet: #626a73; --rule: #dcdfe1; --wash: #f2f3f0;
  --main: #1f5f8b; --soft: #9dbfd6; --good: #2f7d4f; --bad: #b3422f; --warn: #9a6a00;
  --good-wash: #e7f3ea; --bad-wash: #fbeae6; --warn-wash: #fbf3dd;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #16191c; --ink: #e6e8e9; --quiet: #98a1a9; --rule: #343a40; --wash: #1f2327;
    --main: #7db8de; --soft: #345a73; --good: #76c795; --bad: #f0907d; --warn: #e2b95a;
    --good-wash: #1b2c22; --bad-wash: #38211c; --warn-wash: #332a15;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body {
  margin: 0; background: var(--paper); color: var(--ink);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans",
    "Liberation Sans", sans-serif;
  font-variant-numeric: tabular-nums;
}
main { max-width: 54rem; margin: 0 auto; padding: 3rem 1.5rem 5rem; }
h1 { font-size: 2.1rem; line-height: 1.15; margin: .2rem 0 .6rem; letter-spacing: -.015em; }
h2 {
  font-size: 1.3rem; line-height: 1.25; margin: 3.2rem 0 .8rem; padding-top: .9rem;
  border-top: 2px solid var(--ink); letter-spacing: -.01em;
}
h3 { font-size: 1rem; margin: 1.8rem 0 .5rem; }
p { margin: .5rem 0 .9rem; max-width: 44rem; }
ul { margin: .4rem 0 1rem; padding-left: 1.2rem; max-width: 44rem; }
li { margin: .25rem 0; }
a { color: var(--main); }
code, pre { font: .86em/1.5 ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; }
code { overflow-wrap: anywhere; }
pre {
  background: var(--wash); padding: .9rem 1.1rem; overflow-x: auto; border-radius: 4px;
  margin: .6rem 0 1rem;
}
.kind { color: var(--quiet); font-size: .8rem; letter-spacing: .09em; text-transform: uppercase; }
.lede { font-size: 1.18rem; line-height: 1.5; max-width: 42rem; }
.quiet, figcaption, caption { color: var(--quiet); font-size: .88rem; }
.contents { font-size: .88rem; color: var(--quiet); margin: 1.6rem 0 0; line-height: 1.9; }
.contents a { margin-right: .9rem; text-decoration: none; white-space: nowrap; }
.contents a:hover { text-decoration: underline; }
.banner { border-left: 4px solid var(--quiet); background: var(--wash); padding: .8rem 1.1rem;
  margin: 1.4rem 0; border-radius: 0 4px 4px 0; }
.banner p { margin: .15rem 0; max-width: none; }
.banner.good { border-color: var(--good); background: var(--good-wash); }
.banner.bad { border-color: var(--bad); background: var(--bad-wash); }
.banner.warn { border-color: var(--warn); background: var(--warn-wash); }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(11rem, 1fr)); gap: 1.6rem;
  margin: 1.6rem 0; }
.tile .label { color: var(--quiet); font-size: .84rem; }
.tile .figure { font-size: 1.95rem; line-height: 1.2; letter-spacing: -.02em; font-weight: 600; }
.tile .range { color: var(--quiet); font-size: .84rem; }
table { border-collapse: collapse; width: 100%; margin: .7rem 0 1.3rem; font-size: .92rem; }
caption { text-align: left; padding-bottom: .4rem; }
th { text-align: left; font-weight: 600; color: var(--quiet); font-size: .82rem; }
th, td { padding: .38rem .9rem .38rem 0; border-bottom: 1px solid var(--rule);
  vertical-align: top; }
tr:last-child td { border-bottom-color: transparent; }
td.n, th.n { text-align: right; white-space: nowrap; }
td.nowrap { white-space: nowrap; }
.scroll { overflow-x: auto; }
.good-text { color: var(--good); font-weight: 600; }
.bad-text { color: var(--bad); font-weight: 600; }
.warn-text { color: var(--warn); font-weight: 600; }
sup { font-size: .68em; line-height: 0; margin-left: .1em; }
sup a { text-decoration: none; }
.num { cursor: help; }
figure { margin: 1.1rem 0 1.6rem; }
figure svg { display: block; width: 100%; height: auto; }
figcaption { margin-top: .35rem; max-width: 44rem; }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(19rem, 1fr)); gap: 2rem;
  align-items: start; }
dl { display: grid; grid-template-columns: minmax(8rem, max-content) 1fr; gap: .25rem 1.2rem;
  margin: .6rem 0 1.2rem; font-size: .94rem; }
dt { color: var(--quiet); }
dd { margin: 0; overflow-wrap: anywhere; }
.confusion { width: auto; }
.confusion td { text-align: right; padding: .6rem 1rem; border: 1px solid var(--rule); }
.confusion th { padding: .4rem 1rem .4rem 0; border: 0; }
.confusion .right { background: var(--good-wash); }
.confusion .wrong { background: var(--bad-wash); }
.confusion b { font-size: 1.15rem; display: block; }
.alarm { border-top: 1px solid var(--rule); padding: .9rem 0 .5rem; }
.alarm h3 { margin: 0 0 .2rem; }
.alarm dl { margin: .3rem 0 .4rem; }
.sources { font-size: .86rem; }
.sources li { overflow-wrap: anywhere; }
.sources :target { background: var(--warn-wash); }
svg text { fill: var(--ink); font-family: inherit; font-size: 12px; }
svg .faint { fill: var(--quiet); font-size: 11px; }
svg .strong { font-weight: 600; }
svg .axis { stroke: var(--rule); stroke-width: 1; }
svg .guide { stroke: var(--quiet); stroke-width: 1; stroke-dasharray: 4 4; fill: none; }
svg .mark { fill: var(--main); }
svg .line { stroke: var(--main); stroke-width: 2; fill: none; stroke-linejoin: round; }
svg .whisker { stroke: var(--main); stroke-width: 1.6; }
svg .soft { fill: var(--soft); }
svg .softline { stroke: var(--soft); stroke-width: 5; }
svg .good { fill: var(--good); } svg .bad { fill: var(--bad); } svg .warn { fill: var(--warn); }
svg .badline { stroke: var(--bad); stroke-width: 1.6; }
svg .wash { fill: var(--wash); }
svg .hollow { fill: var(--paper); stroke: var(--quiet); stroke-width: 1.6; }
svg .ring { fill: none; stroke: var(--ink); stroke-width: 1.6; }
svg .step { fill: none; stroke: var(--soft); stroke-width: 2; }
svg .badwash { fill: var(--bad-wash); }
@media print {
  :root { --paper: #fff; --ink: #000; --quiet: #444; --rule: #bbb; --wash: #f4f4f4;
    --main: #1f5f8b; --soft: #9dbfd6; --good: #2f7d4f; --bad: #b3422f; --warn: #7a5400; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  body { font-size: 10.5pt; }
  main { max-width: none; padding: 0; }
  .contents { display: none; }
  h2, h3 { break-after: avoid; }
  figure, table, .tile, .banner, .alarm { break-inside: avoid; }
  pre { white-space: pre-wrap; }
}
)css";

}  // namespace millgate
