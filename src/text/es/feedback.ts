import type { feedback as english } from '../en/feedback.ts';

export const feedback: Record<keyof typeof english, string> = {
  quieter:
    'Solo se muestra: según {{by}}, otra parecida era una falsa alarma o algo esperado, y esta no es claramente más fuerte.',
  louder: 'Según {{by}}, otra parecida pasó inadvertida, y esta no es más débil.',
  previewRemoves:
    'Quitaría {{removed}} de {{alike}} alertas como esta de los últimos 30 días y perdería {{lost}} incidencias confirmadas.',
  previewAdds_one: 'Habría dado un aviso más en los últimos 30 días.',
  previewAdds_other: 'Habría dado {{count}} avisos más en los últimos 30 días.',
  previewAdopts_one: 'El cambio que sigue abierto pasa a ser la nueva normalidad. No se puede deshacer.',
  previewAdopts_other:
    'Los {{count}} cambios que siguen abiertos pasan a ser la nueva normalidad. No se puede deshacer.',
  previewLabel: 'En ese momento no se vio nada. Se guarda como ejemplo de lo que habría que detectar.',
  previewNothing: 'Se guarda y cuenta para el peso de cada detector; nada más cambia.',
  staysStronger: 'Es claramente más fuerte que la valorada.',
  staysOther: 'Hay otros indicios de problemas en {{entity}}.',
  staysPrediction: 'Además se predice un fallo de {{entity}}.',
};
