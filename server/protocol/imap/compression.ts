/** COMPRESS=DEFLATE (RFC 4978) over a socket: what comes in is inflated, what goes out deflated. */
import type { Socket } from 'node:net';
import type { Duplex, Readable } from 'node:stream';
import { constants, createDeflateRaw, createInflateRaw } from 'node:zlib';

export type CompressedStream = {
  /** Plain bytes from the client. Pausing it holds back the socket as well. */
  readonly source: Readable;
  /** Takes plain bytes for the client. */
  readonly sink: Duplex;
};

/** The socket must have no `data` listener. `received`: compressed bytes that came already. `onBroken`: the client sent no DEFLATE. */
export function compressStream(socket: Socket, received: Buffer, onBroken: (error: Error) => void): CompressedStream {
  // Every write is flushed to a byte boundary, so the client never waits for bytes that sit in the compressor (RFC 4978 §4).
  const sink = createDeflateRaw({ flush: constants.Z_SYNC_FLUSH });
  const source = createInflateRaw({ flush: constants.Z_SYNC_FLUSH, finishFlush: constants.Z_SYNC_FLUSH });
  source.on('error', onBroken);
  sink.on('error', onBroken);
  if (received.length > 0) source.write(received);
  socket.pipe(source);
  sink.pipe(socket);
  socket.once('close', () => {
    source.destroy();
    sink.destroy();
  });
  return { source, sink };
}
