/** What the sign-in page has to say before anybody writes anything. */
import { hasAdministrator } from '@foreshard/core/access';
import { consoleServer } from '../main.ts';

/** `empty`: nobody can sign in before the first administrator is made. `away`: the store does not answer. */
export interface DoorState {
  readonly people: 'some' | 'empty' | 'away';
  /** the name of the identity provider; undefined: local accounts only */
  readonly provider: string | undefined;
}

export async function doorState(): Promise<DoorState> {
  const { people, provider } = consoleServer();
  const found = await hasAdministrator(people).catch((error: Error) => {
    if (error.name !== 'DatabaseUnreachable') throw error;
    return undefined;
  });
  return {
    people: found === undefined ? 'away' : found ? 'some' : 'empty',
    provider: provider?.name,
  };
}
