import type { errors as english } from '../en/errors.ts';

export const errors: Record<keyof typeof english, string> = {
  ACTION_UNKNOWN: 'No existe la acción «{{action}}» en el catálogo. La lista está en `actions`, en la configuración.',
  API_ADDRESS_UNSAFE:
    'La API escucharía en {{host}}, accesible desde otras máquinas, y no hay ningún token definido. Define api.tokens o deja api.host en 127.0.0.1.',
  API_BUSY: 'Ahora hay demasiadas peticiones a la vez. Inténtalo de nuevo en unos segundos.',
  API_ADDRESS_INVALID: 'La API no puede escuchar en {{host}}:{{port}}: {{detail}}. Corrige api.host o api.port.',
  API_FLOODED: 'Llegan más eventos de los que se admiten. Envía menos o inténtalo más tarde.',
  API_FORBIDDEN: 'Este token no tiene permiso; hace falta el rol {{role}}.',
  API_HOST_REFUSED: 'Este servidor no responde al nombre «{{host}}». Si es tuyo, añádelo a api.allowedHosts.',
  API_ORIGIN_REFUSED: 'Una página de {{origin}} no puede cambiar nada aquí. Usa el panel de este servidor o un token.',
  API_UNAUTHORIZED: 'Hace falta un token. Envíalo como «Authorization: Bearer …»; se crea con `vigia token`.',
  API_HEADER_MISSING: 'Para hacer cambios hace falta un token o, en esta misma máquina, la cabecera «X-Vigia: 1».',
  BODY_INVALID: 'La petición no es válida: {{detail}}.',
  BODY_TOO_LARGE: 'La petición supera los {{limit}} bytes. Envíala en partes más pequeñas.',
  BODY_TYPE: 'Esto no se admite aquí: {{found}}. Envía {{expected}}.',
  BUS_MESSAGE_TOO_LARGE:
    'Un mensaje del tema {{topic}} ocupa {{bytes}} bytes y el máximo es {{limit}}. Envíalo en partes más pequeñas.',
  BUS_PARTITIONS:
    'El tema {{topic}} tiene {{found}} particiones y la configuración pide {{wanted}}. Pon bus.kafka.partitions a {{found}}, o añade particiones con todas las etapas paradas.',
  BUS_REFUSED: 'Kafka ha rechazado la identificación: {{detail}}. Revisa bus.kafka.sasl y bus.kafka.tls.',
  BUS_REPLICATION:
    'Kafka no puede guardar {{wanted}} copias de un tema porque hay menos brokers en marcha: {{detail}}. Arranca los que faltan o reduce bus.kafka.replication.',
  BUS_RIGHTS: 'Kafka no lo permite: {{detail}}. Da a este usuario los permisos que enumera docs/operations/topics.md.',
  BUS_STOPPED: 'El bus de mensajes se ha detenido y no acepta nada más. Inténtalo cuando Vigía esté en marcha.',
  BUS_UNAVAILABLE:
    'Kafka no responde en {{brokers}}: {{detail}}. Revisa bus.kafka.brokers y la red; se seguirá intentando.',
  CLOCK_BACK:
    'El reloj de esta máquina se ha atrasado {{seconds}} s. Las muestras se guardan; los intervalos seguirán cuando se alcance la hora anterior. Revisa la sincronización horaria (NTP).',
  CLOCK_FORWARD:
    'El reloj de esta máquina se ha adelantado {{seconds}} s. El tiempo intermedio queda vacío. Revisa la sincronización horaria (NTP).',
  CLOCK_SKEW:
    'El reloj de esta máquina y el de la base de datos difieren en {{seconds}} s (por encima de 0, esta máquina va adelantada). Las reservas usan la hora de la base de datos y no corren peligro, pero lo que se fecha aquí queda fuera de su sitio y las muestras demasiado adelantadas se rechazan. Revisa la sincronización horaria (NTP) de ambos.',
  CONFIG_INVALID: 'Errores en la configuración: {{count}}.\n{{detail}}',
  CONFIG_UNREADABLE: 'No se puede leer el archivo de configuración {{file}}: {{detail}}.',
  CURSOR_INVALID: 'Este cursor no lo ha dado este servidor. Empieza de nuevo sin él.',
  EXECUTOR_CUT_OFF:
    '{{target}} se cortó a mitad de la respuesta ({{detail}}). No se sabe si hizo lo que se le pidió: compruébalo allí antes de repetirlo.',
  EXECUTOR_MISSING: 'No se encuentra {{command}}. Instálalo o corrige `actions` en la configuración.',
  EXECUTOR_FAILED: 'Terminó con el código de salida {{code}}.',
  EXECUTOR_LIMITED:
    '{{target}} ya ha recibido {{count}} mensajes en {{seconds}} s y ahora no admite más; no se ha enviado nada.',
  EXECUTOR_TIMEOUT: 'No terminó en {{seconds}} s; se ha detenido junto con todo lo que había iniciado.',
  EXECUTOR_STOPPED: 'Se detuvo antes de terminar, junto con todo lo que había iniciado aquí.',
  EXECUTOR_UNSTARTABLE: 'No se pudo iniciar el comando {{command}}: {{detail}}.',
  EXECUTOR_UNFINISHED:
    '{{target}} no confirmó en {{seconds}} s que hubiera terminado. Quizá siga en ello: compruébalo allí antes de repetirlo.',
  EXECUTOR_UNREACHABLE: '{{target}} no respondió: {{detail}}.',
  EXECUTOR_REFUSED: '{{target}} respondió {{status}}.',
  EXECUTOR_BUDGET:
    'Un presupuesto de interrupciones no dejó salir a {{pods}} en {{seconds}} s. El nodo no admite pods nuevos hasta que se libere.',
  EXECUTOR_NO_EARLIER: '{{target}} no tiene ninguna versión anterior a la que volver.',
  EXECUTOR_WOULD_LOSE:
    'No se hizo nada: {{what}} perdería algo que nada recupera. Muévelo antes o indica args.{{argument}} en la acción.',
  EXPOSITION_INVALID: 'La línea {{line}} no es válida: {{detail}}.',
  FEEDBACK_CONFLICT:
    '{{by}} ha dicho otra cosa: {{verdict}} ({{time}}). Habladlo, o retirad antes aquella valoración ({{id}}).',
  FEEDBACK_FOUND: 'No pasó inadvertida: hay una alerta ({{severity}}), la anomalía {{id}}. Valórala a ella.',
  FEEDBACK_FULL: 'Ya hay {{limit}} reglas creadas a partir de valoraciones. Retira las que ya no hagan falta.',
  FEEDBACK_LEARNT:
    'Ya es la nueva normalidad, como dijo {{by}}, y lo aprendido no se puede desaprender. Si vuelve a cambiar, se detectará.',
  FEEDBACK_UNDONE: 'Ya la había retirado {{by}} ({{time}}).',
  INTERNAL: 'Algo ha fallado dentro de Vigía ({{detail}}). Ha quedado registrado; por favor, comunícalo.',
  KUBERNETES_REFUSED:
    'Kubernetes respondió {{status}} a {{what}}: {{detail}}. Comprueba que la cuenta tenga permiso (docs/guide/kubernetes.md).',
  KUBERNETES_UNREACHABLE: 'El servidor de la API de Kubernetes no respondió: {{detail}}. Se volverá a intentar.',
  HISTORY_UNAVAILABLE: '{{url}} no da su historial: {{detail}}.',
  INPUT_TOO_LARGE: '{{what}} supera el límite de {{limit}}.',
  LEASE_LOST: 'Otro proceso se ha hecho cargo de «{{name}}»; este ya no escribe nada al respecto.',
  LETTER_UNREADABLE:
    'Este mensaje no se puede volver a enviar: {{detail}}. Manda otra vez sus datos desde donde vinieron.',
  LINK_EXPIRED:
    'Este enlace ha caducado: nadie decidió a tiempo y no se hizo nada. Abre Vigía para ver qué hace falta ahora.',
  LINK_INVALID: 'Este enlace no es válido. Quizá se cortó al copiarlo; ábrelo desde el propio mensaje.',
  LINK_ROLE:
    'Este enlace no puede aprobar esta acción; hace falta el rol {{role}}. Pídeselo a quien lo tenga. No se ha hecho nada.',
  LINK_USED: 'Esto ya está decidido: la ejecución está {{state}} (por {{by}}). No se ha hecho nada más.',
  LISTEN_FAILED:
    '{{what}} no puede escuchar en {{host}}:{{port}}: {{detail}}. Elige otro puerto o detén lo que lo usa.',
  MODEL_STATE: 'Este modelo no puede hacer eso: {{detail}}.',
  NOT_FOUND: 'No existe {{what}} «{{id}}».',
  PORT_TAKEN:
    'El puerto {{port}} de {{host}} está ocupado. ¿Ya está Vigía en marcha? Si no, elige otro con VIGIA_API_PORT.',
  RUN_STATE: 'La ejecución está {{state}}; ahora no se puede {{verb}}.',
  SILENCE_EMPTY: 'Silenciaría todo sin decirlo. Indique match.entity, match.kind o match.anomaly; «*» significa todo.',
  SILENCE_MATCH: 'No existe el criterio «{{detail}}». Los hay de entity, kind, anomaly y below.',
  SILENCE_OVER: 'El silencio {{id}} ya ha terminado y no se puede cambiar. Cree otro.',
  SILENCE_RANGE:
    'Debe terminar después de empezar, en el futuro, y como mucho {{days}} días después. Corrija from, y to o forSeconds.',
  STAGES_ALONE:
    'Un proceso con solo algunas etapas necesita que otros tengan las demás: configure {{missing}}, o quite --stages para tenerlas todas en un proceso.',
  STAGE_AWAY:
    'Ningún proceso con la etapa {{stage}} ha respondido. Compruebe que haya uno en marcha y mire el resultado antes de repetirlo.',
  STATE_INVALID: 'El estado guardado de {{what}} está dañado o es de otra versión; se vuelve a aprender.',
  STORE_BUSY: 'La base de datos no ha podido hacerlo a tiempo: {{detail}}. Se volverá a intentar.',
  STORE_DAMAGED:
    'No se puede abrir la carpeta de datos {{folder}}: {{detail}}. No se ha cambiado nada en ella. Restaura una copia o usa otra carpeta (VIGIA_DATA).',
  EXTENSION_INVALID:
    'No se puede usar el paquete {{name}} de la configuración: {{reason}}. Instálalo junto a Vigía o corrige la ruta.',
  STORE_FULL:
    'El disco que contiene {{folder}} está lleno. Libera espacio; mientras tanto no se acepta nada, y nada de lo aceptado se pierde.',
  STORE_LOCKED:
    'La carpeta de datos {{folder}} la está usando el proceso {{pid}}. Detenlo o elige otra carpeta con VIGIA_DATA.',
  STORE_NEWER:
    'Los datos de {{folder}} los escribió una versión más nueva de Vigía (esquema {{found}}; esta conoce {{known}}). Usa esa versión.',
  STORE_OLDER:
    'El esquema de {{place}} está en la versión {{found}}, este Vigía necesita la {{known}} y su usuario no puede cambiarlo ({{detail}}). Arranca Vigía una vez con un usuario que pueda crear tablas ahí.',
  STORE_REFUSED:
    'La base de datos rechaza la conexión: {{detail}}. Corrige usuario, contraseña, base de datos y TLS en store.url.',
  STORE_UNAVAILABLE: 'No se puede acceder a la base de datos: {{detail}}. Se volverá a intentar.',
  STORE_UNWRITABLE:
    'No se puede escribir en la carpeta de datos {{folder}}: {{detail}}. Corrige los permisos o elige otra con VIGIA_DATA.',
  STORE_CONFLICT: 'Mientras tanto, otra persona ha cambiado {{what}}. Vuelve a cargarlo.',
  USAGE: '{{detail}}',
};
