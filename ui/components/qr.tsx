/** A QR code as one SVG path: dark on white in every colour scheme, because cameras want it so. */
import QRCode from 'qrcode';
import { type ReactElement, useMemo } from 'react';

export function Qr({ text, label, size = 200 }: { text: string; label: string; size?: number }): ReactElement {
  const { path, width } = useMemo(() => drawn(text), [text]);
  return (
    <svg
      width={size}
      height={size}
      viewBox={`0 0 ${width} ${width}`}
      role="img"
      aria-label={label}
      shapeRendering="crispEdges"
      style={{ background: '#fff', borderRadius: 8 }}
    >
      <path d={path} fill="#000" />
    </svg>
  );
}

/** A quiet zone of four modules around it, as ISO/IEC 18004 asks for. */
function drawn(text: string): { path: string; width: number } {
  const { modules } = QRCode.create(text, { errorCorrectionLevel: 'M' });
  let path = '';
  for (let row = 0; row < modules.size; row += 1)
    for (let column = 0; column < modules.size; column += 1)
      if (modules.get(row, column)) path += `M${column + 4} ${row + 4}h1v1h-1z`;
  return { path, width: modules.size + 8 };
}
