/** What a backup says of itself. Written last, so a folder without one is a backup that was broken off. */
import { z } from 'zod';
import { BackupFault } from './fault.ts';
import { FORMAT, FORMAT_VERSION, signature } from './keys.ts';

const fileSchema = z.object({ name: z.string(), bytes: z.int(), sha256: z.string() });

const countsSchema = z.object({
  users: z.int(),
  mailboxes: z.int(),
  messages: z.int(),
  /** Octets of all messages as their users see them. */
  messageBytes: z.int(),
  contents: z.int(),
  blobs: z.int(),
});

export const manifestSchema = z.object({
  format: z.literal(FORMAT),
  version: z.int(),
  /** The folder's. */
  folder: z.uuid(),
  id: z.string(),
  mallard: z.string(),
  /** Of the database's documents. */
  schema: z.int(),
  startedAt: z.iso.datetime(),
  finishedAt: z.iso.datetime(),
  counts: countsSchema,
  files: z.array(fileSchema),
  packs: z.array(fileSchema),
  /** Octets of all files that it needs, and of those that were written for it. */
  bytes: z.int(),
  addedBytes: z.int(),
  /** What a person should know, such as messages that could not be read. */
  warnings: z.array(z.string()),
});
export type Manifest = z.infer<typeof manifestSchema>;
export type Counts = z.infer<typeof countsSchema>;
export type FileEntry = z.infer<typeof fileSchema>;

const signedSchema = z.object({ manifest: z.unknown(), signature: z.string() });
const versionSchema = z.looseObject({ format: z.literal(FORMAT), version: z.int() });

export function writeManifest(manifest: Manifest, dataKey: Buffer): string {
  return `${JSON.stringify({ manifest, signature: signature(dataKey, JSON.stringify(manifest)) }, null, 1)}\n`;
}

/** Without the key its signature is not looked at: good enough for a list. Faults: damaged, wrong-version. */
export function readManifest(text: string, name: string, dataKey?: Buffer): Manifest {
  const signed = parsed(() => signedSchema.parse(JSON.parse(text)), name);
  const { version } = parsed(() => versionSchema.parse(signed.manifest), name);
  if (version > FORMAT_VERSION) throw newer(`The backup ${name}`, version);
  if (dataKey !== undefined && signature(dataKey, JSON.stringify(signed.manifest)) !== signed.signature) {
    throw new BackupFault('damaged', `The manifest of the backup ${name} was altered.`);
  }
  return parsed(() => manifestSchema.parse(signed.manifest), name);
}

export function newer(what: string, version: number): BackupFault {
  return new BackupFault(
    'wrong-version',
    `${what} is of form ${version}; this Mallard knows forms up to ${FORMAT_VERSION}. Install the newer Mallard and restore with it.`,
  );
}

function parsed<T>(read: () => T, name: string): T {
  try {
    return read();
  } catch (error) {
    throw new BackupFault('damaged', `The manifest of the backup ${name} is damaged.`, { cause: error });
  }
}
