/** How a server of an engine is asked and used. */
import type { EventHost, Finding, ProgressWatch, Standing } from '../../hosts/index.ts';
import type { HostCounters } from '../../telemetry/index.ts';

export interface HostConnection {
  readonly url: string;
  /** the run that the topology store knows; undefined: any, for who identifies or readmits it */
  readonly expectedIncarnation: string | undefined;
  readonly callTimeoutMs?: number;
  /** judges every answer; undefined: none is judged */
  readonly watch?: ProgressWatch | undefined;
}

/** Counters since the start of the engine, and what is in use now. */
export interface HostResources extends HostCounters {
  readonly memoryBytes?: number;
  readonly diskBytes?: number;
}

export interface ResourceReader {
  /** @throws when the host does not answer in time */
  read(): Promise<HostResources>;
  close(): void;
}

export interface HostEngine {
  /** @throws HostUnreachable, or UnsuitableServer when it must not be a host */
  connect(connection: HostConnection): Promise<EventHost>;
  /** Judges version and settings. @throws when it does not answer, or `isReply` when it refuses */
  settings(subject: string, url: string, standing: Standing): Promise<Finding[]>;
  /** Is it an error that the server has answered with? */
  isReply(error: unknown): boolean;
  /** on a connection of its own, so that a slow answer keeps no append waiting */
  resources(url: string, nowMs: () => number): ResourceReader;
  /** where it keeps its files, as it says; undefined: it hides that */
  dataFolder(url: string): Promise<string | undefined>;
  /** Only examinations have to know it, so it is no operation of the port: it is read where it is kept. */
  createFloor(url: string): Promise<number>;
  /** functions that are loaded apart from the data, and so can get lost without it; undefined: there are none */
  readonly functions:
    | {
        /** of this release's */
        name(): string;
        loaded(url: string): Promise<readonly string[]>;
      }
    | undefined;
}
