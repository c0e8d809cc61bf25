export const u="util 1.1.7";
