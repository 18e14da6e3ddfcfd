/** Password and hash as other programs make them: crypt(3), openssl, hashlib, and the argon2 reference implementation. For tests. */
const pbkdf2Sha256 = 'QR2sUJKQt+9kXoiVG2p2xw40m4jb8m4fuO9+p4y9tx4=';

export const VECTORS: readonly (readonly [string, string])[] = [
  ['pässword', '$1$abcdefgh$6qENbeetgn0exf.OCTQaP0'],
  ['secret', '$apr1$abcdefgh$h9FWgUz3n9YxylKLlR5SQ/'],
  ['x'.repeat(80), '$6$rounds=1000$abc$Y3/ub.vPsKOoZ5W7OyoFw4.kAmnBs5sVsRfFq6mXYB6MOQoIidyblmAv35zhMasltqYwpW045j1tcynRRgig51'],
  ['', '$5$abc$bBHLwRRW2Li0XKaX13kz/g2fkDil4Jx46aNvd.48MS8'],
  ['Hello world!', '$5$rounds=10000$saltstringsaltst$3xv.VbSHBb41AL9AvLeujZkZRBAwqFMz2.opqey6IcA'],
  ['äöü', '{BLF-CRYPT}$2y$05$abcdefghijklmnopqrstuuhZA3EgHD5NB83AXZv/cFIHl6MouG9vm'],
  ['U*U', '$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW'],
  [
    'secret',
    '$pbkdf2-sha512$i=2500$c2FsdHNhbHQ$iIcS/KBZwCjlOFEpwS/3tvfXbA+2u8WHQGuhB1HZ7ICi80/83tKf+Pzl50orVu5tHgwQJPIZH0wpZERGIIamLw',
  ],
  ['secret', `$pbkdf2-sha256$2500$c2FsdHNhbHQ$${pbkdf2Sha256.replace('=', '').replaceAll('+', '.')}`],
  ['secret', `pbkdf2_sha256$2500$saltsalt$${pbkdf2Sha256}`],
  ['secret', '{PBKDF2}$1$saltsalt$2500$dfc1259c58598fc02e10cd3cd71c340d7a216730'],
  ['secret', '$scrypt$ln=10,r=8,p=1$c2FsdHNhbHQ$ohJpCxALoqEOLNROiN4NGGmhtOXo+cvi6xHxGl/1fVE'],
  ['12Mina34Ise56P.', 'sBk81TlWxyZlc'],
  ['test', 'abgOeLfPimXQo'],
  ['Grün Käse', '{CRYPT}zZwnaF4UUbw.M'],
  ['', '..X8NBuQ4l6uQ'],
  ['secret', '{SSHA}1G904nLkTkGWjKNnQuB/hpWXC/hzYWx0c2FsdA=='],
  ['secret', '{SHA256}K7gNU3sdo+OL0wNhqoVWhr3g6s1xYv72ol/pe/Unols='],
  ['secret', '{MD5-CRYPT}$apr1$abcdefgh$h9FWgUz3n9YxylKLlR5SQ/'],
  ['password', '$argon2i$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$wWKIMhR9lyDFvRz9YTZweHKfbftvj+qf+YFY4NeBbtA'],
];
