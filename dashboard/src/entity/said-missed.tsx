import { useFeedbackOn } from '../api/queries.ts';
import { Standing } from '../feedback/standing.tsx';

/** What people said was missed here, with the way back. */
export function SaidMissed({ entity }: { readonly entity: string }) {
  const said = useFeedbackOn(entity).data?.items.filter(({ target }) => target === 'entity') ?? [];
  if (said.length === 0) return null;
  return (
    <div className="space-y-1">
      {said.map((one) => (
        <Standing key={one.id} said={one} />
      ))}
    </div>
  );
}
