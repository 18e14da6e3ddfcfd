/** The stable error codes of the HTTP API and the status that each comes with. Clients go by the code; the text beside it is for people. */

export const ERROR_STATUS = {
  AccountFound: 400,
  AccountNotFound: 404,
  AddressExistsError: 400,
  AddressNotFound: 404,
  AliasExists: 400,
  AliasNotFound: 404,
  AspNotFound: 404,
  AttachmentNotFound: 404,
  AuditNotFoundError: 404,
  AuthFail: 403,
  AuthFailed: 403,
  BodyTooBig: 413,
  CertNotFound: 404,
  ChallengeNotFound: 404,
  ChangeNotAllowed: 400,
  CredentialsNotFound: 404,
  CustomDisabled: 400,
  CustomEnabled: 400,
  DeleteInProgress: 400,
  DisallowedMailboxMethod: 400,
  DkimNotFound: 404,
  DomainNotFound: 404,
  ENORECIPIENTS: 400,
  ERRCOMPOSE: 500,
  EmptyMessage: 400,
  EventNotFound: 404,
  ExternalAccountNotFound: 404,
  ExternalHostRefused: 400,
  FileNotFound: 404,
  FilterNotFound: 404,
  INVALID_DATA: 400,
  InputValidationError: 400,
  InsecurePasswordError: 403,
  InternalDatabaseError: 503,
  InternalError: 500,
  InvalidAuthScope: 403,
  InvalidToken: 403,
  KeyGenerateError: 500,
  MailboxExistsError: 400,
  MessageNotDraft: 400,
  MessageNotFound: 404,
  MessageRejected: 500,
  MissingPrivileges: 403,
  NoSuchMailbox: 404,
  NoSuchQueueEntry: 404,
  NoUpdates: 400,
  NotFound: 404,
  NotPermitted: 400,
  NotSupported: 501,
  OverQuotaError: 400,
  QRError: 500,
  RateLimitedError: 403,
  RestoreTaskNotFound: 404,
  ScriptActive: 400,
  ScriptExists: 400,
  ScriptNotFound: 404,
  SettingNotFound: 404,
  SieveError: 400,
  TempPasswordNotYetValid: 403,
  TooMany: 403,
  TotpDisabled: 400,
  TotpEnabled: 400,
  UnsupportedMediaType: 415,
  UserDisabled: 403,
  UserExistsError: 400,
  UserNotFound: 404,
  WebAuthnDisabled: 400,
  WebhookNotFound: 404,
  WildcardNotPermitted: 400,
} as const satisfies Readonly<Record<string, number>>;

export type ErrorCode = keyof typeof ERROR_STATUS;

export function statusOf(code: string): number {
  return Object.hasOwn(ERROR_STATUS, code) ? ERROR_STATUS[code as ErrorCode] : 400;
}

/** The body of every answer that is no success. */
export type ErrorBody = {
  readonly error: string;
  readonly code: string;
  /** Of InputValidationError: field → what is wrong with it. */
  readonly details?: Readonly<Record<string, string>>;
};
