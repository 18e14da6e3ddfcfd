/**
 * A file of named frames, compressed and sealed. Written once from beginning to end, read the same way; memory is bounded by one chunk.
 *
 *   "MLRDBK01"  16 octets of salt  chunk…
 *   chunk = length (u32, big-endian) · last (u8) · AES-256-GCM of zstd of frames · tag (16)
 *   frame = name length (u8) · name · length (u32) · octets
 *
 * Each file has a key of its own (HKDF of the data key and the salt). A chunk's nonce is its number and whether it is the last one, so chunks can be neither exchanged, left out, nor cut off
 * without being noticed.
 */
import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { constants, zstdCompress, zstdDecompress } from 'node:zlib';
import { BackupFault, fileFault } from './fault.ts';

const MAGIC = Buffer.from('MLRDBK01');
const SALT_BYTES = 16;
const TAG_BYTES = 16;
const HEAD_BYTES = 5;
/** Frames are gathered up to here before they are sealed (octets). */
const CHUNK_BYTES = 1 << 20;
/** A chunk beyond this is no chunk of ours: the largest frame is a document of 16 MB. */
const MAX_CHUNK_BYTES = 64 << 20;

const compress = promisify(zstdCompress);
const decompress = promisify(zstdDecompress);

export type Frame = { readonly name: string; readonly bytes: Buffer };

/** What a finished file is known by. */
export type FileRecord = { readonly bytes: number; readonly sha256: string };

export class SealedWriter {
  readonly #handle: FileHandle;
  readonly #file: string;
  readonly #key: Buffer;
  readonly #hash = createHash('sha256');
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #chunk = 0;
  /** Octets written to the file so far. */
  written = 0;

  private constructor(handle: FileHandle, file: string, key: Buffer) {
    this.#handle = handle;
    this.#file = file;
    this.#key = key;
  }

  /** Begins `file` under a temporary name; `finish` gives it its own. */
  static async create(file: string, dataKey: Buffer): Promise<SealedWriter> {
    try {
      const handle = await open(`${file}.part`, 'w', 0o600);
      const salt = randomBytes(SALT_BYTES);
      const writer = new SealedWriter(handle, file, fileKey(dataKey, salt));
      await writer.#put(Buffer.concat([MAGIC, salt]));
      return writer;
    } catch (error) {
      throw fileFault(error, file);
    }
  }

  async add(name: string, bytes: Uint8Array): Promise<void> {
    const head = Buffer.alloc(1 + name.length + 4);
    head.writeUInt8(name.length, 0);
    head.write(name, 1, 'latin1');
    head.writeUInt32BE(bytes.length, 1 + name.length);
    this.#waiting.push(head, Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length));
    this.#waitingBytes += head.length + bytes.length;
    if (this.#waitingBytes >= CHUNK_BYTES) await this.#seal(false);
  }

  /** The file is complete, on the disk, and has its name. */
  async finish(): Promise<FileRecord> {
    try {
      await this.#seal(true);
      await this.#handle.sync();
      await this.#handle.close();
      await rename(`${this.#file}.part`, this.#file);
    } catch (error) {
      throw fileFault(error, this.#file);
    }
    return { bytes: this.written, sha256: this.#hash.digest('hex') };
  }

  /** Takes back what was begun. */
  async discard(): Promise<void> {
    await this.#handle.close().catch(() => {}); // closed already, or the disk is gone: the file goes either way
    await rm(`${this.#file}.part`, { force: true });
  }

  async #seal(last: boolean): Promise<void> {
    const plain = await compress(Buffer.concat(this.#waiting), { params: { [constants.ZSTD_c_compressionLevel]: 3 } });
    this.#waiting = [];
    this.#waitingBytes = 0;
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonce(this.#chunk, last));
    const sealed = Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
    const head = Buffer.alloc(HEAD_BYTES);
    head.writeUInt32BE(sealed.length, 0);
    head.writeUInt8(last ? 1 : 0, 4);
    this.#chunk += 1;
    await this.#put(Buffer.concat([head, sealed]));
  }

  async #put(bytes: Buffer): Promise<void> {
    try {
      for (let at = 0; at < bytes.length; ) at += (await this.#handle.write(bytes, at)).bytesWritten;
    } catch (error) {
      throw fileFault(error, this.#file);
    }
    this.#hash.update(bytes);
    this.written += bytes.length;
  }
}

/** Every frame in order. Fault `damaged` at the first chunk that is not as it was written. */
export async function* readSealed(file: string, dataKey: Buffer, name = path.basename(file)): AsyncGenerator<Frame> {
  const handle = await open(file, 'r').catch((error: unknown) => {
    throw fileFault(error, name);
  });
  const damaged = (what: string, cause?: unknown): BackupFault =>
    new BackupFault('damaged', `${name} is damaged: ${what}.`, { cause });
  const exactly = async (length: number): Promise<Buffer> => {
    const bytes = Buffer.alloc(length);
    let at = 0;
    while (at < length) {
      const { bytesRead } = await handle.read(bytes, at, length - at).catch((error: unknown) => {
        throw fileFault(error, name);
      });
      if (bytesRead === 0) throw damaged('it ends too early');
      at += bytesRead;
    }
    return bytes;
  };
  try {
    const head = await exactly(MAGIC.length + SALT_BYTES);
    if (!head.subarray(0, MAGIC.length).equals(MAGIC)) throw damaged('it does not begin as a backup file does');
    const key = fileKey(dataKey, head.subarray(MAGIC.length));
    for (let chunk = 0, last = false; !last; chunk += 1) {
      const chunkHead = await exactly(HEAD_BYTES);
      const length = chunkHead.readUInt32BE(0);
      last = chunkHead.readUInt8(4) === 1;
      if (length < TAG_BYTES || length > MAX_CHUNK_BYTES) throw damaged(`chunk ${chunk} has no sensible length`);
      const sealed = await exactly(length);
      const decipher = createDecipheriv('aes-256-gcm', key, nonce(chunk, last));
      decipher.setAuthTag(sealed.subarray(length - TAG_BYTES));
      let frames: Buffer;
      try {
        const plain = Buffer.concat([decipher.update(sealed.subarray(0, length - TAG_BYTES)), decipher.final()]);
        frames = await decompress(plain, { maxOutputLength: MAX_CHUNK_BYTES });
      } catch (error) {
        throw damaged(`chunk ${chunk} was altered, or the key is not its own`, error);
      }
      yield* framesOf(frames, damaged);
    }
    const { bytesRead } = await handle.read(Buffer.alloc(1), 0, 1);
    if (bytesRead !== 0) throw damaged('something follows its end');
  } finally {
    await handle.close();
  }
}

function* framesOf(chunk: Buffer, damaged: (what: string) => BackupFault): Generator<Frame> {
  for (let at = 0; at < chunk.length; ) {
    const nameLength = chunk.readUInt8(at);
    const start = at + 1 + nameLength + 4;
    if (start > chunk.length) throw damaged('a frame is cut off');
    const end = start + chunk.readUInt32BE(start - 4);
    if (end > chunk.length) throw damaged('a frame is cut off');
    yield { name: chunk.toString('latin1', at + 1, at + 1 + nameLength), bytes: chunk.subarray(start, end) };
    at = end;
  }
}

function fileKey(dataKey: Buffer, salt: Uint8Array): Buffer {
  return Buffer.from(hkdfSync('sha256', dataKey, salt, 'mallard backup file', 32));
}

/** 96 bits: the chunk's number, and whether it is the last. A key seals one file only, so no nonce comes twice. */
function nonce(chunk: number, last: boolean): Buffer {
  const bytes = Buffer.alloc(12);
  bytes.writeUIntBE(chunk, 2, 6);
  bytes.writeUInt8(last ? 1 : 0, 11);
  return bytes;
}
