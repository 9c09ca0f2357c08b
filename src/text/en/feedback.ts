/** What feedback does, and what it would do. */
export const feedback = {
  quieter: 'Only shown: {{by}} called one like it a false alarm or expected, and this one is not clearly stronger.',
  louder: '{{by}} said that one like it was missed, and this one is no weaker.',
  previewRemoves:
    'Would remove {{removed}} of {{alike}} such alerts of the last 30 days and lose {{lost}} confirmed incidents.',
  previewAdds_one: 'Would have made one more warning in the last 30 days.',
  previewAdds_other: 'Would have made {{count}} more warnings in the last 30 days.',
  previewAdopts_one: 'The change that is open now becomes the new normal. That cannot be undone.',
  previewAdopts_other: 'The {{count}} changes that are open now become the new normal. That cannot be undone.',
  previewLabel: 'Nothing was seen at that time. It is kept as an example of what should be found.',
  previewNothing: 'It is kept and counts towards the weight of each detector; nothing else changes.',
  staysStronger: 'It is clearly stronger than what was judged.',
  staysOther: 'There are other signs of trouble on {{entity}}.',
  staysPrediction: 'A failure of {{entity}} is predicted as well.',
} as const;
