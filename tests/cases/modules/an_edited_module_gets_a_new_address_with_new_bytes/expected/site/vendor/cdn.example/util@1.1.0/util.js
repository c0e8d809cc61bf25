export const u = 1.1;
