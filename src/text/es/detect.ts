import type { detect as english } from '../en/detect.ts';

export const detect: Record<keyof typeof english, string> = {
  criticalNearLimit:
    'Anómalo desde hace {{seconds, duration}} (p = {{p}}), y el límite está ocupado al {{used, percent}}.',
  criticalNearFailure:
    'Anómalo desde hace {{seconds, duration}} (p = {{p}}), y al {{used, percent}} de lo que se considera el fallo {{failure}}.',
  criticalBroad: 'Anómalo desde hace {{seconds, duration}} (p = {{p}}), en {{groups}} recursos a la vez.',
  warningLasting: 'Muy anómalo (p = {{p}}) desde hace {{seconds, duration}}.',
  infoMild: 'Anómalo (p = {{p}}), pero sin la fuerza o la duración que pide un aviso.',
  infoProvisional: 'Anómalo (p = {{p}}); con menos de un día de historia solo se avisa de lo que dura.',
  silent: 'Sin datos desde hace {{seconds, duration}}; lo habitual es recibirlos cada {{usual, duration}}.',
  kindSpike: '{{feature}} está por encima de lo esperado, y solo desde hace {{seconds, duration}}.',
  kindDip: '{{feature}} está por debajo de lo esperado, y solo desde hace {{seconds, duration}}.',
  kindLevelShift: '{{feature}} ha pasado a otro nivel y se mantiene en él.',
  kindTrend: '{{feature}} se aleja cada vez más de lo esperado.',
  kindVariance: '{{feature}} oscila a ambos lados de lo esperado más de lo habitual.',
  kindSeasonalityBreak: 'Lo que suele traer esta hora del día o este día de la semana en {{feature}} no ha llegado.',
  kindFlatline: '{{feature}} no cambia desde hace {{seconds, duration}}, y suele hacerlo.',
  kindMissing: 'No llega nada de la entidad.',
  kindMissingFeature: '{{feature}} ha dejado de llegar, y el resto de la entidad no.',
  kindRelationBroken: 'Cada métrica está en su banda, pero juntas son inusuales; sobre todo {{feature}}.',
  kindVanishedLogPattern:
    '{{feature}} se escribía de forma constante y ha dejado de aparecer; el resto del registro sigue.',
  kindLogSequence:
    '{{odd}} de las últimas {{sessions}} sesiones del registro transcurrieron como casi ninguna de las aprendidas; lo habitual serían unas {{usual}}.',
  kindNewLogPattern: '{{feature}} no se había visto nunca en esta entidad.',
  kindRateChange: '{{feature}} cuenta eventos o líneas de registro, y llega con más o menos frecuencia de lo habitual.',
  missingFeature: 'Sin valor desde hace {{seconds, duration}}; lo habitual es uno cada {{usual, duration}}.',
  newLogPattern: 'Es nuevo, así que no se sabe cada cuánto llega.',
  endCalm: 'Ha vuelto a la normalidad.',
  endAdopted: 'Ha durado {{seconds, duration}}, así que cuenta como la nueva normalidad.',
  endAdoptedBy: 'La nueva normalidad, según {{by}}.',
  endSilence: 'La entidad ya no envía nada.',
  endGone: 'Falta desde hace {{seconds, duration}}, así que ya no se espera.',
  endBack: 'Vuelven a llegar datos.',
  endLost: 'Terminó en algún momento mientras nadie observaba.',
  endKnown: 'Ya no es nuevo.',
  heldBackNoise:
    'Se mantiene más bajo: {{feature}} por sí solo consumió el {{share, percent}} del presupuesto de alertas de los últimos {{days}} días, así que ahora exige indicios más fuertes.',
  heldBackFalse:
    'Se mantiene más bajo: {{feature}} se calificó {{count}} veces de falsa alarma en los últimos {{days}} días, así que ahora exige indicios más fuertes.',
};
