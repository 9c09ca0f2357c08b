/** What every object of Kubernetes has, as its JSON is sent; times are RFC 3339. */
export interface ObjectMeta {
  readonly name?: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly generation?: number;
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly ownerReferences?: readonly { readonly kind: string; readonly name: string; readonly controller?: boolean }[];
  readonly managedFields?: readonly { readonly time?: string; readonly fieldsV1?: unknown }[];
}

/** Fields beside the metadata are read where they are used, by narrower types. */
export interface KubernetesObject {
  readonly kind?: string;
  readonly metadata: ObjectMeta;
}

type Tree = Readonly<Record<string, unknown>>;

export const isTree = (value: unknown): value is Tree =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const isKubernetesObject = (value: unknown): value is KubernetesObject =>
  isTree(value) && isTree(value['metadata']);

/** The same object by the same name in the same place, however often it is deleted and made anew. */
export const placeOf = ({ metadata: { namespace = '', name = '' } }: KubernetesObject): string =>
  `${namespace}/${name}`;

/** What a refusal says of its reason: the `message` of a Status, or nothing. */
export const messageOf = (body: unknown): string =>
  isTree(body) && typeof body['message'] === 'string' ? body['message'].slice(0, 500) : '';
