export const dep = 2;
