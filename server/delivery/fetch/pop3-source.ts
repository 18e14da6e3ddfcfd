/** A maildrop elsewhere, by POP3. */
import { Pop3Client } from './pop3/client.ts';
import type { Source, SourceMessage, SourceOptions } from './source.ts';

export async function openPop3Source(options: SourceOptions): Promise<Source> {
  const client = await Pop3Client.connect(options);
  try {
    await client.signIn(options.username, options.password);
    const numbers = new Map<string, number>();
    const details = client.tlsDetails;
    return {
      address: options.address,
      tls: details === undefined ? undefined : { ...details, serverName: undefined },
      generation: '',
      ordered: false,
      list: async () => {
        const [ids, sizes] = [await client.uidl(), await client.sizes()];
        const messages: SourceMessage[] = [];
        for (const { number, value } of ids) {
          if (numbers.has(value)) continue;
          numbers.set(value, number);
          messages.push({ uid: value, sizeBytes: sizes.get(number) ?? 0 });
        }
        return messages;
      },
      read: async (uid, maxBytes) => {
        const number = numbers.get(uid);
        return number === undefined ? undefined : { raw: await client.retrieve(number, maxBytes) };
      },
      remove: async (uids) => {
        for (const uid of uids) {
          const number = numbers.get(uid);
          if (number !== undefined) await client.delete(number);
        }
      },
      close: () => client.quit(),
      abort: () => client.abort(),
    };
  } catch (error) {
    client.abort();
    throw error;
  }
}
