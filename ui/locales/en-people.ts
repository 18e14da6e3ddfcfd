/** People. */
export const enPeople = {
  people: {
    title: 'People',
    lead: 'Everybody who has a mailbox here.',
    notLoaded: 'The list of people could not be loaded.',
    add: 'Add a person',
  },
};
