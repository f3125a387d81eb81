export { docsPage } from './docs-page.ts';
export { errorPage } from './error-page.ts';
export { openApiDocument } from './open-api.ts';
export { PAGE_HEADERS } from './page.ts';
