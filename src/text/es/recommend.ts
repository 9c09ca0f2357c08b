/** Por qué se recomienda una acción y por qué ahora no puede ejecutarse. */
export const recommend = {
  ranked_one: 'Hay una acción en el catálogo para este incidente.',
  ranked_other: 'Hay {{count}} acciones en el catálogo para este incidente; la que más ha ayudado va primero.',
  neverTried: 'Aún no se ha probado con este tipo de entidad; la estimación es la que supone el catálogo.',
  worked_one: 'Se probó una vez con este tipo de entidad y resolvió {{resolved}}.',
  worked_other: 'Resolvió {{resolved}} de {{count}} casos con este tipo de entidad.',
  failedHere: 'Ya se probó en este incidente y no sirvió.',
  harmedHere: 'Ya empeoró este incidente.',
  disruption_low: 'Se espera poca interrupción.',
  disruption_medium: 'Se espera cierta interrupción.',
  disruption_high: 'Se espera una interrupción seria.',
  killSwitch: 'La parada de emergencia está activada: no se ejecuta nada.',
  observeOnly: 'Su modo es «observar»: solo se muestra.',
  cooldown: 'Se ejecutó aquí hace poco; podrá volver a ejecutarse en {{seconds, duration}}.',
  likeCases: 'La estimación se apoya en casos parecidos a este.',
  explores:
    'Se prueba primero para aprender de ella: otras pueden ser igual de buenas o mejores, y cabe en el presupuesto para ello.',
  lessLikely: 'Es más probable que ayuden otras.',
  otherKind: 'Está pensada para {{kinds}}.',
  otherProblem: 'Está pensada para otro tipo de problema.',
} as const;
