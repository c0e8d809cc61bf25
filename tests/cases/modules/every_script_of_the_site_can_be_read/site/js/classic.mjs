export const later = () => import('https://cdn.example/lib@1.2.3/later.js');
