/** Connect a device. Steps are lines. */
export const enConnect = {
  device: {
    title: 'Connect a device',
    lead: 'A password and the values for a phone, a mail program or a printer, step by step.',
    notLoaded: 'This could not be loaded.',
    emptyLead: 'A device belongs to a person. Add the first one, then come back.',
    whose: 'Whose device is it?',
    person: 'Person',
    personPlaceholder: 'Name or address',
    nobody: 'Nobody fits',
    which: 'Which program?',
    password: 'A password for this device',
    passwordLead:
      'The device gets a password of its own. When it is lost, only that password is removed, and everything else goes on.',
    make: 'Make a password and show the values',
    ownPassword: 'The device signs in with the password of this person.',
    show: 'Show the values',
    made: 'Made. It is shown below, and never again after you leave this page.',
    notMade: 'The password was not made.',
    disabled: 'This person is disabled: signing in will be refused until that is lifted.',
    values: 'The values to enter',
    reachedAs: 'Name or address of the server',
    reachedAsHelp: 'A name is better than a number: it stays when the network changes.',
    account: 'Account',
    incoming: 'Incoming mail ({{protocol}})',
    outgoing: 'Outgoing mail (SMTP)',
    field: { user: 'User name', password: 'Password', server: 'Server', port: 'Port', security: 'Security' },
    tls: { none: 'None', starttls: 'STARTTLS', implicit: 'SSL/TLS' },
    qr: 'QR code with the values as text',
    qrHelp: 'A phone’s camera shows the values as text to copy.',
    qrThunderbird: 'QR code for Thunderbird',
    qrThunderbirdHelp: 'In Thunderbird for Android: add an account, import from a QR code. Other apps: the values on the left.',
    allOff: 'Neither reading nor sending is on. Turn on IMAP and submission first:',
    noSending: 'Sending is not on: this device could only read. Turn on submission first:',
    onlyHere: 'Only programs on this computer can reach it now. To let others in, change who can reach it:',
    steps: 'In {{client}}',
    check: 'Wait for the first sign-in',
    waiting: 'Waiting for the device to sign in … This page notices by itself.',
    connected: '{{name}} is connected from {{client}}',
    firstSignIn: 'Signed in',
    authority: 'If the device warns about the certificate',
    authorityLead:
      'The server made its own certificate authority, which other devices do not know yet. Install it once, and they trust this server until it is removed. Never accept a warning without it on a network that is not yours.',
    authorityGet: 'Get the certificate of the authority',
    authorityHow:
      'Windows: open the file, “Install Certificate”, local computer, “Trusted Root Certification Authorities”.\nmacOS: open the file in Keychain Access, then set “Always Trust”.\niPhone and iPad: open the file, install the profile in Settings, then turn it on under General › About › Certificate Trust Settings.\nAndroid: Settings › Security › Encryption & credentials › Install a certificate › CA certificate.\nThunderbird: Settings › Privacy & Security › Certificates › Manage › Authorities › Import.',
    profile: 'Shorter: one file for everything',
    profileLead:
      'The profile holds the account, its servers and the password. Open it on the device itself and confirm it in Settings (on an iPhone: Settings › General › VPN & Device Management).',
    profileGet: 'Get the profile',
    client: {
      thunderbird: {
        name: 'Thunderbird',
        what: 'Windows, macOS, Linux',
        steps:
          'Open Thunderbird, then “New Account” › “Email”.\nEnter the name, the address and the password from above.\nIf it does not find the servers, choose “Configure manually” and enter the values from above.\nAs the way to sign in choose “Normal password”, for both servers.\nPress “Done”.',
      },
      outlook: {
        name: 'Outlook (classic)',
        what: 'Windows; not the new Outlook',
        steps:
          'The new Outlook and Outlook for phones go through Microsoft’s cloud, which cannot reach a server on your network. Use classic Outlook, or another program.\nOpen the Control Panel › Mail › Email Accounts › “New”.\nChoose “Manual setup”, then “POP or IMAP”.\nEnter the values from above; account type IMAP.\nUnder “More Settings” › “Outgoing Server” tick that it requires authentication; under “Advanced” enter ports and encryption.\nPress “Next”: Outlook tests both servers.',
      },
      apple: {
        name: 'Apple Mail',
        what: 'iPhone, iPad, Mac',
        steps:
          'On a phone open Settings › Apps › Mail › Mail Accounts › Add Account › Other › Add Mail Account. On a Mac open Mail › Add Account › Other Mail Account.\nEnter the name, the address and the password from above.\nChoose IMAP and enter both servers with the user name and the password. The outgoing server needs them, too.\nIf it asks about the certificate, see below.\nSave.',
      },
      android: {
        name: 'Android',
        what: 'Gmail, K-9, Thunderbird for Android',
        steps:
          'Open the mail app and add an account; in Gmail choose “Other”.\nEnter the address, choose IMAP, and enter the password from above.\nEnter the servers, ports and security from above.\nIf it asks about the certificate, see below.',
      },
      printer: {
        name: 'Printer or scanner',
        what: 'Devices that only send',
        steps:
          'Open the page of the device in a browser and find “Email” or “SMTP”.\nEnter the outgoing server, port, user name and password from above.\nAs the sender enter the address of this person.\nTurn on TLS. Old devices that cannot do TLS 1.2 need a setting under Settings › Security.\nSend a test page.',
      },
      other: {
        name: 'Another program',
        what: 'Anything with IMAP or POP3',
        steps:
          'Add an account by hand and enter the values from above.\nAs the way to sign in choose a plain password; the connection is encrypted.\nThe outgoing server needs the same user name and password.',
      },
    },
  },
};
