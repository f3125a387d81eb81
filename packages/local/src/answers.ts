/** Whether a server answers, asked with a few bytes, so that it needs no client library, password or session. */
import { connect } from 'node:net';

const ANSWER_WITHIN_MS = 1_000;
/** PostgreSQL's SSLRequest, the one message it answers before it knows who asks (its manual, "Message Formats"). */
const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]);

/** Throws, or answers false, while nothing answers there as a Redis does. Speaks its inline protocol. */
export async function redisAnswers(port: number): Promise<boolean> {
  const answer = await ask(port, 'PING\r\n');
  return answer.startsWith('+PONG') || answer.startsWith('-NOAUTH');
}

/** The same for PostgreSQL; one that is still starting answers as well. */
export async function postgresAnswers(port: number): Promise<boolean> {
  return /^[SN]/.test(await ask(port, SSL_REQUEST));
}

function ask(port: number, question: string | Buffer): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.setTimeout(ANSWER_WITHIN_MS, () => socket.destroy(new Error('no answer')));
    socket.once('connect', () => socket.write(question));
    socket.once('data', (data) => {
      socket.destroy();
      resolve(data.toString());
    });
    socket.once('error', reject);
    socket.once('end', () => reject(new Error('no answer')));
  });
}
