export interface Picture {
  /** File below `pictures/`. */
  file: string
  title: string
  author: string
  licence: string
  link: string | null
  /** Tells the picture from a user's file of the same name. */
  bytes: number
}

const flickr = 'https://www.flickr.com/photos/'

/** The photographs that come with the app; the whole text is in `public/pictures/CREDITS.md`. */
export const pictures: readonly Picture[] = [
  {
    file: 'cat.jpg',
    title: 'Chelsea the cat',
    author: 'Stefan van der Walt',
    licence: 'CC0',
    link: null,
    bytes: 26340,
  },
  {
    file: 'flower.jpg',
    title: 'Dahlia',
    author: 'vultilion',
    licence: 'CC BY 2.0',
    link: `${flickr}vultilion/6056698931/`,
    bytes: 20529,
  },
  {
    file: 'pagoda.jpg',
    title: 'Pagoda above a lake',
    author: 'danielbuechele',
    licence: 'CC BY 2.0',
    link: `${flickr}danielbuechele/6061409035/`,
    bytes: 38835,
  },
  {
    file: 'coffee.jpg',
    title: 'Coffee cup',
    author: 'Rachel Michetti, Pikolo Espresso Bar',
    licence: 'CC0',
    link: null,
    bytes: 33627,
  },
  {
    file: 'astronaut.jpg',
    title: 'Eileen Collins',
    author: 'NASA',
    licence: 'public domain',
    link: 'https://flic.kr/p/r9qvLn',
    bytes: 42485,
  },
  {
    file: 'portrait.jpg',
    title: 'Grace M. Hopper',
    author: 'United States Navy',
    licence: 'public domain',
    link: 'https://commons.wikimedia.org/wiki/File:Grace_Hopper.jpg',
    bytes: 42396,
  },
  { file: 'camera.jpg', title: 'Cameraman', author: 'Lav Varshney', licence: 'CC0', link: null, bytes: 35654 },
  {
    file: 'horse.jpg',
    title: 'Silhouette of a horse',
    author: 'Andreas Preuss',
    licence: 'CC0',
    link: 'https://openclipart.org/detail/158377',
    bytes: 9860,
  },
  {
    file: 'coins.jpg',
    title: 'Greek coins from Pompeii',
    author: 'Brooklyn Museum',
    licence: 'no known copyright restrictions',
    link: null,
    bytes: 29613,
  },
  { file: 'brick.jpg', title: 'Brick wall', author: 'CC0Textures', licence: 'CC0', link: null, bytes: 20607 },
  {
    file: 'galaxies.jpg',
    title: 'Hubble eXtreme Deep Field',
    author: 'NASA / ESA',
    licence: 'public domain',
    link: null,
    bytes: 43864,
  },
  {
    file: 'retina.jpg',
    title: 'Fundus of a left eye',
    author: 'Mikael Häggström',
    licence: 'CC0',
    link: 'https://commons.wikimedia.org/wiki/File:Fundus_photograph_of_normal_left_eye.jpg',
    bytes: 26087,
  },
]

/** The credit of a picture that came with the app; null: it is the user's own. */
export const creditOf = ({ name, blob }: { name: string; blob: { size: number } }): Picture | null =>
  pictures.find(({ file, bytes }) => file === name && bytes === blob.size) ?? null
