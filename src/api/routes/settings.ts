import { VigiaError } from '../../runtime/errors.ts';
import { audit, type Resource } from '../api-app.ts';
import { Settings } from '../contract/views.ts';

type Detail = Record<string, string | number | boolean | null>;

/** What was changed, old and new, by name. */
function changed(before: Settings, after: Settings): Detail {
  const flat = (settings: Settings): Detail => ({
    language: settings.language,
    'alertBudget.pages': settings.alertBudget.pages,
    'alertBudget.warnings': settings.alertBudget.warnings,
    killSwitch: settings.killSwitch,
    ...Object.fromEntries(Object.entries(settings.modes).map(([id, mode]) => [`modes.${id}`, mode])),
  });
  const [old, now] = [flat(before), flat(after)];
  const names = [...new Set([...Object.keys(old), ...Object.keys(now)])].filter((name) => old[name] !== now[name]);
  return Object.fromEntries(names.map((name) => [name, `${old[name] ?? '–'} → ${now[name] ?? '–'}`]));
}

export const settings: Resource = (app, deps, parts) => {
  app.get(
    '/settings',
    { schema: { summary: 'What may be changed while it runs', response: { 200: Settings } } },
    async () => deps.settings.current(),
  );

  app.put(
    '/settings',
    {
      config: { role: 'admin' },
      schema: { summary: 'Change the settings, all at once', body: Settings, response: { 200: Settings } },
    },
    async (request) => {
      const before = deps.settings.current();
      const known = new Set(deps.catalogue().map(({ id }) => id));
      const unknown = Object.keys(request.body.modes).find((id) => !known.has(id));
      if (unknown !== undefined) throw new VigiaError('ACTION_UNKNOWN', { action: unknown });
      await deps.settings.change(request.body, request.identity.name);
      await audit(deps, request, { verb: 'settings', target: 'settings', detail: changed(before, request.body) });
      parts.overview.drop();
      return deps.settings.current();
    },
  );
};
