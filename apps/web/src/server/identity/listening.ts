/**
 * Where the console listens. Without TLS in front, passwords and cookies would cross the network in the clear, so it
 * then takes loopback addresses only.
 */
const LOOPBACK = /^(127(\.\d{1,3}){3}|localhost|::1|\[::1\])$/;

/** Of `next start`: without a host it listens on every address. */
export function listeningHost(argv: readonly string[]): string | undefined {
  for (const [i, arg] of argv.entries()) {
    if (arg === '-H' || arg === '--hostname') return argv[i + 1];
    const joined = /^(?:-H=?|--hostname=)(.+)$/.exec(arg);
    if (joined !== null) return joined[1];
  }
  return undefined;
}

/** Why it must not listen there, with the cure; undefined: it may. */
export function listeningFault(argv: readonly string[], hasTrustedProxy: boolean): string | undefined {
  const host = listeningHost(argv);
  if (hasTrustedProxy || (host !== undefined && LOOPBACK.test(host))) return undefined;
  const where = host === undefined ? 'on every address (next start without -H)' : `on ${host}`;
  return (
    `it would listen ${where} without TLS, so passwords could be read on the way. ` +
    'Put a proxy with TLS in front of it and set WEB_TRUSTED_PROXY=1, give it a certificate (WEB_TLS_CERT, WEB_TLS_KEY), or listen on 127.0.0.1 (WEB_HOST, -H)'
  );
}
