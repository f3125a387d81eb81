/**
 * Clients that open a request and then send a byte a second: half of them in the headers, half in a body of
 * which a part is there. They come back when the edge cuts them off. Runs until it is stopped.
 *
 *   node slow-clients.ts URL TOKEN CLIENTS BODY-BYTES
 */
import { connect } from 'node:net';

const [url = '', token = '', clientsText = '1000', bodyBytesText = '65536'] = process.argv.slice(2);
const target = new URL(url);
const bodyBytes = Number(bodyBytesText);
const head = [
  'POST /v1/events HTTP/1.1',
  `host: ${target.host}`,
  `authorization: Bearer ${token}`,
  'content-type: application/x-ndjson',
].join('\r\n');

function slowClient(inBody: boolean): void {
  const socket = connect(Number(target.port), target.hostname, () => {
    socket.write(
      inBody ? `${head}\r\ncontent-length: 8388608\r\n\r\n${' '.repeat(bodyBytes)}` : `${head}\r\nx: `,
    );
  });
  const trickle = setInterval(() => socket.write(' '), 1_000);
  socket.resume();
  socket.on('error', () => {});
  socket.on('close', () => {
    clearInterval(trickle);
    setTimeout(() => slowClient(inBody), 100);
  });
}

for (let i = 0; i < Number(clientsText); i++) slowClient(i % 2 === 1);
