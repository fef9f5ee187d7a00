// Whether the guide's page shows one section alone (`?section=formula`), decided before anything is painted; site/guide.ts
// says which.
const section = new URLSearchParams(location.search).get('section');
if (section !== null) document.documentElement.dataset.only = section.slice(0, 40);
