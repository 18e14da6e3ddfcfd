/** Passwords that are tried first by everyone. No list replaces length; this one only stops the worst. */
const COMMON: ReadonlySet<string> = new Set(
  (
    '000000 111111 112233 121212 123123 123321 1234 12345 123456 1234567 12345678 123456789 1234567890 123abc 123qwe 131313 159753 1q2w3e 1q2w3e4r ' +
    '1q2w3e4r5t 1qaz2wsx 222222 555555 654321 666666 696969 777777 7777777 888888 987654321 aa123456 aaaaaa abc123 abcd1234 access admin admin123 ' +
    'administrator adobe123 ashley asdasd asdf asdf1234 asdfgh asdfghjkl asdfasdf azerty bailey baseball batman changeme charlie daniel default donald ' +
    'dragon flower football freedom guest hello hello123 hockey hunter iloveyou jennifer jessica jordan killer letmein login lovely loveme master ' +
    'matthew michael monkey mustang mynoob nothing p@ssw0rd pass pass123 passw0rd password password1 password12 password123 pokemon princess q1w2e3r4 ' +
    'qazwsx qwe123 qwer1234 qwerty qwerty1 qwerty12 qwerty123 qwertyuiop root secret shadow solo starwars sunshine superman test test123 trustno1 ' +
    'user welcome welcome1 whatever zaq12wsx zxcvbn zxcvbnm'
  ).split(' '),
);

/** Why a password is unsafe, undefined when nothing speaks against it. `names`: what belongs to the user and is therefore guessed first. */
export function weaknessOf(password: string, names: readonly string[]): 'short' | 'common' | 'name' | undefined {
  const plain = password.normalize('NFC').toLowerCase();
  if (Array.from(plain).length < 8) return 'short';
  if (COMMON.has(plain) || new Set(plain).size < 3) return 'common';
  const bare = names.flatMap((name) => [name.toLowerCase(), name.toLowerCase().split('@')[0]!]).filter((name) => name.length > 0);
  return bare.includes(plain) ? 'name' : undefined;
}
