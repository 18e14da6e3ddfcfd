/** Log lines for the stage. */
import type { LogStore } from '../../app/appliance/logs/store.ts';

/** A log as a small office makes it, and a line every few seconds. */
export function playLog(logs: LogStore): void {
  const people = ['anna@example.org', 'ben@example.org', 'carla@example.org'];
  const kinds = [
    ['info', 'imaps', 'signed in'],
    ['info', 'lmtp', 'message delivered'],
    ['info', 'submission', 'message accepted'],
    ['warn', 'imap', 'sign-in refused: wrong password'],
    ['info', 'imaps', 'connection ended'],
    ['info', 'mongod', 'Waiting for connections'],
  ] as const;
  let count = 0;
  const say = (at: number): void => {
    const [level, service, message] = kinds[(count * 7 + (count >> 2)) % kinds.length] ?? kinds[0];
    const user = service === 'mongod' ? undefined : people[count % people.length];
    logs.append({
      at,
      level,
      service,
      message,
      pid: 4103,
      ...(user === undefined ? {} : { user, connection: `c${(count >> 1) % 400}` }),
      fields: { remoteAddress: `192.168.1.${20 + (count % 40)}`, durationMs: (count * 13) % 90 },
    });
    count += 1;
  };
  for (let index = 900; index > 0; index -= 1) say(Date.now() - index * 40_000);
  logs.append({
    at: Date.now(),
    level: 'error',
    service: 'worker-1',
    message: 'message could not be stored: the database did not answer within 10 s',
  });
  setInterval(() => say(Date.now()), 2500).unref();
}
