/** The secret of a sign-in link: `#signin=SECRET`, or a whole pasted link. */
export function linkSecret(text: string): string | undefined {
  const match = /#signin=([\w-]{8,200})\s*$/.exec(text.trim());
  return match?.[1];
}
