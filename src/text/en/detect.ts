/** Why an anomaly has its severity. */
export const detect = {
  criticalNearLimit: 'Abnormal for {{seconds, duration}} (p = {{p}}), and {{used, percent}} of the limit is used.',
  criticalBroad: 'Abnormal for {{seconds, duration}} (p = {{p}}), in {{groups}} resources at the same time.',
  warningLasting: 'Strongly abnormal (p = {{p}}) for {{seconds, duration}}.',
  infoMild: 'Abnormal (p = {{p}}), but not strongly or long enough to warn.',
  infoProvisional: 'Abnormal (p = {{p}}); with less than a day of history only a long anomaly warns.',
  silent: 'No data for {{seconds, duration}}; usually it comes every {{usual, duration}}.',
} as const;
