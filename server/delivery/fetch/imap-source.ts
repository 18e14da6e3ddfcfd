/** A mailbox elsewhere, by IMAP: imapflow's client, bounded. */
import { isIP } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { FetchFault } from './failure.ts';
import type { Source, SourceMessage, SourceOptions } from './source.ts';

/** Beside the message itself: the answer around it. */
const FRAME_BYTES = 64 * 1024;
const REMOVE_AT_ONCE = 500;
/** Listed in one poll; the next goes on after them. */
const MAX_LISTED = 5_000;

export async function openImapSource(options: SourceOptions & { readonly maxMessageBytes: number }): Promise<Source> {
  const { host, address, port, tls, verifyCertificate, username, password, timeoutMs } = options;
  // Loaded by the first who fetches: most workers never do.
  const { ImapFlow } = await import('imapflow');
  const client = new ImapFlow({
    host: address,
    port,
    ...(isIP(host) === 0 ? { servername: host } : {}),
    secure: tls === 'implicit',
    ...(tls === 'implicit' ? {} : { doSTARTTLS: tls === 'starttls' }),
    auth: { user: username, pass: password },
    tls: { rejectUnauthorized: verifyCertificate },
    logger: false,
    disableAutoIdle: true,
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    maxLiteralSize: options.maxMessageBytes + FRAME_BYTES,
    maxResponseSize: options.maxMessageBytes + 2 * FRAME_BYTES,
  });
  // A failed command tells; without a listener the process would end.
  client.on('error', () => {});
  try {
    await client.connect();
    const mailbox = await openMailbox();
    const socket = (client as unknown as { readonly socket?: TLSSocket }).socket;
    const cipher = typeof socket?.getCipher === 'function' ? socket.getCipher().name : undefined;
    return {
      address,
      tls:
        cipher === undefined || socket === undefined
          ? undefined
          : { protocol: socket.getProtocol() ?? '', cipher, serverName: undefined },
      generation: String(mailbox.uidValidity),
      ordered: true,
      list: async (after) => {
        const first = after === undefined ? 1 : Number(after) + 1;
        // RFC 9051 §6.4.8: `n:*` is the last message even when its UID is smaller.
        const found = (await client.search({ uid: `${first}:*` }, { uid: true })) || [];
        const uids = found.filter((uid) => uid >= first).sort((a, b) => a - b);
        const messages: SourceMessage[] = [];
        const wanted = uids.slice(0, MAX_LISTED);
        if (wanted.length === 0) return messages;
        for await (const { uid, size } of client.fetch(wanted, { uid: true, size: true }, { uid: true })) {
          messages.push({ uid: String(uid).padStart(10, '0'), sizeBytes: size ?? 0 });
        }
        return messages.sort((a, b) => (a.uid < b.uid ? -1 : 1));
      },
      read: async (uid, maxBytes) => {
        const query = { uid: true, internalDate: true, source: { start: 0, maxLength: maxBytes + 1 } };
        const found = await client.fetchOne(String(Number(uid)), query, { uid: true });
        if (found === false || found?.source === undefined) return undefined;
        if (found.source.length > maxBytes) throw new FetchFault('refused', 'The message is too big');
        const date = found.internalDate === undefined ? undefined : new Date(found.internalDate);
        return { raw: found.source, ...(date === undefined || Number.isNaN(date.getTime()) ? {} : { receivedAt: date }) };
      },
      remove: async (uids) => {
        for (let at = 0; at < uids.length; at += REMOVE_AT_ONCE) {
          const some = uids.slice(at, at + REMOVE_AT_ONCE).map(Number);
          const done = await client.messageDelete(some, { uid: true });
          if (!done) throw new FetchFault('refused', 'The server did not delete what was fetched');
        }
      },
      close: () => client.logout(),
      abort: () => client.close(),
    };
  } catch (error) {
    client.close();
    throw error;
  }

  async function openMailbox(): Promise<{ readonly uidValidity: bigint | number }> {
    try {
      return await client.mailboxOpen(options.folder === '' ? 'INBOX' : options.folder);
    } catch (error) {
      if (client.usable)
        throw new FetchFault('mailbox', `There is no mailbox ${options.folder} at that server`, { cause: error });
      throw error;
    }
  }
}
