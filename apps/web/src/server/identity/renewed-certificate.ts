/**
 * A certificate is renewed on disk while the console runs: the new pair is taken for connections from then on, and those
 * that are open go on. A pair that cannot be used (half written, key and certificate of different renewals) is left alone
 * and looked at again, and the pair before is served.
 */
import { X509Certificate } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { createSecureContext, type SecureContextOptions } from 'node:tls';

export interface CertificateFiles {
  readonly cert: string;
  readonly key: string;
}

export interface RenewalParts {
  readonly files: CertificateFiles;
  /** takes the pair into use */
  readonly use: (pair: Pick<SecureContextOptions, 'cert' | 'key'>) => void;
  readonly log: (line: string) => void;
}

/** Two calls to the file system; tools renew weeks ahead. */
const LOOK_EVERY_MS = 2_000;

export class CertificateRenewal {
  private readonly parts: RenewalParts;
  private timer: NodeJS.Timeout | undefined;
  /** of the pair that is in use, or was found unusable with the same files */
  private seen = '';
  private fault = '';

  constructor(parts: RenewalParts) {
    this.parts = parts;
  }

  /** The pair that is in use was just read. */
  async watch(): Promise<void> {
    this.seen = await this.stateOfFiles().catch(() => '');
    this.timer = setInterval(() => void this.look(), LOOK_EVERY_MS);
    // whoever ends the server ends the process
    this.timer.unref();
  }

  stop(): void {
    clearInterval(this.timer);
  }

  /** Answers whether a new pair was taken. */
  async look(): Promise<boolean> {
    try {
      const state = await this.stateOfFiles();
      if (state === this.seen) return false;
      const { cert: certFile, key: keyFile } = this.parts.files;
      const [cert, key] = await Promise.all([readFile(certFile), readFile(keyFile)]);
      // throws where one of them is broken, or they do not belong together
      createSecureContext({ cert, key });
      this.parts.use({ cert, key });
      this.seen = state;
      this.fault = '';
      this.parts.log(`the certificate was renewed: it is valid until ${new X509Certificate(cert).validTo}`);
      return true;
    } catch (error) {
      this.failed((error as Error).message);
      return false;
    }
  }

  /** Tried again at each look, said once. */
  private failed(reason: string): void {
    if (reason === this.fault) return;
    this.fault = reason;
    this.parts.log(`the renewed certificate cannot be used, the one before is served on: ${reason}`);
  }

  private async stateOfFiles(): Promise<string> {
    const { cert, key } = this.parts.files;
    const found = await Promise.all([stat(cert), stat(key)]);
    return found.map(({ mtimeMs, size, ino }) => `${mtimeMs} ${size} ${ino}`).join(' ');
  }
}
