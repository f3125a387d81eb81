/** What is sealed, and with what. */

/** Columns of a row as the database tells them, as texts: the same bytes whoever reads them. */
export interface ChainRow {
  readonly id: string;
  readonly columns: readonly (string | null)[];
}

/** HMAC-SHA-256 under the key of the chain, in hex. */
export type Hmac = (bytes: Uint8Array) => string;
