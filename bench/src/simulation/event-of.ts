/** What a frame says: the event as it was sent. */
import { framePayload } from '@foreshard/core/hosts';

export function eventOf(frame: Uint8Array): { readonly id: string; readonly content: string } {
  const content = Buffer.from(framePayload(frame)).toString('utf8');
  return { id: (JSON.parse(content) as { id: string }).id, content };
}
