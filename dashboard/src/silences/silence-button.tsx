import { BellOff } from 'lucide-react';
import { useState } from 'react';
import { useWords } from '../text/words.ts';
import { Button } from '../ui/button.tsx';
import { SilenceDialog } from './silence-form.tsx';

/** "Silence…" for one entity. */
export function SilenceButton({ entity }: { readonly entity: string }) {
  const words = useWords();
  const [asking, setAsking] = useState(false);
  return (
    <>
      <Button onClick={() => setAsking(true)}>
        <BellOff size={16} aria-hidden />
        {words.say('dashboard-silence.silenceThis')}
      </Button>
      {asking && <SilenceDialog entity={entity} onClose={() => setAsking(false)} />}
    </>
  );
}
