/**
 * Clients that open a request and then send a byte a second: half of them in the headers, half in a body of
 * which a part is there. They come back when the edge cuts them off. Runs until it is stopped; prints one
 * JSON line, with the connections that stand open, each second.
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

let open = 0;
let answered = 0;

function slowClient(inBody: boolean): void {
  const socket = connect(Number(target.port), target.hostname, () => {
    open++;
    socket.write(
      inBody ? `${head}\r\ncontent-length: 8388608\r\n\r\n${' '.repeat(bodyBytes)}` : `${head}\r\nx: `,
    );
  });
  const trickle = setInterval(() => socket.write(' '), 1_000);
  socket.on('data', () => answered++);
  socket.on('error', () => {});
  socket.on('close', () => {
    clearInterval(trickle);
    open--;
    setTimeout(() => slowClient(inBody), 100);
  });
}

for (let i = 0; i < Number(clientsText); i++) slowClient(i % 2 === 1);
setInterval(() => console.log(JSON.stringify({ open, answered })), 1_000);
