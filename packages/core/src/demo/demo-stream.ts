/** The stream of the demo. Its name is reserved, so what the demo deletes is always its own. */
export const DEMO_STREAM = 'demo--watch-it-work';

const PREFIX = 'demo--';

/** Nobody but the demo creates a stream named so. */
export function isDemoStream(stream: string): boolean {
  return stream.startsWith(PREFIX);
}
