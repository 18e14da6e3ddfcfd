/** What an automatic reply is made of; of users and of forwarding addresses. */
import { dateOrFalse, laxBoolean, text } from './fields.ts';

export const autoreplyFields = {
  status: laxBoolean,
  name: text({ max: 128 }),
  subject: text({ max: 2_048 }),
  text: text({ max: 128 * 1024 }),
  html: text({ max: 128 * 1024 }),
  start: dateOrFalse,
  end: dateOrFalse,
};
