const NS = 'http://www.w3.org/2000/svg';

// 20 × 20, drawn with one stroke width, so that they sit beside text of 15 px.
const PATHS = {
  back: 'M12.5 4.5 7 10l5.5 5.5',
  menu: 'M3.5 6h13M3.5 10h13M3.5 14h13',
  search: 'M9 14.5a5.5 5.5 0 1 0 0-11 5.5 5.5 0 0 0 0 11ZM13 13l3.5 3.5',
  plus: 'M10 4.5v11M4.5 10h11',
  close: 'm5.5 5.5 9 9M14.5 5.5l-9 9',
  people: 'M7.5 9.5a3 3 0 1 0 0-6 3 3 0 0 0 0 6ZM2.5 16.5c0-2.8 2.2-4.5 5-4.5s5 1.7 5 4.5M13 3.8a3 3 0 0 1 0 5.4M14.8 12.4c1.7.6 2.7 2.1 2.7 4.1',
  send: 'M10 16V4.5M5 9.5l5-5 5 5',
  down: 'M10 4v11.5M5 10.5l5 5 5-5',
  settings: 'M3.5 6.5h7M15.5 6.5h1M3.5 13.5h1M9.5 13.5h7M13 8.7a2.2 2.2 0 1 0 0-4.4 2.2 2.2 0 0 0 0 4.4ZM7 15.7a2.2 2.2 0 1 0 0-4.4 2.2 2.2 0 0 0 0 4.4Z',
  react: 'M10 16.5a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13ZM7.6 8.4v.2M12.4 8.4v.2M7.2 11.6c.7 1.1 1.6 1.6 2.8 1.6s2.1-.5 2.8-1.6',
  reply: 'M8.5 5 4 9.5l4.5 4.5M4 9.5h7.5c2.8 0 4.5 1.7 4.5 4.5v1',
  thread: 'M4 4.5h12v8.5H9.5L6 16v-3H4zM7 7.5h6M7 10h4',
  edit: 'm4 16 .7-3.2L13 4.5a1.4 1.4 0 0 1 2 0l.5.5a1.4 1.4 0 0 1 0 2L7.2 15.3z',
  link: 'M8.5 11.5a3 3 0 0 0 4.3 0l2.8-2.8a3 3 0 1 0-4.3-4.3l-1 1M11.5 8.5a3 3 0 0 0-4.3 0l-2.8 2.8a3 3 0 1 0 4.3 4.3l1-1',
  delete: 'M4 6h12M8 6V4h4v2M5.5 6l.8 10.5h7.4L14.5 6M8.5 9v4.5M11.5 9v4.5',
  more: 'M5 10h.1M10 10h.1M15 10h.1',
  muted: 'M5 13.5h10l-1.2-2v-3a3.8 3.8 0 0 0-7.6 0v3zM8.7 16.2h2.6M4 4l12 12',
  leave: 'M8 3.5H4.5v13H8M12.5 6.5 16 10l-3.5 3.5M16 10H8',
  PUBLIC: 'M7.8 3.5 6.2 16.5M13.8 3.5l-1.6 13M3.5 7.5h13.2M3 12.5h13.2',
  PRIVATE: 'M5 9h10v7.5H5zM7 9V6.5a3 3 0 0 1 6 0V9',
  BROADCAST: 'M3.5 8v4h2.7l7.3 3.5v-11L6.2 8zM16.5 8.5v3',
  DIRECT: 'M10 9.5a3 3 0 1 0 0-6 3 3 0 0 0 0 6ZM4 16.5c0-2.8 2.7-4.5 6-4.5s6 1.7 6 4.5',
};

/** @param {string} name */
export function icon(name) {
  const svg = document.createElementNS(NS, 'svg');
  svg.setAttribute('viewBox', '0 0 20 20');
  svg.setAttribute('class', 'icon');
  svg.setAttribute('aria-hidden', 'true');
  const path = document.createElementNS(NS, 'path');
  path.setAttribute('d', PATHS[name] ?? PATHS.PUBLIC);
  svg.append(path);
  return svg;
}
