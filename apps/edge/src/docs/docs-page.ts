/** The OpenAPI document as a page for people. */
import { html } from 'hono/html';
import type { OpenApiDocument, OperationObject, ParameterObject, ResponseObject } from './open-api.ts';
import { type Html, inline, page, paragraphs } from './page.ts';

interface Entry {
  readonly path: string;
  readonly method: string;
  readonly operation: OperationObject;
}

export function docsPage(document: OpenApiDocument): Promise<string> {
  const entries = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );
  const byTag = Map.groupBy(entries, ({ operation }) => operation.tags[0] ?? '');
  const { info, components, tags } = document;
  const about = tags.map(({ name, description }) => {
    const sections = (byTag.get(name) ?? []).map(section);
    return html`<h2>${description}</h2>
      ${sections}`;
  });
  const schemas = Object.entries(components.schemas).map(
    ([name, schema]) =>
      html`<details id="schema-${name}">
        <summary><code>${name}</code></summary>
        ${block(schema)}
      </details>`,
  );
  const main = html`<h1>${info.title} ${info.version}</h1>
    ${paragraphs(info.description)}
    <p><a href="/v1/openapi.json">OpenAPI document</a> · <a href="/docs/errors">Errors</a></p>
    ${about}
    <h2>Schemas</h2>
    ${schemas}`;
  return page(info.title, contents(tags, byTag), main);
}

function contents(tags: OpenApiDocument['tags'], byTag: ReadonlyMap<string, readonly Entry[]>): Html {
  const lists = tags.map(({ name }) => {
    const links = (byTag.get(name) ?? []).map(
      ({ operation, method }) =>
        html`<li>
          <a href="#${operation.operationId}">${operation.summary}</a> <span class="${method}">${method}</span>
        </li>`,
    );
    return html`<h2>${name}</h2>
      <ul>
        ${links}
      </ul>`;
  });
  return html`${lists}
    <p><a href="/docs/errors">Errors</a></p>`;
}

function section({ path, method, operation }: Entry): Html {
  const { operationId, summary, description, parameters = [], requestBody, responses } = operation;
  return html`<section id="${operationId}">
    <h3>${summary}</h3>
    <p><code><span class="${method}">${method.toUpperCase()}</span> ${path}</code></p>
    ${paragraphs(description)}
    ${parameters.length === 0 ? '' : parameterTable(parameters)}
    ${requestBody === undefined ? '' : bodies('Body', requestBody.content)}
    <h4>Answers</h4>
    ${responseTable(responses)} ${bodies('Answer', responses['200']?.content ?? {})}
  </section>`;
}

function parameterTable(parameters: readonly ParameterObject[]): Html {
  const rows = parameters.map(
    ({ name, in: place, required, description = '' }) =>
      html`<tr>
        <th scope="row"><code>${name}</code></th>
        <td>${place}${required ? ', required' : ''}</td>
        <td>${inline(description)}</td>
      </tr>`,
  );
  return html`<h4>Parameters</h4>
    <div class="wide"><table><tbody>${rows}</tbody></table></div>`;
}

function responseTable(responses: Readonly<Record<string, ResponseObject>>): Html {
  const rows = Object.entries(responses).map(
    ([status, { description }]) =>
      html`<tr>
        <th scope="row">${status}</th>
        <td>${inline(description)}</td>
      </tr>`,
  );
  return html`<div class="wide"><table><tbody>${rows}</tbody></table></div>`;
}

function bodies(title: string, content: Readonly<Record<string, { example?: unknown }>>): Html {
  const blocks = Object.entries(content)
    .filter(([, { example }]) => example !== undefined)
    .map(
      ([type, { example }]) =>
        html`<h4>${title}, <code>${type}</code></h4>
          ${block(example)}`,
    );
  return html`${blocks}`;
}

function block(value: unknown): Html {
  const text = typeof value === 'string' ? value : JSON.stringify(value, null, 2);
  return html`<pre tabindex="0">${text}</pre>`;
}
