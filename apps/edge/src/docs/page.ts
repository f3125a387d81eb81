/**
 * The frame of the pages that the edge shows to people: one document without scripts and without anything
 * from elsewhere, readable without a network, in light and dark, on paper and on a phone.
 */
import { hash } from 'node:crypto';
import { html, raw } from 'hono/html';

const STYLE = `
:root { color-scheme: light dark;
  --ink: light-dark(#1c2126, #e4e7ea); --soft: light-dark(#56606a, #a2abb4); --paper: light-dark(#fff, #14171a);
  --card: light-dark(#f4f6f8, #1d2125); --line: light-dark(#d5dae0, #363c43); --link: light-dark(#0b5cad, #7cb7f5);
  --get: light-dark(#0b6b3a, #6fd39c); --post: light-dark(#8a4b00, #f2b366); }
* { box-sizing: border-box }
body { margin: 0; font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper) }
a { color: var(--link) } a:focus-visible, summary:focus-visible { outline: 2px solid var(--link); outline-offset: 2px }
.frame { display: grid; grid-template-columns: 19rem minmax(0, 1fr); max-width: 84rem; margin: auto }
nav { position: sticky; top: 0; height: 100vh; overflow: auto; padding: 1.5rem 1rem; border-right: 1px solid var(--line) }
nav ul { list-style: none; margin: 0 0 1rem; padding: 0; font-size: .875rem } nav li { padding: .15rem 0 }
nav h2 { font-size: .75rem; text-transform: uppercase; letter-spacing: .05em; color: var(--soft); margin: .5rem 0 }
main { padding: 1.5rem 2rem; min-width: 0 }
section { border-top: 1px solid var(--line); padding: 1rem 0 1.5rem } h1 { margin-top: 0 } h3 { margin-bottom: .25rem }
h4 { margin: 1rem 0 .25rem; font-size: .875rem; color: var(--soft) } p { max-width: 46rem }
code, pre { font: .875rem/1.5 ui-monospace, monospace } pre { background: var(--card); padding: .75rem; overflow: auto }
pre:focus-visible { outline: 2px solid var(--link) }
.get, .post { font-weight: 700 } .get { color: var(--get) } .post { color: var(--post) }
.wide { overflow-x: auto } table { border-collapse: collapse; width: 100%; font-size: .9rem }
th, td { text-align: left; vertical-align: top; padding: .35rem .75rem .35rem 0; border-bottom: 1px solid var(--line) }
summary { cursor: pointer }
@media (max-width: 56rem) { .frame { display: block } nav { position: static; height: auto; max-height: 14rem; border: 0; border-bottom: 1px solid var(--line) } main { padding: 1rem } }
@media print { nav { display: none } .frame { display: block } }
`;

/** Nothing but the style above: no script, no picture, no frame, no form, nothing from elsewhere. */
export const PAGE_HEADERS = {
  'content-security-policy': [
    "default-src 'none'",
    `style-src 'sha256-${hash('sha256', STYLE, 'base64')}'`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
};

export type Html = ReturnType<typeof html>;

/** Paragraphs as the descriptions are written: lines that belong together, and code between backticks. */
export function paragraphs(text: string): Html {
  const made = text
    .split(/\n{2,}/)
    .map((paragraph) => html`<p>${inline(paragraph.replaceAll('\n', ' '))}</p>`);
  return html`${made}`;
}

export function inline(text: string): Html {
  // every second piece stood between backticks
  const pieces = text.split('`').map((piece, i) => (i % 2 === 1 ? html`<code>${piece}</code>` : piece));
  return html`${pieces}`;
}

export async function page(title: string, nav: Html, main: Html): Promise<string> {
  const document = await html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title}</title>
        <style>${raw(STYLE)}</style>
      </head>
      <body>
        <div class="frame">
          <nav aria-label="Contents">${nav}</nav>
          <main>${main}</main>
        </div>
      </body>
    </html>`;
  return String(document);
}
