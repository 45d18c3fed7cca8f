/* SPDX-License-Identifier: MIT */
/*
 * One style for screen, phone and paper, light and dark. Colours have a contrast of at least 4.5
 * to their background (WCAG 2.1, 1.4.3) where they colour text, 3 where they fill a shape, and
 * nothing is said by colour alone. ISO C promises literals of 4,095 bytes, hence the pieces.
 */
#include "base/html_style.h"

#include <stddef.h>

const char *const avd_html_style[] = {
    /* ---- colours ---- */
    ":root{--bg:#fff;--fg:#1b1f24;--dim:#57606a;--line:#d0d7de;--card:#f4f6f8;--link:#0550ae;\n"
    "--error:#b3001b;--warning:#7a4d00;--info:#0550ae;--good:#116329;\n"
    "--sure:#1a7f37;--likely:#0969da;--mixed:#8250df;--guess:#bc4c00;--none:#6e7781;\n"
    "--image:#0969da;--stack:#bc4c00;--private:#1a7f37;--mapped:#8250df;--reserved:#8c959f;\n"
    "--data:#57606a;--free:#eaeef2}\n"
    "@media screen and (prefers-color-scheme:dark){:root{--bg:#0d1117;--fg:#e6edf3;--dim:#9da7b3;\n"
    "--line:#3d444d;--card:#161b22;--link:#79b8ff;--error:#ff8a80;--warning:#e3b341;\n"
    "--info:#79b8ff;--good:#56d364;--sure:#3fb950;--likely:#58a6ff;--mixed:#bc8cff;\n"
    "--guess:#f0883e;--none:#8b949e;--image:#58a6ff;--stack:#f0883e;--private:#3fb950;\n"
    "--mapped:#bc8cff;--reserved:#6e7681;--data:#9da7b3;--free:#21262d}}\n",
    /* ---- text ---- */
    "*{box-sizing:border-box}\n"
    "html{-webkit-text-size-adjust:100%;text-size-adjust:100%}\n"
    "body{margin:0 auto;padding:1rem;max-width:90rem;background:var(--bg);color:var(--fg);\n"
    "font:16px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,sans-serif;overflow-wrap:anywhere}\n"
    "h1{font-size:1.4rem;line-height:1.3;margin:.2rem 0 .6rem;unicode-bidi:isolate}\n"
    "h2{font-size:1.15rem;margin:2rem 0 .6rem;padding-bottom:.2rem;"
    "border-bottom:1px solid var(--line)}\n"
    "h3{font-size:1rem;margin:1rem 0 .4rem}\n"
    "a{color:var(--link)}\n"
    "code,.k,pre{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',"
    "monospace;\nfont-size:.86rem}\n"
    "code,td,th,dd,li,summary{unicode-bidi:isolate}\n"
    "pre{white-space:pre-wrap;margin:.3rem 0}\n"
    "p{margin:.4rem 0}\n"
    ".dim{color:var(--dim)}\n"
    ".error{color:var(--error)}.warning{color:var(--warning)}.info{color:var(--info)}"
    ".good{color:var(--good)}\n"
    "nav ul{list-style:none;display:flex;flex-wrap:wrap;gap:.2rem 1rem;padding:0;margin:.6rem 0}\n"
    /* Fingers need more than a line of text. */
    "nav a{display:inline-block;padding:.25rem 0}\n"
    ":focus-visible{outline:2px solid var(--link);outline-offset:2px}\n",
    /* ---- blocks ---- */
    "dl{display:grid;grid-template-columns:max-content minmax(0,1fr);gap:.15rem 1rem;margin:.4rem "
    "0}\n"
    "dt{color:var(--dim)}dd{margin:0;min-width:0}\n"
    ".verdict{background:var(--card);border:1px solid var(--line);border-left:.4rem solid "
    "var(--error);\npadding:.8rem 1rem;border-radius:.4rem}\n"
    ".verdict.calm{border-left-color:var(--info)}.verdict.pass{border-left-color:var(--good)}\n"
    ".card{background:var(--card);border:1px solid var(--line);border-radius:.4rem;padding:.6rem "
    "1rem;margin:.6rem 0}\n"
    ".card h3{margin-top:.2rem}.card ul{margin:.2rem 0 .6rem;padding-left:1.4rem}\n"
    ".pair{display:grid;grid-template-columns:minmax(0,1fr);gap:0 2rem}\n"
    "@media (min-width:75rem){.pair.two{grid-template-columns:minmax(0,1fr) minmax(0,1fr)}}\n"
    "details{border:1px solid var(--line);border-radius:.4rem;padding:.2rem .8rem;margin:.4rem 0}\n"
    "summary{cursor:pointer;padding:.3rem 0}\n",
    /* ---- tables and stacks ---- */
    ".scroll{overflow-x:auto;max-width:100%}\n"
    "table{border-collapse:collapse;width:100%;font-size:.9rem}\n"
    "th,td{text-align:left;vertical-align:top;padding:.2rem .6rem .2rem 0;border-bottom:1px solid "
    "var(--line)}\n"
    "th{color:var(--dim);font-weight:600}\n"
    "th[scope=row]{color:inherit;font-weight:inherit}\n"
    ".n{text-align:right;white-space:nowrap}.a{white-space:nowrap}\n"
    "td,th{overflow-wrap:break-word}td.s,th.s{min-width:12rem;overflow-wrap:anywhere}\n"
    ".w{min-width:8rem}\n"
    "tr.blamed td,tr.blamed th{background:var(--card);font-weight:600}\n"
    "tr.gap td{color:var(--guess);font-style:italic}\n"
    "tr.inline td,tr.inline th{color:var(--dim)}\n"
    ".src{color:var(--dim);display:block}\n",
    /* ---- pictures ---- */
    "svg{display:block;width:100%}\n"
    "svg.trust{height:2.2rem;background:var(--card)}\n"
    "svg.map{height:1.4rem;background:var(--free);min-width:12rem}\n"
    "table.m td,table.m th{padding:.1rem .6rem .1rem 0}table.m .s{width:60%}\n"
    ".t4{fill:var(--sure)}.t3{fill:var(--likely)}.t2{fill:var(--mixed)}.t1{fill:var(--guess)}"
    ".t0{fill:var(--none)}.tg{fill:var(--error)}\n"
    ".m1{fill:var(--reserved)}.m2{fill:var(--data)}.m3{fill:var(--mapped)}.m4{fill:var(--private)}"
    ".m5{fill:var(--image)}.m6{fill:var(--stack)}.md{fill:var(--fg)}\n"
    ".key{list-style:none;display:flex;flex-wrap:wrap;gap:.1rem 1.2rem;padding:0;margin:.4rem 0;"
    "font-size:.9rem}\n"
    ".key svg{display:inline-block;width:1rem;height:1rem;vertical-align:-.15rem;"
    "margin-right:.3rem}\n",
    /* ---- phones ---- */
    "@media (max-width:40rem){body{padding:.6rem}\n"
    "dl{grid-template-columns:minmax(0,1fr);gap:0}dd{margin-bottom:.4rem}\n"
    /* A row of an .f table becomes two lines: what it is about, then its numbers. */
    "table.f thead{position:absolute;clip-path:inset(50%);height:1px;overflow:hidden}\n"
    "table.f,table.f tbody{display:block}\n"
    "table.f tr{display:flex;flex-wrap:wrap;gap:0 .8rem;border-bottom:1px solid var(--line);"
    "padding:.25rem 0}\n"
    "table.f td,table.f th{border:0;padding:0;min-width:0}\n"
    "table.f .s,table.m .s{order:-1;flex:1 0 100%;width:100%}\n"
    "table.f .a{color:var(--dim);font-size:.75rem}}\n",
    /* ---- paper: what is folded stays folded, as the reader has left it ---- */
    "@media print{:root{--bg:#fff;--fg:#000;--dim:#444;--line:#999;--card:#fff;--link:#000}\n"
    "body{max-width:none;padding:0;font-size:10pt}nav,.noprint{display:none}\n"
    ".scroll{overflow:visible}h2,h3{break-after:avoid}tr,.card{break-inside:avoid}\n"
    "svg,svg *{-webkit-print-color-adjust:exact;print-color-adjust:exact}\n"
    "table{font-size:8pt}code,.k{font-size:8pt}\n"
    ".pair.two{grid-template-columns:minmax(0,1fr)}}\n",
    NULL,
};
