"""The style sheet of the report's page: quiet, and readable in the light, in the dark, on paper.

The series are the eight-colour set of Okabe and Ito, "Color Universal Design", 2008, which people
with any common colour blindness can tell apart; in the dark the same hues, made lighter.
"""

_LIGHT = """--paper:#f6f7f8;--card:#ffffff;--ink:#18212b;--muted:#56626e;--grid:#e4e8ec;
--good:#00714f;--bad:#b3400a;--c1:#0072b2;--c2:#d55e00;--c3:#009e73;--c4:#56b4e9;--c5:#e69f00;--c6:#cc79a7;
--c7:#7c8792;"""
_DARK = """--paper:#0f1419;--card:#171e26;--ink:#e6ebf0;--muted:#9caab7;--grid:#2a343e;
--good:#4cd0a3;--bad:#ff9a63;--c1:#4da6e0;--c2:#f08345;--c3:#35c79b;--c4:#a9dcff;--c5:#f0bf4a;--c6:#e59cc6;
--c7:#93a0ad;"""

STYLE = (
    f":root{{color-scheme:light dark;{_LIGHT}}}\n"
    f"@media screen and (prefers-color-scheme:dark){{:root{{{_DARK}}}}}\n"
    + """
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--paper);color:var(--ink);line-height:1.5;
font-family:system-ui,-apple-system,"Segoe UI",Roboto,"Liberation Sans",Arial,sans-serif}
main{max-width:1180px;margin:0 auto;padding:2.2rem 1.25rem 3rem}
h1{font-size:1.9rem;line-height:1.2;margin:.1rem 0 .6rem;letter-spacing:-.01em}
h2{font-size:1.2rem;margin:2.6rem 0 .8rem}
h3{font-size:1rem;margin:0 0 .5rem}
*+h3{margin-top:1rem}
.card p,.card li{font-size:.9rem;max-width:95ch}
.card>p:first-child{margin-top:0}
p{margin:.4rem 0;max-width:78ch}
small,.muted,figcaption{color:var(--muted)}
.kicker{color:var(--muted);font-size:.85rem;letter-spacing:.06em;text-transform:uppercase;margin:0}
.source{border-left:4px solid var(--c1);padding:.1rem 0 .1rem .8rem}
.source.facts{border-color:var(--c5)}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(165px,1fr));gap:.8rem;
margin:1.4rem 0 .6rem;padding:0}
.tile,.card{background:var(--card);border:1px solid var(--grid);border-radius:8px}
.tile{padding:.8rem 1rem}
.tile dt{color:var(--muted);font-size:.85rem}
.tile dd{margin:0;font-size:1.75rem;line-height:1.25;font-weight:650;
font-variant-numeric:tabular-nums;letter-spacing:-.01em}
.tile dd.hash{font:600 1.3rem/1.67 ui-monospace,"Liberation Mono",Menlo,Consolas,monospace}
.tile small{display:block;font-size:.8rem}
.grid{display:grid;grid-template-columns:repeat(2,minmax(0,1fr));gap:1rem}
.card{padding:1rem 1.1rem;margin:0;min-width:0}
.wide{grid-column:1/-1}
.scroll{overflow-x:auto}
figure svg{display:block;width:100%;height:auto}
figure svg *{stroke-linejoin:round;stroke-linecap:butt}
figure svg text{font-family:inherit!important}
figcaption{font-size:.9rem;margin-top:.5rem;max-width:95ch}
table{border-collapse:collapse;width:100%;font-size:.9rem;font-variant-numeric:tabular-nums}
th,td{padding:.3rem .7rem;text-align:right;white-space:nowrap;border-bottom:1px solid var(--grid)}
thead th,thead td{color:var(--muted);font-weight:600;vertical-align:bottom;white-space:pre-line}
tbody th{font-weight:500}
tr:last-child>*{border-bottom:0}
th:first-child,td:first-child{padding-left:0}
th:last-child,td:last-child{padding-right:0}
tbody th,.text{text-align:left}
.prose td,.prose th{white-space:normal;text-align:left;vertical-align:top}
.ours{font-weight:650;color:var(--ink)}
.sub{padding-left:1.1rem!important;color:var(--muted)}
.good{color:var(--good);font-weight:600}
.bad{color:var(--bad);font-weight:600}
code{font-family:ui-monospace,"Liberation Mono",Menlo,Consolas,monospace;font-size:.85em;
overflow-wrap:anywhere}
ul{margin:.3rem 0;padding-left:1.2rem}
li{margin:.25rem 0}
footer{margin-top:2.5rem;font-size:.85rem;color:var(--muted)}
@media (max-width:760px){.grid{grid-template-columns:minmax(0,1fr)}main{padding:1.4rem .8rem 2rem}
h1{font-size:1.5rem}.scroll>svg{min-width:420px}
.wide .scroll>svg{min-width:720px}.tile dd{font-size:1.4rem}
.tile dd.hash{font-size:1.05rem}}
@media print{@page{size:A4;margin:14mm}body{background:none;font-size:10pt}
main{padding:0;max-width:none}.tiles{grid-template-columns:repeat(3,1fr)}
.card,.tile{break-inside:avoid;border-color:#ccc}.card.long{break-inside:auto}h2{break-after:avoid}
tr{break-inside:avoid}.scroll{overflow:visible}table{font-size:8.5pt}th,td{padding:.12rem .35rem}}
"""
)
