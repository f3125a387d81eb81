/**
 * The console with a certificate of its own: `next start` cannot be given one, so its handler stands behind an HTTPS
 * server of ours. That is the outermost hop whose word about the client is true, like a proxy in front: it says where the
 * connection comes from, behind what proxies have said where some are trusted, and takes nothing of it from clients.
 */
import { readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { createServer } from 'node:https';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SERVES_TLS } from './server/identity/own-certificate.ts';
import { CertificateRenewal } from './server/identity/renewed-certificate.ts';

const DIR = join(dirname(fileURLToPath(import.meta.url)), '..');
/** Live pictures are one connection each; ending them is the work of the console, see closeOnSignal. */
const HEADERS_WITHIN_MS = 20_000;
const OLDEST = { minVersion: 'TLSv1.2' } as const;

type Next = (options: object) => {
  prepare(): Promise<void>;
  getRequestHandler(): (request: IncomingMessage, response: unknown) => Promise<void>;
};

const { WEB_TLS_CERT: cert, WEB_TLS_KEY: key, WEB_HOST: hostname = '127.0.0.1', WEB_PORT } = process.env;
const { WEB_TRUSTED_PROXY: proxies = '' } = process.env;

await start();

async function start(): Promise<void> {
  if (!cert || !key) return fail('WEB_TLS_CERT and WEB_TLS_KEY name the certificate and its key: set both');
  const server = secureServer(cert, key);
  (globalThis as Record<symbol, unknown>)[SERVES_TLS] = true;
  const next = createRequire(import.meta.url)('next') as Next;
  const port = Number(WEB_PORT ?? 7080);
  const app = next({ dev: false, dir: DIR, hostname, port });
  await app.prepare();
  const handle = app.getRequestHandler();
  server.on('request', (request: IncomingMessage, response: unknown) => {
    noteAddress(request);
    void handle(request, response);
  });
  server.on('error', ({ message }: Error) => fail(message));
  server.headersTimeout = HEADERS_WITHIN_MS;
  server.listen(port, hostname);
  const renewal = new CertificateRenewal({
    files: { cert, key },
    use: (pair) => server.setSecureContext({ ...pair, ...OLDEST }),
    log: say,
  });
  await renewal.watch();
  for (const signal of ['SIGTERM', 'SIGINT'] as const)
    process.once(signal, () => {
      server.close(() => process.exit(0));
      server.closeIdleConnections();
    });
}

/** What a client says of itself is worth nothing unless a trusted proxy has said it. */
function noteAddress({ headers, socket }: IncomingMessage): void {
  const forwarded = proxies === '' || proxies === '0' ? undefined : headers['x-forwarded-for'];
  headers['x-forwarded-for'] = [forwarded, socket.remoteAddress ?? ''].filter(Boolean).join(', ');
  headers['x-forwarded-proto'] = 'https';
}

function secureServer(certFile: string, keyFile: string) {
  try {
    return createServer({ cert: readFileSync(certFile), key: readFileSync(keyFile), ...OLDEST });
  } catch (error) {
    return fail(
      `the certificate of WEB_TLS_CERT and WEB_TLS_KEY cannot be used: ${(error as Error).message}`,
    );
  }
}

function fail(reason: string): never {
  say(reason);
  process.exit(1);
}

function say(line: string): void {
  process.stderr.write(`console: ${line}\n`);
}
