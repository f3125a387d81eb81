/** Known to every copy of a module: this process answers over TLS with a certificate of its own. */
export const SERVES_TLS = Symbol.for('foreshard.console.tls');

export function servesTls(): boolean {
  return (globalThis as Record<symbol, unknown>)[SERVES_TLS] === true;
}

/** Why a certificate that was named would not be used; undefined: it is, or none was named. */
export function certificateFault(isNamed: boolean, isServed: boolean): string | undefined {
  if (!isNamed || isServed) return undefined;
  return 'WEB_TLS_CERT names a certificate, and "next start" cannot use one: start it with "npm start" or "node apps/web/src/secure.ts"';
}
