/** Filter scripts of a person. */
export const enSieve = {
  sieve: {
    lead: 'Rules as scripts in the language Sieve. One of them works, after the filters; mail programs can manage them, too (ManageSieve).',
    emptyTitle: 'No script yet',
    emptyLead: 'A script says where mail goes: into which mailbox, on to somebody else, or back.',
    add: 'New script',
    name: 'Name',
    text: 'Script',
    works: 'This one works',
    use: 'Let it work',
    stop: 'Switch it off',
    started: '{{name}} works now.',
    stopped: 'No script works now.',
    delete: 'Delete',
    deleted: '{{name}} was deleted.',
    ask: 'Delete {{name}}?',
    effect: 'It can’t be brought back.',
    saved: '{{name}} is right, and was saved.',
    notSaved: 'It was not saved.',
    wrong: 'Line {{line}}: {{problem}}',
    trouble: 'The script {{name}} did not work; the message was kept',
    troubleLine: 'line {{line}}',
    choose: 'Which script',
    example:
      '# Newsletters into a mailbox of their own\nrequire ["fileinto", "mailbox"];\nif exists "List-Id" {\n  fileinto :create "Newsletters";\n}\n',
    names: 'What it can require',
  },
};
