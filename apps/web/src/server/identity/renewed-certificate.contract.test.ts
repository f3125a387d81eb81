/** A real HTTPS server whose certificate changes on disk. */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, request, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { CertificateRenewal } from './renewed-certificate.ts';

const run = promisify(execFile);

let dir: string;
let server: Server;
let renewal: CertificateRenewal;
let lines: string[];
const file = (name: string) => join(dir, name);

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'foreshard-renewal-'));
  lines = [];
  await Promise.all(['first', 'second', 'third'].map(make));
  await install('first', 'first');
  const files = { cert: file('cert'), key: file('key') };
  const pair = { cert: await readFile(files.cert), key: await readFile(files.key) };
  server = createServer({ ...pair, minVersion: 'TLSv1.2' }, (_, response) => response.end('ok'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  renewal = new CertificateRenewal({
    files,
    use: (renewed) => server.setSecureContext({ ...renewed, minVersion: 'TLSv1.2' }),
    log: (line) => void lines.push(line),
  });
  await renewal.watch();
});
afterEach(async () => {
  renewal.stop();
  server.closeAllConnections();
  server.close();
  await rm(dir, { recursive: true, force: true });
});

async function make(name: string): Promise<void> {
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1'];
  const out = ['-keyout', file(`${name}.key`), '-out', file(`${name}.crt`)];
  await run('openssl', ['req', '-x509', ...kind, '-subj', `/CN=${name}`, ...out]);
}

async function install(cert: string, key: string): Promise<void> {
  await copyFile(file(`${cert}.crt`), file('cert'));
  await copyFile(file(`${key}.key`), file('key'));
}

/** Name in the certificate that a new connection is shown. */
async function served(): Promise<string> {
  const { port } = server.address() as AddressInfo;
  const sent = request({ port, host: '127.0.0.1', rejectUnauthorized: false, agent: false });
  sent.end();
  const [response] = await once(sent, 'response');
  const name = (response.socket as TLSSocket).getPeerCertificate().subject.CN;
  response.resume();
  return String(name);
}

it('shows a renewed certificate to new connections, by itself', async () => {
  expect(await served()).toBe('first');
  await install('second', 'second');
  await expect.poll(served).toBe('second');
  expect(lines).toEqual([expect.stringMatching(/was renewed: it is valid until .* GMT$/)]);
});

it('takes nothing where nothing has changed', async () => {
  expect([await renewal.look(), lines]).toEqual([false, []]);
});

it.each([
  ['a key of another renewal', () => install('second', 'third')],
  ['a certificate that is half written', () => writeFile(file('cert'), '-----BEGIN CERTIFICATE-----\nMIIB')],
  ['an empty key', () => writeFile(file('key'), '')],
  ['a file that is gone', () => rm(file('cert'))],
])(
  'serves the one before on with %s, says so once, and takes the whole pair when it is there',
  async (_, breaking) => {
    await breaking();
    expect([await renewal.look(), await renewal.look()]).toEqual([false, false]);
    expect(await served()).toBe('first');
    expect(lines).toEqual([expect.stringContaining('the one before is served on')]);
    await install('third', 'third');
    await expect.poll(served).toBe('third');
  },
);
