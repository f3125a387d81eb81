/** What a `type` of a problem document leads to: the table of errors, or one of its rows. */
import { ERRORS, type ErrorCode, ForeshardError } from '@foreshard/core/kernel';
import { html } from 'hono/html';
import { ERROR_PAGES } from '../http/problem.ts';
import { page } from './page.ts';

/** @throws ForeshardError not_found */
export function errorPage(code: string | undefined): Promise<string> {
  if (code === undefined) return page('Errors of the Foreshard edge', nav(), all());
  if (!Object.hasOwn(ERRORS, code)) throw new ForeshardError('not_found', `There is no error "${code}".`);
  const { title, status, cure } = ERRORS[code as ErrorCode];
  const main = html`<h1>${title}</h1>
    <p><code>${code}</code>, HTTP status ${status}</p>
    <h2>What to do</h2>
    <p>${cure}</p>`;
  return page(title, nav(), main);
}

const codes = Object.keys(ERRORS) as ErrorCode[];

function nav() {
  const links = codes.map((code) => html`<li><a href="${ERROR_PAGES}/${code}">${code}</a></li>`);
  return html`<p><a href="/docs">API</a></p>
    <h2>Errors</h2>
    <ul>
      ${links}
    </ul>`;
}

function all() {
  const rows = codes.map((code) => {
    const { status, title, cure } = ERRORS[code];
    return html`<tr>
      <td><a href="${ERROR_PAGES}/${code}"><code>${code}</code></a></td>
      <td>${status}</td>
      <td>${title}</td>
      <td>${cure}</td>
    </tr>`;
  });
  return html`<h1>Errors</h1>
    <p>Every error is a problem document (RFC 9457) whose code is one of these.</p>
    <div class="wide" tabindex="0" role="region" aria-label="Errors">
      <table>
        <thead>
          <tr>
            <th scope="col">Code</th>
            <th scope="col">Status</th>
            <th scope="col">What it means</th>
            <th scope="col">What to do</th>
          </tr>
        </thead>
        <tbody>
          ${rows}
        </tbody>
      </table>
    </div>`;
}
