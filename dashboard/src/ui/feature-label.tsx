import { readFeatureName } from '../format/names.ts';

/** A feature's metric, with the values of its labels set apart; the full spelling on hover. */
export function FeatureLabel({ feature }: { readonly feature: string }) {
  const { metric, labels } = readFeatureName(feature);
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
