/** Words of the list of what can be taken away. */
export const exporting = {
  title: 'Take away',
  /** The button of one format, for those who listen. */
  as: (what: string, format: string) => `${what} as ${format}`,
  rows: {
    figure: {
      name: 'This picture',
      hint: 'SVG: points with head, model and settings. PNG: what the view shows, twice as sharp',
    },
    coordinates: { name: 'Points', hint: 'The drawn places of every query and key' },
    figures: { name: 'Head figures', hint: 'A row for each head' },
    vectors: { name: 'Queries, keys, values', hint: 'As the model made them, for NumPy' },
    attention: { name: 'Attention', hint: 'Of the opened head, or of all heads in the matrix, for NumPy' },
  },
  link: {
    name: 'Link to this view',
    hint: 'Your text is not in it, unless a link brought it',
    copy: 'Copy',
    copied: 'Copied',
    blocked: 'This browser does not let the page copy: take the link from the address bar.',
  },
  spreadsheet: 'CSV is made safe for spreadsheets: what would be taken for a formula gets an apostrophe.',
}
