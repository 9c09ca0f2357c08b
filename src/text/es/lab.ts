import type { lab as english } from '../en/lab.ts';

/** Lo que dice `vigia lab`. */
export const lab: Record<keyof typeof english, string> = {
  about: 'arrancar un pequeño sistema distribuido que se estropea, con Vigía vigilándolo',
  about_port: 'puerto de la interfaz y del panel',
  about_mode: 'hasta dónde llegan solas las acciones: observe, suggest, approve o auto',
  about_faults: 'tipos de fallo que se dejan entrar, separados por comas; por defecto, todos, en cualquier orden',
  about_seed: 'número con el que se sortean usuarios y fallos',
  about_scenario: 'medir en vez de mostrar: un escenario, por su archivo o como standard o short',
  about_arm: 'quién actúa en él: none, static o vigia',
  about_report: 'carpeta para el informe; lo que ya haya en ella se continúa',
  missing: 'El laboratorio no forma parte de esta compilación. Ejecuta `npm run build`.',
  bad_port: 'El puerto {{found}} no es válido: de 0 a 65535.',
  bad_mode: 'No existe el modo {{found}}; existen {{known}}.',
  bad_seed: 'La semilla {{found}} no es válida: un número entero de 0 a 4294967295.',
  bad_faults: 'No existe el fallo {{found}}; existen {{known}}.',
  bad_request: '{{detail}}. Consulta `vigia lab --help`.',
  needs_arm: 'Un escenario necesita --arm y --report. Consulta `vigia lab --help`.',
  starting: 'Arrancando 12 procesos y Vigía …',
  watching: 'Vigía vigila el laboratorio: {{url}}  (Ctrl-C lo detiene)',
  admin: 'El supervisor del laboratorio, que ejecuta las acciones: {{url}}/state',
  quiet: '{{time}}  Todo en calma. Vigía aprende durante {{seconds}} s qué es lo normal.',
  fault: '{{time}}  Fallo {{kind}} en {{where}}. Crece durante cerca de un minuto.',
  reset: '{{time}}  El fallo ha desaparecido y el laboratorio está como al principio.',
  progress: '{{done}} de {{of}}: {{what}}',
  stopped: 'Detenido. Lo hecho se conserva; la misma orden lo continúa.',
};
