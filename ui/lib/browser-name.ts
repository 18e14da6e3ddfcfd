/** A User-Agent header in words: "Firefox, Linux". Undefined when it says nothing that people know. */
const browsers: readonly (readonly [RegExp, string])[] = [
  [/Electron\//, 'Mallard'],
  [/Edg\//, 'Edge'],
  [/Firefox\//, 'Firefox'],
  [/Chrom(e|ium)\//, 'Chrome'],
  [/Safari\//, 'Safari'],
];
const systems: readonly (readonly [RegExp, string])[] = [
  [/iPhone|iPad/, 'iOS'],
  [/Android/, 'Android'],
  [/Windows/, 'Windows'],
  [/Mac OS X|Macintosh/, 'macOS'],
  [/Linux|X11/, 'Linux'],
];

export function browserName(agent: string): string | undefined {
  const of = (table: typeof browsers): string | undefined => table.find(([pattern]) => pattern.test(agent))?.[1];
  const words = [of(browsers), of(systems)].filter((word) => word !== undefined);
  return words.length === 0 ? undefined : words.join(', ');
}
