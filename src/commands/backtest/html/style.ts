/** The looks of the report: the palette of the dashboard, light and dark by the reader's setting, printed in black on white. */
export const STYLE = `
:root{color-scheme:light dark;--page:light-dark(#f6f7f7,#0e1213);--surface:light-dark(#fff,#161b1d);--sunken:light-dark(#eef0f1,#0a0d0e);
--line:light-dark(#e0e4e5,#293134);--strong:light-dark(#87939a,#66737a);--ink:light-dark(#15191b,#e9edee);--muted:light-dark(#56626a,#a3afb4);
--accent:light-dark(#0f6673,#6cc5d2);--soft:light-dark(#e0f0f2,#12343a);--wrong:light-dark(#bf7600,#e0a33e);--critical:light-dark(#b3231f,#ff8a80);
--critical-soft:light-dark(#fdebea,#3c1715);--warning-soft:light-dark(#fdf1dc,#372709);--rival:light-dark(#a3afb4,#56626a);--second:light-dark(#bf7600,#e0a33e)}
*{box-sizing:border-box}
html{background:var(--page);color:var(--ink);font:15px/1.5 Inter,ui-sans-serif,system-ui,sans-serif;overflow-wrap:anywhere;-webkit-text-size-adjust:100%}
body{margin:0 auto;max-width:1180px;padding:28px 20px 64px}
h1{font-size:26px;line-height:1.2;margin:0 0 4px;letter-spacing:-.01em;text-wrap:balance}
h2{font-size:18px;margin:40px 0 4px;letter-spacing:-.005em}
h3{font-size:14px;margin:0 0 8px;font-weight:600}
p{margin:0 0 12px;max-width:72ch}
small{color:var(--muted);font-size:12px}
.muted,.none{color:var(--muted)}
.verdict{font-size:18px;line-height:1.45;margin:18px 0 20px;max-width:64ch;text-wrap:pretty}
.note{border-left:3px solid var(--wrong);background:var(--warning-soft);padding:10px 14px;border-radius:0 8px 8px 0;margin:0 0 10px}
.note.bad{border-color:var(--critical);background:var(--critical-soft)}
.note p:last-child{margin:0}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:10px;margin:0 0 8px}
.tile,.card{background:var(--surface);border:1px solid var(--line);border-radius:10px}
.tile{padding:12px 14px}
.tile span{display:block;color:var(--muted);font-size:13px}
.tile strong{display:block;font-size:25px;line-height:1.25;font-weight:600;letter-spacing:-.02em;font-variant-numeric:tabular-nums}
.cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,330px),1fr));gap:14px;margin-top:12px}
.card{padding:14px 16px}.cards>.card{max-width:560px}
.card p{font-size:13px;color:var(--muted);margin:6px 0 0}
.scroll{overflow-x:auto}
.scroll svg{min-width:640px}
svg{display:block;width:100%;height:auto;overflow:visible}
.grid{stroke:var(--line)}
.tick,.axis{fill:var(--muted);font-size:11px;font-variant-numeric:tabular-nums}
.name{fill:var(--ink);font-size:13px}.value{fill:var(--ink);font-size:13px;font-weight:600;font-variant-numeric:tabular-nums}
.line{fill:none;stroke-width:2;stroke-linejoin:round;stroke-linecap:round}
.line.model{stroke:var(--accent)}.line.second{stroke:var(--second)}.line.ideal{stroke:var(--strong);stroke-width:1;stroke-dasharray:4 4}
.whisker{stroke:var(--ink);stroke-width:1.25;fill:none;opacity:.55}
.dot.model{fill:var(--accent);stroke:var(--surface);stroke-width:2}.dot.chosen{fill:var(--second);stroke:var(--surface);stroke-width:2}
.bar.model{fill:var(--accent)}.bar.rival{fill:var(--rival)}.bar.wrong{fill:var(--wrong)}.bar.quiet{fill:var(--soft)}
.legend{display:flex;flex-wrap:wrap;gap:4px 16px;font-size:13px;color:var(--muted);margin:6px 0 0;padding:0;list-style:none}
.legend i{display:inline-block;width:12px;height:4px;border-radius:2px;margin-right:6px;vertical-align:middle;background:var(--accent)}
.legend .two i{background:var(--second)}.legend .dotted i{background:none;border-top:1px dashed var(--strong);height:0}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums;font-size:14px;background:var(--surface)}
th,td{text-align:right;padding:8px 12px;border-top:1px solid var(--line);vertical-align:top;white-space:nowrap}
thead th{border:0;color:var(--muted);font-weight:500;font-size:13px;white-space:normal;overflow-wrap:normal;vertical-align:bottom}
th:first-child,td:first-child{text-align:left}
td small{display:block}
tr.main td{background:var(--soft)}
.table{border:1px solid var(--line);border-radius:10px;overflow-x:auto;margin-top:12px;background:var(--surface)}
.failures{border:1px solid var(--line);border-radius:10px;background:var(--surface);padding:4px 14px;margin-top:12px}
.failure{display:grid;grid-template-columns:minmax(120px,220px) 1fr minmax(110px,160px);gap:14px;align-items:center;padding:7px 0;border-top:1px solid var(--line);font-size:14px}
.failure.head{border:0;color:var(--muted);font-size:12px}
.who small{display:block}.who b{font-weight:600}.who b+small{display:inline}
.scale{display:flex;justify-content:space-between}
.strip{position:relative;display:block;height:18px;background:var(--sunken);border-radius:4px}
.strip svg{height:18px;border-radius:4px;fill:var(--accent);overflow:hidden;shape-rendering:crispEdges}
.strip i{position:absolute;top:-3px;bottom:-3px;width:3px;margin-left:-1px;background:var(--second);border-radius:2px;box-shadow:0 0 0 1.5px var(--surface)}
.missed{color:var(--muted)}.caught{color:var(--accent);font-weight:600}
details>summary{cursor:pointer;padding:10px 0;border-top:1px solid var(--line);color:var(--accent);font-size:14px}
dl{display:grid;grid-template-columns:minmax(120px,max-content) 1fr;gap:4px 18px;margin:12px 0 0;font-size:14px}
dt{color:var(--muted)}dd{margin:0}
footer{margin-top:44px;color:var(--muted);font-size:13px}
@media (max-width:640px){body{padding:18px 14px 48px}h1{font-size:22px}.verdict{font-size:16px}.failure{grid-template-columns:1fr auto;gap:4px 10px}.failure .strip,.failure .scale{grid-column:1/-1;grid-row:2}.failure.head>span:first-child,.failure.head>span:last-child{display:none}.tile strong{font-size:21px}.tiles{grid-template-columns:1fr 1fr}dl{grid-template-columns:1fr}dd{margin:0 0 6px}}
@media print{:root{color-scheme:light}body{max-width:none}.card,.tile,.failure{break-inside:avoid}}
`.trim();
