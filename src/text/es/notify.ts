import type { notify as english } from '../en/notify.ts';

export const notify: Record<keyof typeof english, string> = {
  open: 'Abrir en Vigía',
  why: 'Por qué',
  decide: 'Ver y decidir',
  look: 'Por favor, revisa {{entity}}',
  resolved: 'Terminado: {{title}}',
  others_one: 'Afecta a {{entity}} y a una entidad más.',
  others_other: 'Afecta a {{entity}} y a {{count}} entidades más.',
  since: 'Desde {{at, moment}}.',
  approval: 'Hace falta tu aprobación: {{title}} en {{entity}}',
  expires: 'Espera hasta {{at, moment}}; después ya no se hará nada.',
  disruption_low: 'Se espera una molestia leve.',
  disruption_medium: 'Se espera una interrupción apreciable.',
  disruption_high: 'Se espera una interrupción seria.',
  escalation: '{{entity}} necesita a una persona',
  several_one: 'Un aviso: {{title}}',
  several_other: '{{count}} avisos; el primero: {{title}}',
  more_one: '… y uno más en Vigía.',
  more_other: '… y {{count}} más en Vigía.',
};
