import { lazy, Suspense } from 'react';
import { Route, Switch } from 'wouter';
import { readSegments } from './format/names.ts';
import { OverviewPage } from './overview/overview-page.tsx';
import { Layout } from './shell/layout.tsx';
import { NotFound } from './shell/not-found.tsx';
import { Skeleton } from './ui/states.tsx';

// The overview is in the first load; every other page comes when it is wanted, and charts with the pages that draw some.
const EntityPage = lazy(() => import('./entity/entity-page.tsx').then((page) => ({ default: page.EntityPage })));
const EntitiesPage = lazy(() => import('./entity/entities-page.tsx').then((page) => ({ default: page.EntitiesPage })));
const IncidentPage = lazy(() =>
  import('./incident/incident-page.tsx').then((page) => ({ default: page.IncidentPage })),
);
const IncidentsPage = lazy(() =>
  import('./incident/incidents-page.tsx').then((page) => ({ default: page.IncidentsPage })),
);
const PredictionsPage = lazy(() =>
  import('./predictions/predictions-page.tsx').then((page) => ({ default: page.PredictionsPage })),
);
const ActionsPage = lazy(() => import('./actions/actions-page.tsx').then((page) => ({ default: page.ActionsPage })));
const ApproveByLink = lazy(() =>
  import('./actions/approve-by-link.tsx').then((page) => ({ default: page.ApproveByLink })),
);
const DataPage = lazy(() => import('./data/data-page.tsx').then((page) => ({ default: page.DataPage })));
const QualityPage = lazy(() => import('./quality/quality-page.tsx').then((page) => ({ default: page.QualityPage })));
const EntityQualityPage = lazy(() =>
  import('./quality/entity-quality-page.tsx').then((page) => ({ default: page.EntityQualityPage })),
);
const ModelsPage = lazy(() => import('./models/models-page.tsx').then((page) => ({ default: page.ModelsPage })));
const ModelPage = lazy(() => import('./models/model-page.tsx').then((page) => ({ default: page.ModelPage })));
const PoliciesPage = lazy(() =>
  import('./policies/policies-page.tsx').then((page) => ({ default: page.PoliciesPage })),
);
const ValuePage = lazy(() => import('./policies/value-page.tsx').then((page) => ({ default: page.ValuePage })));
const SettingsPage = lazy(() =>
  import('./settings/settings-page.tsx').then((page) => ({ default: page.SettingsPage })),
);
const SilencesPage = lazy(() =>
  import('./silences/silences-page.tsx').then((page) => ({ default: page.SilencesPage })),
);
const AlertingPage = lazy(() =>
  import('./alerting/alerting-page.tsx').then((page) => ({ default: page.AlertingPage })),
);

export function App() {
  return (
    <Switch>
      <Route path="/approve">
        <Suspense fallback={null}>
          <ApproveByLink />
        </Suspense>
      </Route>
      <Route component={Pages} />
    </Switch>
  );
}

/** Everything behind the navigation. */
function Pages() {
  return (
    <Layout>
      <Suspense fallback={<Skeleton rows={4} height="h-24" />}>
        <Switch>
          <Route path="/" component={OverviewPage} />
          <Route path="/entities" component={EntitiesPage} />
          <Route path="/entities/:kind/*">
            {(params) => (
              <EntityPage key={`${params.kind}/${params['*']}`} id={`${params.kind}/${readSegments(params['*'])}`} />
            )}
          </Route>
          <Route path="/incidents" component={IncidentsPage} />
          <Route path="/incidents/:id">
            {(params) => <IncidentPage key={params.id} id={readSegments(params.id)} />}
          </Route>
          <Route path="/predictions" component={PredictionsPage} />
          <Route path="/actions" component={ActionsPage} />
          <Route path="/data" component={DataPage} />
          <Route path="/quality" component={QualityPage} />
          <Route path="/quality/:kind/*">
            {(params) => {
              const id = `${params.kind}/${readSegments(params['*'])}`;
              return <EntityQualityPage key={id} id={id} />;
            }}
          </Route>
          <Route path="/models" component={ModelsPage} />
          <Route path="/models/:id">{(params) => <ModelPage key={params.id} id={readSegments(params.id)} />}</Route>
          <Route path="/policies" component={PoliciesPage} />
          <Route path="/value" component={ValuePage} />
          <Route path="/silences" component={SilencesPage} />
          <Route path="/alerting" component={AlertingPage} />
          <Route path="/settings" component={SettingsPage} />
          <Route component={NotFound} />
        </Switch>
      </Suspense>
    </Layout>
  );
}
