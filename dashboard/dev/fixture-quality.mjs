/** Made-up data quality: most of it is fine, some is late, filtered, skewed or gone. */
export function createQualityFixtures({ ids, start, random, mood }) {
  const wild = (i) => (mood === 'storm' ? i % 3 === 0 : i % 17 === 0);
  const qualityOf = (entity, i) => ({
    entity,
    updatedAt: start,
    since: start - 26 * 3_600_000,
    lastSample: start - (i % 23 === 7 ? 1_900_000 : 4000),
    sources: [i % 2 === 0 ? 'scrape/node' : 'push'],
    samples: Math.floor(1e6 + random() * 9e6),
    drops: wild(i)
      ? { late: 412, repeated: 32, 'filters/runtime': 180_344, no_room: 2310 }
      : i % 5 === 0
        ? { repeated: 3 }
        : {},
    series: wild(i) ? 2894 : 84,
    newSeries: wild(i) ? 212 : 0,
    worst: wild(i)
      ? [
          { metric: 'http_requests_total', series: 2102 },
          { metric: 'http_request_duration_seconds_bucket', series: 208 },
        ]
      : [],
    features: wild(i) ? 400 : 62,
    gaps: i % 4 === 0 ? 3 : 0,
    gapMs: i % 4 === 0 ? 190_000 : 0,
    skewMs: wild(i) ? -47_000 : 120,
    units: wild(i) ? [{ metric: 'queue_wait_milliseconds', from: 'milliseconds', to: 'seconds', scale: 0.001 }] : [],
  });
  const qualities = ids.map(qualityOf);
  const names = [
    ['host_cpu_used_ratio', null],
    ['host_memory_used_bytes', null],
    ['host_memory_free_bytes', 'collinear'],
    ['host_filesystem_used_bytes{mountpoint="/data",fstype="ext4"}', null],
    ['host_load1', null],
    ['host_load5', 'collinear'],
    ['process_max_fds', 'constant'],
    ['host_entropy_bits', 'noise'],
    ['host_swap_used_bytes', 'missing'],
    ['http_request_duration_seconds{quantile="0.99",route="/checkout"}', 'budget'],
  ];
  const profile = names.map(([feature], i) => ({
    feature,
    median: 10 ** (i % 5),
    low: 8 ** (i % 5),
    high: 11 ** (i % 5),
    missing: i === 8 ? 0.94 : 0.001 * i,
  }));
  const choice = {
    scope: 'host',
    version: 'features_1',
    madeAt: start,
    budget: 100,
    enforced: false,
    entities: 16,
    rows: 3840,
    verdicts: names.map(([feature, why]) => ({
      feature,
      chosen: why === null,
      why,
      of: why === 'collinear' ? 'host_memory_used_bytes' : null,
      value: 0.97,
      since: start,
    })),
    profile,
  };
  return {
    list: () => qualities,
    detail: (id) => {
      const quality = qualities.find(({ entity }) => entity === id);
      return quality === undefined ? null : { quality, choice, profile };
    },
  };
}
