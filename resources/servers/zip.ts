/**
 * Takes one file out of a zip (a Python wheel), streaming, hashing on the way. Only what wheels use: stored and deflated members, no encryption,
 * no zip64. Anything else is an error, never a guess. Source: PKWARE APPNOTE 4.3.
 */
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createInflateRaw } from 'node:zlib';

const END_SIGNATURE = 0x06054b50;
const CENTRAL_SIGNATURE = 0x02014b50;
const LOCAL_SIGNATURE = 0x04034b50;
const END_SIZE = 22;
const MAX_COMMENT = 0xffff;
/** A wheel's directory is some kilobytes; more than this is not a wheel. */
const MAX_DIRECTORY_BYTES = 16 << 20;

export class ZipError extends Error {}

type Member = {
  readonly method: number;
  readonly compressedBytes: number;
  readonly sizeBytes: number;
  readonly localOffset: number;
};

/** Writes the member to `target` (created, mode 0755) and gives the SHA-256 of what was written. */
export async function extractMember(zipPath: string, memberName: string, target: string): Promise<string> {
  const member = await findMember(zipPath, memberName);
  const start = await dataOffset(zipPath, member);
  const hash = createHash('sha256');
  let sizeBytes = 0;
  const tap = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      sizeBytes += chunk.length;
      hash.update(chunk);
      // The directory says how much there is: a member that inflates beyond it is broken or hostile.
      done(sizeBytes > member.sizeBytes ? new ZipError(`${memberName} is longer than the zip says`) : null, chunk);
    },
  });
  const source = createReadStream(zipPath, { start, end: start + member.compressedBytes - 1 });
  const output = createWriteStream(target, { mode: 0o755, flags: 'wx' });
  if (member.method === 8) await pipeline(source, createInflateRaw(), tap, output);
  else if (member.method === 0) await pipeline(source, tap, output);
  else throw new ZipError(`${memberName} is compressed by an unknown method (${member.method})`);
  if (sizeBytes !== member.sizeBytes) throw new ZipError(`${memberName} is shorter than the zip says`);
  return hash.digest('hex');
}

async function findMember(zipPath: string, memberName: string): Promise<Member> {
  const file = await open(zipPath, 'r');
  try {
    const { size } = await file.stat();
    const tail = Buffer.alloc(Math.min(size, END_SIZE + MAX_COMMENT));
    await file.read(tail, 0, tail.length, size - tail.length);
    let end = tail.length - END_SIZE;
    while (end >= 0 && tail.readUInt32LE(end) !== END_SIGNATURE) end -= 1;
    if (end < 0) throw new ZipError('not a zip file');
    const count = tail.readUInt16LE(end + 10);
    const directoryBytes = tail.readUInt32LE(end + 12);
    const directoryOffset = tail.readUInt32LE(end + 16);
    if (directoryOffset === 0xffffffff || directoryBytes > MAX_DIRECTORY_BYTES)
      throw new ZipError('zip64 or oversized directory');
    const directory = Buffer.alloc(directoryBytes);
    await file.read(directory, 0, directoryBytes, directoryOffset);
    return searchDirectory(directory, count, memberName);
  } catch (error) {
    // Offsets that point outside the file make the Buffer reads throw.
    if (error instanceof RangeError) throw new ZipError('broken zip directory');
    throw error;
  } finally {
    await file.close();
  }
}

function searchDirectory(directory: Buffer, count: number, memberName: string): Member {
  let at = 0;
  for (let index = 0; index < count; index += 1) {
    if (directory.readUInt32LE(at) !== CENTRAL_SIGNATURE) throw new ZipError('broken zip directory');
    const nameBytes = directory.readUInt16LE(at + 28);
    const restBytes = directory.readUInt16LE(at + 30) + directory.readUInt16LE(at + 32);
    if (directory.toString('utf8', at + 46, at + 46 + nameBytes) === memberName) {
      return {
        method: directory.readUInt16LE(at + 10),
        compressedBytes: directory.readUInt32LE(at + 20),
        sizeBytes: directory.readUInt32LE(at + 24),
        localOffset: directory.readUInt32LE(at + 42),
      };
    }
    at += 46 + nameBytes + restBytes;
  }
  throw new ZipError(`no ${memberName} in it`);
}

/** The local header repeats the name and has an extra field of its own length, so only it knows where the data starts. */
async function dataOffset(zipPath: string, member: Member): Promise<number> {
  const file = await open(zipPath, 'r');
  try {
    const header = Buffer.alloc(30);
    await file.read(header, 0, header.length, member.localOffset);
    if (header.readUInt32LE(0) !== LOCAL_SIGNATURE) throw new ZipError('broken local header');
    return member.localOffset + header.length + header.readUInt16LE(26) + header.readUInt16LE(28);
  } finally {
    await file.close();
  }
}
