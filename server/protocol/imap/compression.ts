/** COMPRESS=DEFLATE (RFC 4978) over a socket: what comes in is inflated, what goes out deflated, until UNAUTHENTICATE ends it (RFC 8437 §3). */
import type { Socket } from 'node:net';
import type { Duplex, Readable } from 'node:stream';
import { constants, createDeflateRaw, createInflateRaw } from 'node:zlib';

export type CompressedStream = {
  /** Plain bytes from the client. Pausing it holds back the socket as well. */
  readonly source: Readable;
  /** Takes plain bytes for the client. */
  readonly sink: Duplex;
  /** Writes the rest and the end of the compressed stream, and lets go of the socket, which is as before then: paused, without a `data` listener. */
  readonly finish: () => Promise<void>;
};

/** How DEFLATE says that nothing follows: an empty last block, when everything before was flushed (RFC 1951 §3.2.3). No command begins so. */
export const EMPTY_LAST_BLOCK = Buffer.from([3, 0]);

/** The socket must have no `data` listener. `received`: compressed bytes that came already. `onBroken`: the client sent no DEFLATE. */
export function compressStream(socket: Socket, received: Buffer, onBroken: (error: Error) => void): CompressedStream {
  // Every write is flushed to a byte boundary, so the client never waits for bytes that sit in the compressor (RFC 4978 §4).
  const sink = createDeflateRaw({ flush: constants.Z_SYNC_FLUSH });
  const source = createInflateRaw({ flush: constants.Z_SYNC_FLUSH, finishFlush: constants.Z_SYNC_FLUSH });
  let finished = false;
  const broken = (error: Error): void => {
    if (!finished) onBroken(error);
  };
  source.on('error', broken);
  sink.on('error', broken);
  if (received.length > 0) source.write(received);
  socket.pipe(source);
  sink.pipe(socket, { end: false });
  sink.once('end', () => {
    if (!finished) socket.end();
  });
  const release = (): void => {
    source.destroy();
    sink.destroy();
  };
  socket.once('close', release);
  const finish = async (): Promise<void> => {
    finished = true;
    socket.unpipe(source);
    socket.pause();
    sink.unpipe(socket);
    // In one write with the last reply: a client that looks for no end has read it with that.
    const rest: Buffer[] = [];
    sink.on('data', (bytes: Buffer) => rest.push(bytes)).resume();
    await new Promise<void>((resolve) => {
      sink.once('close', resolve).once('end', resolve);
      sink.end();
    });
    if (!socket.destroyed) socket.write(Buffer.concat(rest));
    socket.off('close', release);
    release();
  };
  return { source, sink, finish };
}
