export const later = () => import('../vendor/cdn.example/lib@1.2.3/later.js');
