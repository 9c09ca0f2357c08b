import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createEntityRules, DEFAULT_ENTITY_RULES, type EntityRule } from './entity-rules.ts';

const byDefault = createEntityRules(DEFAULT_ENTITY_RULES, 'service/push');
const byRule = (...rules: EntityRule[]) => createEntityRules(rules, 'service/other');

describe('entity rules', () => {
  it.each([
    [{ namespace: 'shop', pod: 'cart-0', instance: '10.0.0.1:8080', job: 'kubelet' }, 'pod/shop/cart-0'],
    [{ pod: 'cart-0', instance: '10.0.0.1:8080' }, 'host/10.0.0.1:8080'],
    [{ service: 'orders', host: 'web-1' }, 'service/orders'],
    [{ host: 'web-1', job: 'node' }, 'host/web-1'],
    [{ node: 'worker-3' }, 'host/worker-3'],
    [{ instance: 'web-1:9100', job: 'node' }, 'host/web-1:9100'],
    [{ job: 'batch' }, 'service/batch'],
    [{ entity: 'disk/web-1/sda', pod: 'x', namespace: 'y' }, 'disk/web-1/sda'],
    [{ entity: 'no kind', host: 'web-1' }, 'host/web-1'],
    [{ entity: 'Kind/name', host: 'web-1' }, 'host/web-1'],
    [{}, 'service/push'],
  ])('%j belongs to %s', (labels, entity) => {
    expect(byDefault('metric', labels)).toEqual({ entity, fleet: 'default' });
  });

  it('fits whole values, `*` for anything, and nothing else is special', () => {
    const assign = byRule({ match: { app: 'web.*', __name__: 'http_*_total' }, kind: 'app', name: '{app}' });
    expect(assign('http_requests_total', { app: 'web.front' }).entity).toBe('app/web.front');
    expect(assign('http_requests_total', { app: 'webby' }).entity).toBe('service/other');
    expect(assign('http_requests', { app: 'web.front' }).entity).toBe('service/other');
    expect(byRule({ match: { a: '(x|y)[z]' }, kind: 'k', name: '{a}' })('m', { a: '(x|y)[z]' }).entity).toBe(
      'k/(x|y)[z]',
    );
  });

  it('the first rule that fits wins; one whose name has a hole does not fit', () => {
    const assign = byRule(
      { match: { a: '*' }, kind: 'first', name: '{a}/{b}' },
      { match: { a: '*' }, kind: 'second', name: '{a}', fleet: '{region}' },
    );
    expect(assign('m', { a: '1', b: '2' })).toEqual({ entity: 'first/1/2', fleet: 'default' });
    expect(assign('m', { a: '1', region: 'eu' })).toEqual({ entity: 'second/1', fleet: 'eu' });
    expect(assign('m', { a: '1' })).toEqual({ entity: 'second/1', fleet: 'default' });
  });

  it('makes well-formed ids of any labels', () => {
    const value = fc.string({ unit: 'binary', maxLength: 700 });
    const labels = fc.dictionary(fc.constantFrom('entity', 'namespace', 'pod', 'host', 'instance', '__proto__'), value);
    fc.assert(
      fc.property(labels, (labels) => {
        const { entity } = byDefault('m', labels);
        expect(entity).toMatch(/^[a-z][a-z0-9_-]*\/.+$/);
        expect(entity.length).toBeLessThanOrEqual(512);
        // oxlint-disable-next-line eslint/no-control-regex -- what may not be in an id
        expect(entity).not.toMatch(/[\u0000-\u001f\u007f]/);
      }),
    );
  });
});
