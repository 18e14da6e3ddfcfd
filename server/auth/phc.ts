/**
 * The PHC string form of password hashes: `$id[$v=version][$name=value,…][$salt[$hash]]`, salt and hash in base64 without padding.
 * https://github.com/P-H-C/phc-string-format
 */

export type PhcString = {
  readonly id: string;
  readonly version: number | undefined;
  readonly parameters: ReadonlyMap<string, string>;
  readonly salt: Buffer;
  readonly hash: Buffer;
};

const PHC =
  /^\$([a-z0-9-]{1,32})(?:\$v=(\d{1,10}))?\$((?:[a-z0-9-]{1,32}=[A-Za-z0-9/+.-]+)(?:,[a-z0-9-]{1,32}=[A-Za-z0-9/+.-]+)*)\$([A-Za-z0-9/+.=]+)\$([A-Za-z0-9/+=]+)$/;

/** Undefined when the text has another form. */
export function tryPhc(text: string): PhcString | undefined {
  if (text.length > 1024) return undefined;
  const match = PHC.exec(text);
  if (match === null) return undefined;
  const [, id, version, list, salt, hash] = match;
  return {
    id: id!,
    version: version === undefined ? undefined : Number(version),
    parameters: new Map(list!.split(',').map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)])),
    salt: Buffer.from(salt!, 'base64'),
    hash: Buffer.from(hash!, 'base64'),
  };
}

export function encodePhc(phc: PhcString): string {
  const parameters = [...phc.parameters].map(([name, value]) => `${name}=${value}`).join(',');
  const version = phc.version === undefined ? '' : `$v=${phc.version}`;
  return `$${phc.id}${version}$${parameters}$${unpadded(phc.salt)}$${unpadded(phc.hash)}`;
}

function unpadded(bytes: Buffer): string {
  return bytes.toString('base64').replace(/=+$/, '');
}
