import { useState } from 'react';
import { absolute } from '../format/moment.ts';
import { band, quantity } from '../format/quantity.ts';
import { useWords } from '../text/words.ts';
import { Scrollable } from '../ui/scrollable.tsx';
import type { ChartRow } from './chart-rows.ts';

interface ChartTableProps {
  readonly name: string;
  readonly unit: string;
  readonly rows: readonly ChartRow[];
}

/** The same as numbers, for screen readers and for copying: whole on purpose, and only made when asked for. */
export function ChartTable({ name, unit, rows }: ChartTableProps) {
  const words = useWords();
  const [open, setOpen] = useState(false);
  return (
    <details onToggle={(event) => setOpen(event.currentTarget.open)} className="text-sm">
      <summary className="inline-block rounded px-1 text-xs text-muted hover:text-ink">
        {words.say('dashboard-entity.table')}
        <span className="sr-only"> {name}</span>
      </summary>
      {open && (
        <Scrollable label={name} className="mt-2 max-h-72 overflow-auto rounded-lg border border-line">
          <table className="w-full text-left text-xs">
            <caption className="sr-only">{name}</caption>
            <thead className="sticky top-0 bg-sunken">
              <tr>
                {(['time', 'value', 'lowHigh', 'expected'] as const).map((column) => (
                  <th key={column} scope="col" className="px-2 py-1.5 font-medium whitespace-nowrap">
                    {words.say(`dashboard-entity.${column}`)}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {rows.map((row) => (
                <tr key={row.time} className="border-t border-line">
                  <td className="px-2 py-1 whitespace-nowrap">{absolute(words.language, row.time)}</td>
                  <td className="px-2 py-1 whitespace-nowrap">{quantity(words, row.mean, unit)}</td>
                  <td className="px-2 py-1 whitespace-nowrap">
                    {row.range === null ? '–' : band(words, row.range[0], row.range[1], unit)}
                  </td>
                  <td className="px-2 py-1 whitespace-nowrap">
                    {row.band === null ? '–' : band(words, row.band[0], row.band[1], unit)}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </Scrollable>
      )}
    </details>
  );
}
