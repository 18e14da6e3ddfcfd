/** Child of official.ts: PACKAGE VERSION DIRECTORY → downloads, prints progress as the package does, then `RESULT path` or `FAILED why`. */

const [packageName, version = '', downloadDir = ''] = process.argv.slice(2);

try {
  process.stdout.write(`RESULT ${packageName === 'redis-memory-server' ? await redis() : await mongod()}\n`);
} catch (error) {
  const text = error instanceof Error ? `${error.message} ${(error as NodeJS.ErrnoException).code ?? ''}` : String(error);
  process.stdout.write(`FAILED ${text.replaceAll(/\s+/g, ' ').trim()}\n`);
  process.exitCode = 1;
}

async function mongod(): Promise<string> {
  const { MongoBinary } = await import('mongodb-memory-server');
  return await MongoBinary.getPath({ version, downloadDir, checkMD5: true });
}

async function redis(): Promise<string> {
  const { RedisBinary } = await import('redis-memory-server');
  return await RedisBinary.getPath({ version, downloadDir });
}
