/** A mail server under measurement. Both kinds are asked the same questions by the same client. */
export type BenchUser = { readonly username: string; readonly password: string };

export type Target = {
  readonly name: string;
  readonly version: string;
  readonly imapPort: number;
  readonly lmtpPort: number;
  /** 0 when there is no POP3. */
  readonly pop3Port: number;
  /** Milliseconds from the start of the mail server (databases running) until it greets. */
  readonly startMs: number;
  readonly createUser: () => Promise<BenchUser>;
  /** The mail server's own processes, databases apart: what a connection costs. */
  readonly serverPids: () => readonly number[];
  /** The databases' processes. */
  readonly databasePids: () => readonly number[];
  /** Resident memory of each process, by title (octets). */
  readonly memory: () => ReadonlyMap<string, number>;
  /** What the mail occupies on the disk (octets), after everything has been written out. */
  readonly diskBytes: () => Promise<number>;
  /** The mail server starts afresh with its data. */
  readonly restart: () => Promise<void>;
  readonly close: () => Promise<void>;
};
