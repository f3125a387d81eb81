/** The server-sent events of a body (WHATWG HTML, 9.2.6), as far as an edge uses them. */
export interface ServerSentEvent {
  /** undefined: a comment, which only says that the other side is still there */
  readonly name: string | undefined;
  readonly id: string | undefined;
  readonly data: string;
}

/** Ends with the body. Whoever stops early cancels it. */
export async function* serverSentEvents(body: ReadableStream<Uint8Array>): AsyncGenerator<ServerSentEvent> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let text = '';
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      text += decoder.decode(value, { stream: true });
      // an edge ends lines with \n alone
      const end = text.lastIndexOf('\n\n');
      if (end === -1) continue;
      for (const block of text.slice(0, end).split('\n\n')) yield eventOf(block);
      text = text.slice(end + 2);
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}

function eventOf(block: string): ServerSentEvent {
  let name: string | undefined;
  let id: string | undefined;
  const data: string[] = [];
  for (const line of block.split('\n')) {
    const colon = line.indexOf(':');
    const field = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? '' : line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1);
    if (field === 'event') name = value;
    else if (field === 'id') id = value;
    else if (field === 'data') data.push(value);
  }
  return { name: name ?? (data.length === 0 ? undefined : 'message'), id, data: data.join('\n') };
}
