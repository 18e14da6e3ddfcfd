/** Parts of dates (RFC 5260 §4.2), in a zone. */

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
/** Days from 1858-11-17 to 1970-01-01. */
const JULIAN_OF_1970 = 40_587;
const DAY_MS = 86_400_000;

/** Undefined for a part that there is not. `offsetMinutes`: east of UTC. */
export function datePart(part: string, atMs: number, offsetMinutes: number): string | undefined {
  const date = new Date(atMs + offsetMinutes * 60_000);
  if (Number.isNaN(date.getTime())) return undefined;
  const two = (value: number): string => String(value).padStart(2, '0');
  const year = String(date.getUTCFullYear()).padStart(4, '0');
  const month = two(date.getUTCMonth() + 1);
  const day = two(date.getUTCDate());
  const time = `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())}`;
  const zone = zoneText(offsetMinutes);
  switch (part.toLowerCase()) {
    case 'year':
      return year;
    case 'month':
      return month;
    case 'day':
      return day;
    case 'date':
      return `${year}-${month}-${day}`;
    case 'julian':
      return String(Math.floor(date.getTime() / DAY_MS) + JULIAN_OF_1970);
    case 'hour':
      return time.slice(0, 2);
    case 'minute':
      return time.slice(3, 5);
    case 'second':
      return time.slice(6, 8);
    case 'time':
      return time;
    case 'iso8601':
      return `${year}-${month}-${day}T${time}${zone.slice(0, 3)}:${zone.slice(3)}`;
    case 'std11': {
      const name = `${DAYS[date.getUTCDay()] ?? ''}, ${day} ${MONTHS[date.getUTCMonth()] ?? ''}`;
      return `${name} ${year} ${time} ${zone}`;
    }
    case 'zone':
      return zone;
    case 'weekday':
      return String(date.getUTCDay());
    default:
      return undefined;
  }
}

/** `+0100` in minutes; undefined when it is none. */
export function offsetOf(zone: string): number | undefined {
  const found = /^([+-])(\d{2})([0-5]\d)$/.exec(zone);
  if (found === null || Number(found[2]) > 24) return undefined;
  return (found[1] === '-' ? -1 : 1) * (Number(found[2]) * 60 + Number(found[3]));
}

function zoneText(offsetMinutes: number): string {
  const minutes = Math.abs(offsetMinutes);
  return `${offsetMinutes < 0 ? '-' : '+'}${String(Math.floor(minutes / 60)).padStart(2, '0')}${String(minutes % 60).padStart(2, '0')}`;
}
