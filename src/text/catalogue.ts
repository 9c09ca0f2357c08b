import { act as actEn } from './en/act.ts';
import { dashboard as dashboardEn } from './en/dashboard.ts';
import { act as actEs } from './es/act.ts';
import { dashboard as dashboardEs } from './es/dashboard.ts';
import { entity as dashboardEntityEn } from './en/dashboard-entity.ts';
import { entity as dashboardEntityEs } from './es/dashboard-entity.ts';
import { feedback as dashboardFeedbackEn } from './en/dashboard-feedback.ts';
import { silence as dashboardSilenceEn } from './en/dashboard-silence.ts';
import { incident as dashboardIncidentEn } from './en/dashboard-incident.ts';
import { feedback as dashboardFeedbackEs } from './es/dashboard-feedback.ts';
import { silence as dashboardSilenceEs } from './es/dashboard-silence.ts';
import { incident as dashboardIncidentEs } from './es/dashboard-incident.ts';
import { overview as dashboardOverviewEn } from './en/dashboard-overview.ts';
import { overview as dashboardOverviewEs } from './es/dashboard-overview.ts';
import { models as dashboardModelsEn } from './en/dashboard-models.ts';
import { pages as dashboardPagesEn } from './en/dashboard-pages.ts';
import { policies as dashboardPoliciesEn } from './en/dashboard-policies.ts';
import { models as dashboardModelsEs } from './es/dashboard-models.ts';
import { pages as dashboardPagesEs } from './es/dashboard-pages.ts';
import { policies as dashboardPoliciesEs } from './es/dashboard-policies.ts';
import { quality as dashboardQualityEn } from './en/dashboard-quality.ts';
import { quality as dashboardQualityEs } from './es/dashboard-quality.ts';
import { words as dashboardWordsEn } from './en/dashboard-words.ts';
import { words as dashboardWordsEs } from './es/dashboard-words.ts';
import { api as apiEn } from './en/api.ts';
import { backtest as backtestEn } from './en/backtest.ts';
import { report as backtestReportEn } from './en/backtest-report.ts';
import { collect as collectEn } from './en/collect.ts';
import { commands as commandsEn } from './en/commands.ts';
import { config as configEn } from './en/config.ts';
import { correlate as correlateEn } from './en/correlate.ts';
import { detect as detectEn } from './en/detect.ts';
import { errors as errorsEn } from './en/errors.ts';
import { feedback as feedbackEn } from './en/feedback.ts';
import { files as filesEn } from './en/files.ts';
import { hazard as hazardEn } from './en/hazard.ts';
import { lab as labEn } from './en/lab.ts';
import { notify as notifyEn } from './en/notify.ts';
import { predict as predictEn } from './en/predict.ts';
import { recommend as recommendEn } from './en/recommend.ts';
import { size as sizeEn } from './en/size.ts';
import { api as apiEs } from './es/api.ts';
import { backtest as backtestEs } from './es/backtest.ts';
import { report as backtestReportEs } from './es/backtest-report.ts';
import { collect as collectEs } from './es/collect.ts';
import { commands as commandsEs } from './es/commands.ts';
import { config as configEs } from './es/config.ts';
import { correlate as correlateEs } from './es/correlate.ts';
import { detect as detectEs } from './es/detect.ts';
import { errors as errorsEs } from './es/errors.ts';
import { feedback as feedbackEs } from './es/feedback.ts';
import { files as filesEs } from './es/files.ts';
import { hazard as hazardEs } from './es/hazard.ts';
import { lab as labEs } from './es/lab.ts';
import { notify as notifyEs } from './es/notify.ts';
import { predict as predictEs } from './es/predict.ts';
import { recommend as recommendEs } from './es/recommend.ts';
import { size as sizeEs } from './es/size.ts';
import type { Language } from './language.ts';

/**
 * Every area of text in both languages. A new area is a file in `en/`, one in `es/` with the same keys, and a line in
 * each of these two tables; the test fails when a file stands beside the tables, or keys or placeholders differ.
 * A key is spoken of as `area.key`. Plurals end in `_one` and `_other` and are chosen by the value `count`.
 */
const en = {
  'backtest-report': backtestReportEn,
  'dashboard-entity': dashboardEntityEn,
  'dashboard-feedback': dashboardFeedbackEn,
  'dashboard-incident': dashboardIncidentEn,
  'dashboard-overview': dashboardOverviewEn,
  'dashboard-models': dashboardModelsEn,
  'dashboard-pages': dashboardPagesEn,
  'dashboard-policies': dashboardPoliciesEn,
  'dashboard-quality': dashboardQualityEn,
  'dashboard-silence': dashboardSilenceEn,
  'dashboard-words': dashboardWordsEn,
  act: actEn,
  api: apiEn,
  backtest: backtestEn,
  collect: collectEn,
  commands: commandsEn,
  config: configEn,
  correlate: correlateEn,
  dashboard: dashboardEn,
  detect: detectEn,
  errors: errorsEn,
  feedback: feedbackEn,
  files: filesEn,
  hazard: hazardEn,
  lab: labEn,
  notify: notifyEn,
  predict: predictEn,
  recommend: recommendEn,
  size: sizeEn,
};

const es: { readonly [Area in keyof typeof en]: { readonly [Key in keyof (typeof en)[Area]]: string } } = {
  'backtest-report': backtestReportEs,
  'dashboard-entity': dashboardEntityEs,
  'dashboard-feedback': dashboardFeedbackEs,
  'dashboard-incident': dashboardIncidentEs,
  'dashboard-overview': dashboardOverviewEs,
  'dashboard-models': dashboardModelsEs,
  'dashboard-pages': dashboardPagesEs,
  'dashboard-policies': dashboardPoliciesEs,
  'dashboard-quality': dashboardQualityEs,
  'dashboard-silence': dashboardSilenceEs,
  'dashboard-words': dashboardWordsEs,
  act: actEs,
  api: apiEs,
  backtest: backtestEs,
  collect: collectEs,
  commands: commandsEs,
  config: configEs,
  correlate: correlateEs,
  dashboard: dashboardEs,
  detect: detectEs,
  errors: errorsEs,
  feedback: feedbackEs,
  files: filesEs,
  hazard: hazardEs,
  lab: labEs,
  notify: notifyEs,
  predict: predictEs,
  recommend: recommendEs,
  size: sizeEs,
};

export const catalogue: Readonly<Record<Language, Readonly<Record<string, Readonly<Record<string, string>>>>>> = {
  en,
  es,
};

type Catalogue = typeof en;
type WithoutPlural<Key> = Key extends `${infer Base}_one` | `${infer Base}_other`
  ? Base
  : Key extends string
    ? Key
    : never;

/** Every key that can be said, as `area.key`. */
export type TextKey = {
  [Area in keyof Catalogue]: `${Area}.${WithoutPlural<keyof Catalogue[Area]>}`;
}[keyof Catalogue];
