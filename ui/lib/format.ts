/** Numbers, sizes and times in the person's language. Sizes count in 1024s with the names people know (kB, MB, GB). */
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';

const sizeUnits = ['B', 'kB', 'MB', 'GB', 'TB'] as const;
const timeSteps: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [
  ['second', 60],
  ['minute', 60],
  ['hour', 24],
  ['day', 30],
  ['month', 12],
  ['year', Number.POSITIVE_INFINITY],
];

export interface Formats {
  readonly bytes: (bytes: number) => string;
  readonly number: (value: number, maxDigits?: number) => string;
  readonly percent: (ratio: number) => string;
  /** "3 minutes ago", "in 5 seconds". */
  readonly ago: (at: Date | string | number, now?: number) => string;
  /** Date and time to the second. */
  readonly dateTime: (at: Date | string | number) => string;
  readonly date: (at: Date | string | number) => string;
  readonly time: (at: Date | string | number) => string;
  readonly timeWithMs: (at: Date | string | number) => string;
}

export function formats(language: string): Formats {
  const numbers = (digits: number): Intl.NumberFormat => new Intl.NumberFormat(language, { maximumFractionDigits: digits });
  const whole = numbers(0);
  const one = numbers(1);
  const relative = new Intl.RelativeTimeFormat(language, { numeric: 'auto' });
  const dateTime = new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'medium' });
  const date = new Intl.DateTimeFormat(language, { dateStyle: 'medium' });
  const time = new Intl.DateTimeFormat(language, { timeStyle: 'medium' });
  const timeWithMs = new Intl.DateTimeFormat(language, {
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    fractionalSecondDigits: 3,
    hour12: false,
  });
  const percent = new Intl.NumberFormat(language, { style: 'percent', maximumFractionDigits: 0 });
  return {
    bytes: (bytes) => {
      let value = Math.max(0, bytes);
      let unit = 0;
      while (value >= 1023.5 && unit < sizeUnits.length - 1) {
        value /= 1024;
        unit += 1;
      }
      return `${(unit === 0 || value >= 100 ? whole : one).format(value)} ${sizeUnits[unit] ?? ''}`;
    },
    number: (value, maxDigits = 0) => numbers(maxDigits).format(value),
    percent: (ratio) => percent.format(ratio),
    ago: (at, now = Date.now()) => {
      let value = (new Date(at).getTime() - now) / 1000;
      for (const [unit, size] of timeSteps) {
        if (Math.abs(value) < size - 0.5) return relative.format(Math.round(value), unit);
        value /= size;
      }
      return dateTime.format(new Date(at));
    },
    dateTime: (at) => dateTime.format(new Date(at)),
    date: (at) => date.format(new Date(at)),
    time: (at) => time.format(new Date(at)),
    timeWithMs: (at) => timeWithMs.format(new Date(at)),
  };
}

export function useFormats(): Formats {
  const { i18n } = useTranslation();
  // The person's own region writes dates, as far as it speaks the chosen language.
  return useMemo(
    () => formats(navigator.languages.find((name) => name.startsWith(i18n.language)) ?? i18n.language),
    [i18n.language],
  );
}

const sizePattern = /^\s*(\d+(?:[.,]\d+)?)\s*([kmgt]?)i?b?\s*$/i;

/** "2 GB", "1,5g" or "500 MB" as bytes; undefined when it is no size. */
export function tryBytes(text: string): number | undefined {
  const match = sizePattern.exec(text);
  if (match === null) return undefined;
  const power = ['', 'k', 'm', 'g', 't'].indexOf((match[2] ?? '').toLowerCase());
  return Math.round(Number((match[1] ?? '').replace(',', '.')) * 1024 ** power);
}
