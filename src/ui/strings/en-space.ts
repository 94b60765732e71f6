import type { JointId, MetricId, ProjectionParameter } from '../../core/types'

/** Words of the joint space and of the projections' settings. */
export const space = {
  button: 'Space and projection',
  changed: 'changed from the defaults',
  joint: 'Queries and keys together',
  joints: {
    raw: { name: 'As they are', hint: 'Two clouds far apart, in most heads.' },
    translate: { name: 'Centres joined', hint: 'Keys are moved onto the queries. Attention stays as it is.' },
    scale: {
      name: 'Joined and scaled',
      hint: 'Queries × c, keys ÷ c, with the c at which distance says most about attention. Dot products stay.',
    },
    lift: {
      name: 'Exact for attention',
      hint: 'One more dimension makes the nearest key the one with most attention. Large keys squeeze the picture.',
    },
  } satisfies Record<JointId, { name: string; hint: string }>,
  noJoint: 'QK axes are read from q·k itself: there is nothing to choose here.',
  metrics: {
    cosine: { name: 'Cosine', hint: 'Directions alone' },
    euclidean: { name: 'Euclidean', hint: 'Lengths count too' },
  } satisfies Record<MetricId, { name: string; hint: string }>,
  parameters: {
    metric: { name: 'Distance', hint: 'How near two vectors are' },
    neighbors: { name: 'Neighbours', hint: 'Few show what is local, many the large shape' },
    mindist: { name: 'Least distance', hint: 'How close points may come in the picture' },
    perplexity: { name: 'Neighbours', hint: 'About how many each point keeps near' },
    epochs: { name: 'Rounds', hint: 'How long the layout is improved; empty: as many as it takes' },
    seed: { name: 'Seed', hint: 'The same seed gives the same picture' },
    follow: {
      name: 'Follow attention',
      hint: '0 draws nearness of the vectors. Higher also ties queries to the keys they attend to.',
    },
  } satisfies Record<ProjectionParameter['id'], { name: string; hint: string }>,
  automatic: 'auto',
  reset: 'Back to the defaults',
}
