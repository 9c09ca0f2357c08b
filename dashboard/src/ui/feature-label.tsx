import { readFeatureName } from '../format/names.ts';
import { LOG_PATTERN_METRIC, usePatternText } from '../logs/pattern-text.ts';

/** A log pattern goes by its text, not by its id. */
function PatternLabel({ feature, template }: { readonly feature: string; readonly template: string }) {
  const text = usePatternText();
  return (
    <span title={feature} className="min-w-0 font-mono text-[13px] break-words">
      {text(template)}
    </span>
  );
}

/** A feature's metric, with the values of its labels set apart; the full spelling on hover. */
export function FeatureLabel({ feature }: { readonly feature: string }) {
  const { metric, labels } = readFeatureName(feature);
  const template = metric === LOG_PATTERN_METRIC ? labels.find(({ name }) => name === 'template') : undefined;
  if (template !== undefined) return <PatternLabel feature={feature} template={template.value} />;
  return (
    <span title={feature} className="min-w-0 break-words">
      {metric}
      {labels.map(({ name, value }) => (
        <span key={name} className="text-muted">
          {' '}
          {value}
        </span>
      ))}
    </span>
  );
}
