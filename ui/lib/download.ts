/** Gives text to the browser as a file. */
export function downloadText(name: string, type: string, text: string): void {
  download(name, new Blob([text], { type: `${type};charset=utf-8` }));
}

/** The same for octets in base64. */
export function downloadBase64(name: string, type: string, base64: string): void {
  download(name, new Blob([Uint8Array.from(atob(base64), (char) => char.charCodeAt(0))], { type }));
}

function download(name: string, content: Blob): void {
  const url = URL.createObjectURL(content);
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  // The click has been acted on by then.
  window.setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
