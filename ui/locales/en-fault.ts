/** What went wrong, by the code of a fault: what happened, and what to do. */
export const enFault = {
  fault: {
    Offline: {
      what: 'Mallard does not answer.',
      advice: 'See whether it still runs and whether this computer reaches it, then try again.',
    },
    Garbled: {
      what: 'The answer could not be understood.',
      advice: 'This page and the server may be of different versions. Load the page again.',
    },
    Busy: {
      what: 'Something else of this kind is running.',
      advice: 'Wait until the other backup, restore or move is done, or cancel it.',
    },
    NotABackup: {
      what: 'There are no backups of Mallard in that folder.',
      advice: 'Choose the folder that holds mallard-backups.json.',
    },
    BackupWrongKey: {
      what: 'Neither the passphrase nor the recovery key fits.',
      advice: 'Mind capital letters; the recovery key is on the sheet that was printed.',
    },
    BackupWrongVersion: {
      what: 'The backup was made by a newer Mallard.',
      advice: 'Install that version or a later one, and restore with it.',
    },
    BackupDamaged: {
      what: 'The backup is damaged.',
      advice: 'Nothing was changed. Choose another backup; the details name the file.',
    },
    BackupDiskFull: {
      what: 'There is no room left where the backups are.',
      advice: 'Free some space, keep fewer backups, or choose another disk.',
    },
    BackupUnreachable: {
      what: 'The backup folder cannot be reached.',
      advice: 'Is the disk plugged in, or the share connected? May Mallard write there?',
    },
    BackupNotEmpty: {
      what: 'There is something already.',
      advice: 'Restore single users, or say that everything is to be replaced; for backups, choose an empty folder.',
    },
    BackupRefused: { what: 'That cannot be done this way.', advice: 'The details say why.' },
    Unauthorized: { what: 'You are not signed in.', advice: 'Sign in again and repeat it.' },
    SignInRefused: {
      what: 'The address or the password is wrong.',
      advice: 'Mind capital letters. After several tries the server makes you wait; an administrator can set a new password.',
    },
    ForbiddenHost: {
      what: 'The server does not go by this name.',
      advice: 'Use the address that “mallard status” prints, or add the name in Settings (server.names).',
    },
    ForbiddenOrigin: { what: 'The request came from another site.', advice: 'Open Mallard in a tab of its own and try again.' },
    InsecureTransport: {
      what: 'From another computer only an encrypted connection will do.',
      advice: 'Open the page with https:// at the beginning of its address.',
    },
    OnlyHere: {
      what: 'That works only on the computer itself.',
      advice: 'Sign in with the password here, or do it on the server.',
    },
    WrongPassword: { what: 'The password is not right.', advice: 'Mind capital letters. After several tries you have to wait.' },
    WrongCode: {
      what: 'This code is not right.',
      advice: 'A code works once and for half a minute; wait for the next one. See whether the clock of the phone goes right.',
    },
    WeakPassword: { what: 'This password is too easy to guess.', advice: 'The details say why. Take a longer one.' },
    NoPassword: { what: 'There is no password yet.', advice: 'Set one on the server itself, under Security.' },
    PasskeyRefused: {
      what: 'The passkey was not used.',
      advice: 'The browser or the device broke off. Try again, or use the password.',
    },
    NotAllowed: { what: 'That needs an administrator of this computer.', advice: 'The details say what to run there.' },
    NotFound: { what: 'It is not there.', advice: 'It may have been removed meanwhile. Go back to the list.' },
    MethodNotAllowed: {
      what: 'The server does not know this deed.',
      advice: 'Load the page again: it may be older than the server.',
    },
    BadRequest: { what: 'The server refused what was entered.', advice: 'Check the values; the details say which.' },
    InputValidationError: { what: 'The server refused what was entered.', advice: 'Check the values; the details say which.' },
    TooLarge: { what: 'It is too large.', advice: 'Try it with less at a time.' },
    UnknownSetting: { what: 'There is no such setting.', advice: 'Load the page again: it may be older than the server.' },
    InvalidSetting: { what: 'The value is not allowed.', advice: 'The details say what is.' },
    SettingConflict: { what: 'The value does not go with another setting.', advice: 'The details say with which.' },
    UnknownService: { what: 'There is no such service.', advice: 'Load the page again.' },
    ServiceFailed: { what: 'The service did not come up.', advice: 'Its last words are on the Services page and in the log.' },
    Unavailable: {
      what: 'The mail server is not ready to answer.',
      advice: 'It may be starting. See Services; then try again.',
    },
    TooMany: { what: 'Too much at the same time.', advice: 'Wait a moment, close other windows of Mallard, and try again.' },
    Internal: {
      what: 'Something went wrong in the server.',
      advice: 'The log says what. Try again; if it stays, report it with the details.',
    },
    UserNotFound: {
      what: 'This person is not here.',
      advice: 'The mailbox may have been removed meanwhile. Go back to the list.',
    },
    ExternalAccountNotFound: { what: 'This account is not there.', advice: 'It may have been removed meanwhile.' },
    ExternalHostRefused: { what: 'Mail can’t be fetched from this server.', advice: 'The details say why.' },
    ScriptNotFound: { what: 'This script is not there.', advice: 'It may have been removed meanwhile.' },
    ScriptActive: { what: 'This script works.', advice: 'Switch it off first.' },
    SieveError: { what: 'The script is not right.', advice: 'The details say where.' },
    UserExistsError: { what: 'This user name is taken.', advice: 'Choose another one.' },
    AddressExistsError: { what: 'This address is taken.', advice: 'Choose another one, or remove it where it is now.' },
    InsecurePasswordError: {
      what: 'This password is on lists of known passwords.',
      advice: 'Choose another one, or have one made.',
    },
    MissingPrivileges: { what: 'That is not allowed.', advice: 'It needs an administrator.' },
    OverQuotaError: { what: 'The mailbox is full.', advice: 'Raise the quota or remove mail.' },
    ChangeNotAllowed: { what: 'The server does not allow this change.', advice: 'The details say why.' },
    NotPermitted: { what: 'The server does not allow this.', advice: 'The details say why.' },
  },
};
