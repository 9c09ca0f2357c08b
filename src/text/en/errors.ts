/** What an error says: what happened, and what to do. Keys are the stable codes; placeholders are `{{name}}`. */
export const errors = {
  ACTION_UNKNOWN:
    'There is no action "{{action}}" in the catalogue. See the list under `actions` in the configuration.',
  API_ADDRESS_UNSAFE:
    'The API would listen on {{host}}, which other machines can reach, and no token is set. Set api.tokens, or api.host to 127.0.0.1.',
  API_BUSY: 'Too many requests at once. Try again in a few seconds.',
  API_ADDRESS_INVALID: 'The API cannot listen on {{host}}:{{port}}: {{detail}}. Correct api.host or api.port.',
  API_FLOODED: 'More events come than are taken. Send fewer, or try again later.',
  API_FORBIDDEN: 'This token may not do that; it needs the role {{role}}.',
  API_HOST_REFUSED: 'The name "{{host}}" is not one this server answers to. Add it to api.allowedHosts if it is yours.',
  API_ORIGIN_REFUSED:
    'A page from {{origin}} may not change anything here. Use the dashboard of this server, or a token.',
  API_UNAUTHORIZED: 'A token is needed. Send it as "Authorization: Bearer …"; make one with `vigia token`.',
  API_HEADER_MISSING: 'A change needs a token or, on this machine, the header "X-Vigia: 1".',
  BODY_INVALID: 'The request is not valid: {{detail}}.',
  BODY_TOO_LARGE: 'The request has more than {{limit}} bytes. Send it in smaller parts.',
  BODY_TYPE: 'This is not taken here: {{found}}. Send {{expected}}.',
  BUS_MESSAGE_TOO_LARGE:
    'A message of topic {{topic}} has {{bytes}} bytes; at most {{limit}} are possible. Send it in smaller parts.',
  BUS_PARTITIONS:
    'The topic {{topic}} has {{found}} partitions and the configuration wants {{wanted}}. Set bus.kafka.partitions to {{found}}, or add partitions while every stage is stopped.',
  BUS_REFUSED: 'Kafka refused the sign-in: {{detail}}. Check bus.kafka.sasl and bus.kafka.tls.',
  BUS_REPLICATION:
    'Kafka cannot keep {{wanted}} copies of a topic, as fewer brokers are up: {{detail}}. Start the missing brokers or lower bus.kafka.replication.',
  BUS_RIGHTS: 'Kafka does not allow it: {{detail}}. Give this user the rights that docs/operations/topics.md lists.',
  BUS_STOPPED: 'The message bus has stopped; nothing more is taken. Try again when Vigía is up.',
  BUS_UNAVAILABLE:
    'Kafka at {{brokers}} does not answer: {{detail}}. Check bus.kafka.brokers and the network; it is tried again.',
  CLOCK_BACK:
    'The clock of this machine was set back by {{seconds}} s. Samples are kept; frames go on when the old time is reached. Check the time synchronisation (NTP).',
  CLOCK_FORWARD:
    'The clock of this machine was set forward by {{seconds}} s. The time between stays empty. Check the time synchronisation (NTP).',
  CLOCK_SKEW:
    'The clocks of this machine and of the database are {{seconds}} s apart (above 0: this machine is ahead). Leases go by the database and are safe, but what is stamped here lies in the wrong place, and samples from too far ahead are refused. Check the time synchronisation (NTP) of both.',
  CONFIG_INVALID: 'Mistakes in the configuration: {{count}}.\n{{detail}}',
  CONFIG_UNREADABLE: 'The configuration file {{file}} cannot be read: {{detail}}.',
  CURSOR_INVALID: 'The cursor is not one that this server gave out. Start again without it.',
  EXECUTOR_CUT_OFF:
    '{{target}} broke off in the middle of its answer ({{detail}}). Whether it did what was asked is not known: look there before it is asked again.',
  EXECUTOR_MISSING: '{{command}} was not found. Install it or correct `actions` in the configuration.',
  EXECUTOR_FAILED: 'It ended with exit code {{code}}.',
  EXECUTOR_LIMITED:
    '{{target}} has had {{count}} messages within {{seconds}} s and takes no more now; nothing was sent.',
  EXECUTOR_TIMEOUT: 'It did not end within {{seconds}} s, so it and all it had started were ended.',
  EXECUTOR_STOPPED: 'It was stopped before it had ended, together with all that it had started here.',
  EXECUTOR_UNSTARTABLE: 'The command {{command}} could not be started: {{detail}}.',
  EXECUTOR_UNFINISHED:
    '{{target}} did not say within {{seconds}} s that it was done. It may still be at it: look there before it is asked again.',
  EXECUTOR_UNREACHABLE: '{{target}} did not answer: {{detail}}.',
  EXECUTOR_REFUSED: '{{target}} answered {{status}}.',
  EXECUTOR_BUDGET:
    'A disruption budget kept {{pods}} from going within {{seconds}} s. The node takes no new pods until it is uncordoned.',
  EXECUTOR_NO_EARLIER: '{{target}} has no earlier version to go back to.',
  EXECUTOR_WOULD_LOSE:
    'Nothing was done: {{what}} would lose what nothing brings back. Move it first, or set args.{{argument}} in the action.',
  EXPOSITION_INVALID: 'Line {{line}} is not valid: {{detail}}.',
  FEEDBACK_CONFLICT:
    '{{by}} has said something else of it: {{verdict}} ({{time}}). Talk to them, or take that back first (feedback {{id}}).',
  FEEDBACK_FOUND: 'It was not missed: there is a {{severity}} for it, anomaly {{id}}. Judge that one instead.',
  FEEDBACK_FULL: 'There are {{limit}} rules from feedback already. Take some back that are no longer needed.',
  FEEDBACK_LEARNT:
    'It has become the new normal, as {{by}} said, and what was learnt cannot be unlearnt. If it changes again, that will be found.',
  FEEDBACK_UNDONE: 'It has been taken back already, by {{by}} ({{time}}).',
  INTERNAL: 'Something went wrong inside Vigía ({{detail}}). It has been logged; please report it.',
  KUBERNETES_REFUSED:
    'Kubernetes answered {{status}} to {{what}}: {{detail}}. See that the account may do it (docs/guide/kubernetes.md).',
  KUBERNETES_UNREACHABLE: 'The API server of Kubernetes did not answer: {{detail}}. It is tried again.',
  HISTORY_UNAVAILABLE: '{{url}} gives no history: {{detail}}.',
  INPUT_TOO_LARGE: '{{what}} is larger than the limit of {{limit}}.',
  LEASE_LOST: 'Another process has taken over "{{name}}"; this one writes nothing more of it.',
  LETTER_UNREADABLE: 'This message cannot be sent again: {{detail}}. Send its data once more from where it came.',
  LINK_EXPIRED:
    'This link has expired: nobody decided in time, and nothing was done. Open Vigía to see what is needed now.',
  LINK_INVALID: 'This link is not valid. It may have been cut off when it was copied; open it from the message itself.',
  LINK_ROLE:
    'This link may not approve this action; it needs the role {{role}}. Ask somebody who has it. Nothing was done.',
  LINK_USED: 'This has been decided already: the run is {{state}} (by {{by}}). Nothing more was done.',
  LISTEN_FAILED: '{{what}} cannot listen on {{host}}:{{port}}: {{detail}}. Choose another port, or stop what uses it.',
  MODEL_STATE: 'This model cannot do that: {{detail}}.',
  NOT_FOUND: 'There is no {{what}} "{{id}}".',
  PORT_TAKEN:
    'Port {{port}} on {{host}} is in use. Is Vigía running already? Otherwise choose another with VIGIA_API_PORT.',
  RUN_STATE: 'The run is {{state}}, so it cannot be {{verb}} now.',
  SILENCE_EMPTY:
    'It would silence everything without saying so. Give match.entity, match.kind or match.anomaly; "*" stands for all.',
  SILENCE_MATCH: 'There is no matcher "{{detail}}". Known are entity, kind, anomaly and below.',
  SILENCE_OVER: 'The silence {{id}} is over and cannot be changed. Make a new one.',
  SILENCE_RANGE:
    'It must end after it begins, in the future, and at most {{days}} days later. Correct from, and to or forSeconds.',
  STAGES_ALONE:
    'A process with some of the stages needs others to have the rest: set {{missing}}, or leave --stages out to have all of them in one process.',
  STAGE_AWAY:
    'No process with the stage {{stage}} has answered. See whether one is running, and look again before you repeat it.',
  STATE_INVALID: 'The saved state of {{what}} is damaged or of another version; it is learnt anew.',
  STORE_BUSY: 'The database could not do it in time: {{detail}}. It is tried again.',
  STORE_DAMAGED:
    'The data folder {{folder}} cannot be opened: {{detail}}. Nothing was changed in it. Restore a backup, or start with another folder (VIGIA_DATA).',
  EXTENSION_INVALID:
    'The package {{name}} of the configuration cannot be used: {{reason}}. Install it beside Vigía or correct the path.',
  STORE_FULL:
    'The disk that holds {{folder}} is full. Free some space; until then nothing is accepted, and nothing accepted is lost.',
  STORE_LOCKED:
    'The data folder {{folder}} is in use by process {{pid}}. Stop it, or choose another folder with VIGIA_DATA.',
  STORE_NEWER:
    'The data in {{folder}} was written by a newer Vigía (schema {{found}}, this one knows {{known}}). Use that version.',
  STORE_OLDER:
    'The schema in {{place}} is at version {{found}}, this Vigía needs {{known}}, and its user may not change it ({{detail}}). Start Vigía once with a user who may create tables there.',
  STORE_REFUSED:
    'The database refuses the connection: {{detail}}. Correct user, password, database and TLS in store.url.',
  STORE_UNAVAILABLE: 'The database cannot be reached: {{detail}}. It is tried again.',
  STORE_UNWRITABLE:
    'The data folder {{folder}} cannot be written: {{detail}}. Correct its rights, or choose another with VIGIA_DATA.',
  STORE_CONFLICT: '{{what}} was changed by somebody else in the meantime. Load it again.',
  USAGE: '{{detail}}',
} as const;
