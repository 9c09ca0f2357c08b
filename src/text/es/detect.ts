import type { detect as english } from '../en/detect.ts';

export const detect: Record<keyof typeof english, string> = {
  criticalNearLimit:
    'Anómalo desde hace {{seconds, duration}} (p = {{p}}), y el límite está ocupado al {{used, percent}}.',
  criticalBroad: 'Anómalo desde hace {{seconds, duration}} (p = {{p}}), en {{groups}} recursos a la vez.',
  warningLasting: 'Muy anómalo (p = {{p}}) desde hace {{seconds, duration}}.',
  infoMild: 'Anómalo (p = {{p}}), pero sin la fuerza o la duración que pide un aviso.',
  infoProvisional: 'Anómalo (p = {{p}}); con menos de un día de historia solo se avisa de lo que dura.',
  silent: 'Sin datos desde hace {{seconds, duration}}; lo habitual es recibirlos cada {{usual, duration}}.',
};
