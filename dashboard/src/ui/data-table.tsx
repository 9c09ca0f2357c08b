import { useState } from 'react';
import { useWords } from '../text/words.ts';
import { Scrollable } from './scrollable.tsx';

export interface TableRow {
  readonly key: string;
  /** The first names the row. */
  readonly cells: readonly string[];
}

interface TableProps {
  readonly name: string;
  readonly columns: readonly string[];
  readonly rows: readonly TableRow[];
}

const cell = 'px-3 py-2 whitespace-nowrap';

/** Numbers in rows, the first cell of each its name; it scrolls sideways within itself. */
export function DataTable({ name, columns, rows }: TableProps) {
  const words = useWords();
  // A name of its own beside the section that holds it.
  const label = `${words.say('dashboard-entity.table')}: ${name}`;
  return (
    <Scrollable label={label} className="max-h-96 overflow-auto rounded-lg border border-line bg-surface">
      <table className="w-full text-left text-sm">
        <caption className="sr-only">{name}</caption>
        <thead className="sticky top-0 bg-sunken text-muted">
          <tr>
            {columns.map((column, index) => (
              <th key={column} scope="col" className={`${cell} font-normal ${index > 0 ? 'text-right' : ''}`}>
                {column}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ key, cells: [first, ...rest] }) => (
            <tr key={key} className="border-t border-line">
              <th scope="row" className={`${cell} font-medium`}>
                {first}
              </th>
              {rest.map((value, index) => (
                <td key={columns[index + 1] ?? index} className={`${cell} text-right`}>
                  {value}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </Scrollable>
  );
}

/** The numbers behind a chart, for screen readers and for copying; made when somebody wants them. */
export function TableBehind(props: TableProps) {
  const words = useWords();
  const [open, setOpen] = useState(false);
  return (
    <details onToggle={(event) => setOpen(event.currentTarget.open)} className="mt-2 text-sm">
      <summary className="inline-block rounded px-1 text-xs text-muted hover:text-ink">
        {words.say('dashboard-entity.table')}
        <span className="sr-only"> {props.name}</span>
      </summary>
      {open && (
        <div className="mt-2">
          <DataTable {...props} />
        </div>
      )}
    </details>
  );
}
