/**
 * What is no HTTP request, or does not arrive in time, still gets a problem document before its connection
 * is closed. There is no request object then, so the answer is written on the bare connection.
 */
import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { ErrorCode } from '@foreshard/core/kernel';
import { PROBLEM_MEDIA_TYPE, problemDocument } from './problem.ts';

interface Refusal {
  readonly code: ErrorCode;
  readonly detail: string;
}

/** By the code of Node's HTTP parser; whatever else it finds is a malformed request. */
const REFUSALS: Readonly<Record<string, Refusal>> = {
  HPE_HEADER_OVERFLOW: {
    code: 'headers_too_large',
    detail: 'The request line and the headers exceed 16 KiB.',
  },
  HPE_CHUNK_EXTENSIONS_OVERFLOW: { code: 'body_too_large', detail: 'The chunk extensions exceed 16 KiB.' },
  ERR_HTTP_REQUEST_TIMEOUT: { code: 'request_timeout', detail: 'The request did not arrive in time.' },
};
/** the client is gone */
const GONE: ReadonlySet<string> = new Set(['ECONNRESET', 'EPIPE', 'HPE_INVALID_EOF_STATE']);

/** The status that was answered; `undefined` when there was nobody left to answer, or an answer under way. */
export function answerBroken(
  error: Error & { code?: string; reason?: string },
  socket: Duplex,
): number | undefined {
  const { code = '', reason } = error;
  if (!socket.writable || GONE.has(code) || isAnswering(socket)) {
    socket.destroy();
    return undefined;
  }
  const refusal = REFUSALS[code] ?? {
    code: 'malformed_request' as const,
    detail: `The request is not valid HTTP: ${reason ?? error.message}.`,
  };
  return writeProblem(socket, refusal);
}

/** For methods that Node hands out without a response, such as CONNECT. */
export function refuseTunnel(socket: Duplex): number {
  return writeProblem(socket, { code: 'method_not_allowed', detail: 'The edge is no proxy.' });
}

function writeProblem(socket: Duplex, { code, detail }: Refusal): number {
  const document = problemDocument(code, detail);
  const body = JSON.stringify(document);
  const head = [
    `HTTP/1.1 ${document.status} ${STATUS_CODES[document.status]}`,
    `content-type: ${PROBLEM_MEDIA_TYPE}`,
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
    // RFC 9110 (15.5.6) wants it; this target takes no method at all
    ...(document.status === 405 ? ['allow:'] : []),
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
  return document.status;
}

/** An answer that has begun must not get another one in its middle. */
function isAnswering(socket: Duplex): boolean {
  const { _httpMessage } = socket as { _httpMessage?: { headersSent: boolean } | null };
  return _httpMessage?.headersSent === true;
}
