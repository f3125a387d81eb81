/** Asks a storage server for its version and settings, and judges whether it may be a host. */
import { engineOf, type Finding, problem, type Standing } from '../../hosts/index.ts';
import { invariant } from '../../kernel/index.ts';
import { ENGINE_ADAPTERS } from '../engines/index.ts';

/** `answers` is false for a server that is down or hangs, of which nothing else needs to be asked. */
export interface Inspection {
  readonly answers: boolean;
  readonly findings: readonly Finding[];
}

export async function inspectHost(
  url: string,
  subject = 'the host',
  standing: Standing = 'serving',
): Promise<Inspection> {
  const name = engineOf(url);
  invariant(name !== undefined, `"${url}" is no address of an engine`);
  const engine = ENGINE_ADAPTERS[name];
  try {
    return { answers: true, findings: await engine.settings(subject, url, standing) };
  } catch (error) {
    const { message } = error as Error;
    return engine.isReply(error)
      ? {
          answers: true,
          findings: [
            problem(subject, `it refuses: ${message}`, 'mend its address, or what the user in it may do'),
          ],
        }
      : {
          answers: false,
          findings: [problem(subject, `it does not answer: ${message}`, 'start it, or mend its address')],
        };
  }
}
