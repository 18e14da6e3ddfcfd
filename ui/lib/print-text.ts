/** Prints a few lines alone, without the page around them. The frame holds text only: nothing in it is markup. */
export function printText(title: string, lines: readonly string[]): void {
  const frame = document.createElement('iframe');
  frame.title = title;
  frame.style.cssText = 'position:fixed;width:0;height:0;border:0';
  document.body.append(frame);
  const page = frame.contentDocument;
  if (page === null) return frame.remove();
  page.title = title;
  const heading = page.createElement('h1');
  heading.textContent = title;
  const body = page.createElement('pre');
  body.textContent = lines.join('\n');
  body.style.cssText = 'font-size:14pt;white-space:pre-wrap';
  page.body.append(heading, body);
  frame.contentWindow?.addEventListener('afterprint', () => frame.remove());
  frame.contentWindow?.print();
}
